// RepeatVector: a vector n times along a new time axis, [batch, d] -> [batch, n, d]. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct RepeatVector {
  int64_t n = 1;

  static RepeatVector parse(const Config& config) {
    const int64_t n = config.get_int({"n"});
    if (n < 1) config.fail("n must be at least 1");
    return {n};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 2);
    return {{in[0][0], n, in[0][1]}};
  }

  // Keras 2.15: expand_dims, then tile by stack([1, n, 1]).
  Values lower(Lowering& lowering, const Values& in) const {
    const Value x =
        lowering.op("ExpandDims", {in[0], lowering.int_scalar("ExpandDims/dim", 1)}, {{"Tdim", DType::kInt32}});
    return {lowering.op("Tile", {x, lowering.ints("stack", {1, n, 1})}, {{"Tmultiples", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{infer({in[0].shape()})[0], [x = in[0]](const Index& o) { return x[{o[0], o[2]}]; }, 0}};
  }
};

}  // namespace

const LayerSpec layer_repeat_vector = make_spec<RepeatVector>("RepeatVector");

}  // namespace hoarfrost::keras
