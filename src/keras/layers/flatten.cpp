// Flatten: all axes after the batch become one, the last varying fastest. Keras 1.2 to 3.15.
#include "keras/data_format.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

struct Flatten {
  static Flatten parse(const Config& config) {
    expect_channels_last(config);
    return {};
  }

  // [batch, a, b, …] -> [batch, a·b·…], and [batch] -> [batch, 1]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    int64_t n_features = 1;
    for (int axis = 1; axis < in[0].rank(); ++axis) {
      n_features = n_features == kUnknown || in[0][axis] == kUnknown ? kUnknown : n_features * in[0][axis];
    }
    return {{in[0][0], n_features}};
  }

  // Keras 2.15: a constant [-1, N] named Const where N is known.
  Values lower(Lowering& lowering, const Values& in) const {
    const Shape target = infer({in[0].shape})[0];
    if (target[1] == kUnknown) return {reshape_keeping_batch(lowering, in[0], in[0], target)};
    const Value shape = lowering.ints("Const", {-1, target[1]});
    return {lowering.op("Reshape", {in[0], shape}, {{"Tshape", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    return {{out, [x = in[0], n = out[1]](const Index& o) { return x.at_offset(o[0] * n + o[1]); }, 0}};
  }
};

}  // namespace

const LayerSpec layer_flatten = make_spec<Flatten>("Flatten");

}  // namespace hoarfrost::keras
