// Reshape: the elements of each sample, in their order, in another shape. Keras 1.2 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

struct Reshape {
  Shape target;  // without the batch; one size may be -1 and is found out

  static Reshape parse(const Config& config) {
    const Shape target = config.get_shape({"target_shape"});
    int n_unknown = 0;
    for (const int64_t size : target.sizes()) n_unknown += size == kUnknown ? 1 : 0;
    if (n_unknown > 1) config.fail(fmt::format("target_shape may have one -1, found {}", target.to_string()));
    for (const int64_t size : target.sizes()) {
      if (size < kUnknown) config.fail(fmt::format("target_shape must hold sizes or one -1, found {}", size));
    }
    return {target};
  }

  // [batch, …] -> [batch, target…]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    Shape out{in[0][0]};
    for (const int64_t size : target.sizes()) out.push_back(size);
    Shape sample(std::vector<int64_t>(in[0].sizes().begin() + 1, in[0].sizes().end()));
    if (!sample.is_static()) return {out};
    const int64_t n_elements = sample.n_elements();
    int64_t n_known = 1;
    int open_axis = 0;
    for (int axis = 1; axis < out.rank(); ++axis) {
      if (out[axis] == kUnknown)
        open_axis = axis;
      else
        n_known *= out[axis];
    }
    const bool fits = open_axis == 0 ? n_known == n_elements : n_known > 0 && n_elements % n_known == 0;
    if (!fits) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("target_shape {} does not fit the input {}", target.to_string(), in[0].to_string()));
    }
    if (open_axis != 0) out[open_axis] = n_elements / n_known;
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    return {reshape_keeping_batch(lowering, in[0], in[0], infer({in[0].shape})[0])};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    return {{out, [x = in[0], out](const Index& o) { return x.at_offset(o.offset(out)); }, 0}};
  }
};

}  // namespace

const LayerSpec layer_reshape = make_spec<Reshape>("Reshape");

}  // namespace hoarfrost::keras
