// UpSampling1D and 3D: every step of the spatial axes of [batch, space…, channels] several times. Keras 1.2 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/layers/borders.h"
#include "keras/layers/data_format.h"
#include "keras/layers/registry.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

struct UpSampling {
  std::vector<int64_t> factors;  // one per spatial axis

  static UpSampling parse(const Config& config) {
    expect_channels_last(config);
    const UpSampling layer{config.get_ints({"size", "length"}, static_cast<size_t>(n_spatial_axes(config)), 2)};
    for (const int64_t factor : layer.factors) {
      if (factor < 1) config.fail("size must be at least 1");
    }
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], static_cast<int>(factors.size()) + 2);
    Shape out = in[0];
    for (size_t i = 0; i < factors.size(); ++i) {
      int64_t& size = out[static_cast<int>(i) + 1];
      if (size != kUnknown) size *= factors[i];
    }
    return {out};
  }

  // tf.keras splits x into single steps and concatenates each several times: a node per step. Here, seen as a matrix whose rows
  // are all that lies under one step of the axis, each row is written several times in succession. The last node has Keras' name.
  Values lower(Lowering& lowering, const Values& in) const {
    const Shape out = infer({in[0].shape})[0];
    Value x = in[0];
    int64_t n_inner = in[0].shape.last();
    for (size_t i = factors.size(); i > 0; --i) {
      const int axis = static_cast<int>(i);
      if (n_inner == kUnknown) {
        throw Error(ErrorCode::kUnsupported, lowering.scope(), fmt::format("the sizes of {} must be known; give --input-shape", in[0].shape.to_string()));
      }
      if (factors[i - 1] > 1) {
        x = lowering.reshape(x, {kUnknown, n_inner});
        x = lowering.op("Tile", {x, lowering.ints("Tile/multiples", {1, factors[i - 1]})}, {{"Tmultiples", DType::kInt32}});
      }
      n_inner = out[axis] == kUnknown ? kUnknown : n_inner * out[axis];
    }
    return {reshape_keeping_batch(lowering, x, in[0], out, factors.size() == 1 ? "concat" : "concat_2")};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], f = factors](const Index& o) {
      Index i = o;
      for (size_t axis = 0; axis < f.size(); ++axis) i[static_cast<int>(axis) + 1] /= f[axis];
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }
};

}  // namespace

const LayerSpec layer_up_sampling = make_spec<UpSampling>("UpSampling1D", "UpSampling3D");

}  // namespace hoarfrost::keras
