// ActivityRegularization: a term of the loss, and the identity. Keras 1.0 to 3.15.
#include "keras/identity.h"
#include "keras/lowering.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ActivityRegularization {
  static constexpr bool kPassesMask = true;
  double l1 = 0;
  double l2 = 0;

  static ActivityRegularization parse(const Config& config) {
    return {config.get_float({"l1"}, 0.0), config.get_float({"l2"}, 0.0)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // In training a loss of l1 · Σ|x| + l2 · Σx², over the batch's size (Keras 2.15). No node is left otherwise.
  Values lower(Lowering& lowering, const Values& in) const {
    if (lowering.is_training() && (l1 != 0 || l2 != 0)) lowering.add_loss(penalty(lowering, in[0]));
    return in;
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }

 private:
  Value penalty(Lowering& lowering, const Value& x) const {
    std::vector<int64_t> inner;
    for (int axis = 1; axis < x.shape.rank(); ++axis) inner.push_back(axis);
    const auto sum = [&](std::string_view op, double factor) {
      const Value each = lowering.named_op("regularizer/" + std::string(op), op, {x});
      const Value total = lowering.named_op("regularizer/Sum", "Sum", {each, lowering.ints("regularizer/axes", inner)}, {{"keep_dims", false}, {"Tidx", DType::kInt32}});
      return lowering.named_op("regularizer/mul", "Mul", {total, lowering.scalar("regularizer/factor", factor, x)});
    };
    const Value both = lowering.named_op("regularizer/add", "Add", {sum("Abs", l1), sum("Square", l2)});
    return lowering.named_op("regularizer/Mean", "Mean", {both, lowering.ints("regularizer/batch", {0})}, {{"keep_dims", false}, {"Tidx", DType::kInt32}});
  }
};

}  // namespace

const LayerSpec layer_activity_regularization = make_spec<ActivityRegularization>("ActivityRegularization");

}  // namespace hoarfrost::keras
