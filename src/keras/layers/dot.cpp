// Dot: sums of products of two inputs along one axis of each, example by example; with `normalize` of unit vectors
// (their cosine). Keras 2.0 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/contraction.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

constexpr double kLeastSquare = 1e-12;  // of a vector's length: TensorFlow's l2_normalize

struct Dot {
  std::vector<int64_t> axes;
  bool is_normalized = false;
  bool is_backend_dot = false;  // Keras before 2.3, which multiplied inputs of more than three axes otherwise

  static Dot parse(const Config& config) {
    const bool is_old = config.version() < Version{2, 3} && !config.version().is_tf_keras;
    return {config.get_ints({"axes"}, 2), config.get_bool({"normalize"}, false), is_old};
  }

  Shapes infer(const Shapes& in) const {
    Shape out = contraction(in).infer(in.at(0), in.at(1));
    if (out.rank() == 1) out.push_back(1);
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shapes shapes{in.at(0).shape, in.at(1).shape};
    Values x = in;
    for (size_t i = 0; is_normalized && i < 2; ++i) x[i] = unit(lowering, in[i], axis(shapes, i));
    Value result = lower_contraction(lowering, contraction(shapes), x[0], x[1]);
    if (shapes[0].rank() == 2 && shapes[1].rank() == 2)
      result = lowering.op("ExpandDims", {result, lowering.int_scalar("ExpandDims/dim", 1)}, {{"Tdim", DType::kInt32}});
    return {result};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shapes shapes{in[0].shape(), in[1].shape()};
    const Contraction c = contraction(shapes);
    Formula product = contraction_reference(c, in[0], in[1]);
    if (is_normalized) {
      product.at = [=, at = product.at, a = in[0], b = in[1], first = axis(shapes, 0),
                    second = axis(shapes, 1)](const Index& o) {
        return at(o) / (length(a, place(c.left, c.out, o), first) * length(b, place(c.right, c.out, o), second));
      };
    }
    if (product.shape.rank() == 1) {
      product.shape.push_back(1);
      product.at = [at = product.at](const Index& o) { return at({o[0]}); };
    }
    return {product};
  }

 private:
  [[nodiscard]] int axis(const Shapes& in, size_t which) const {
    const auto result = static_cast<int>(in[which].normalized(static_cast<int>(axes[which])));
    if (result == 0) throw Error(ErrorCode::kUnsupported, "", "a dot product along the batch is not converted");
    return result;
  }

  // Batch `a`, then each input's own axes, and `z` for the one that is summed over.
  [[nodiscard]] Contraction contraction(const Shapes& in) const {
    expect_inputs(in, 2);
    if (in[0].rank() < 2 || in[1].rank() < 2)
      throw Error(ErrorCode::kMismatch, "", "expected inputs of two or more axes");
    if (is_backend_dot && (in[0].rank() > 3 || in[1].rank() > 3))
      throw Error(ErrorCode::kUnsupported, "", "Keras before 2.3 on inputs of more than three axes is not converted");
    Contraction result{"a", "a", "a"};
    char next = 'b';
    for (size_t which = 0; which < 2; ++which) {
      for (int i = 1; i < in[which].rank(); ++i) {
        const char letter = i == axis(in, which) ? 'z' : next++;
        (which == 0 ? result.left : result.right) += letter;
        if (letter != 'z') result.out += letter;
      }
    }
    return result;
  }

  static Value unit(Lowering& lowering, const Value& x, int along) {
    const Value sum = lowering.op("Sum", {lowering.op("Square", {x}), lowering.ints("Sum/reduction_indices", {along})},
                                  {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    const Value bounded = lowering.op("Maximum", {sum, lowering.scalar("Maximum/y", kLeastSquare, x)});
    Value result = lowering.named_op("l2_normalize", "Mul", {x, lowering.op("Rsqrt", {bounded})});
    result.shape = x.shape;
    return result;
  }

  // Where the output's element lies in an operand, at the first place along `z`.
  static Index place(const std::string& letters, const std::string& out, const Index& o) {
    Index result;
    for (const char letter : letters) result.push_back(letter == 'z' ? 0 : o[static_cast<int>(out.find(letter))]);
    return result;
  }

  static double length(const Array& x, const Index& at, int along) {
    double sum = 0;
    for (int64_t i = 0; i < x.size(along); ++i) sum += x[at.with(along, i)] * x[at.with(along, i)];
    return std::sqrt(std::max(sum, kLeastSquare));
  }
};

}  // namespace

const LayerSpec layer_dot = make_spec<Dot>("Dot");

}  // namespace hoarfrost::keras
