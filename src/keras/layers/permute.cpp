// Permute: the axes after the batch in another order; dims are counted from 1, as the batch is 0. Keras 1.2 to 3.15.
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Permute {
  std::vector<int64_t> dims;

  static Permute parse(const Config& config) {
    Permute layer{config.get_list({"dims"})};
    std::vector<int64_t> sorted = layer.dims;
    std::ranges::sort(sorted);
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (sorted[i] != static_cast<int64_t>(i) + 1) config.fail("dims must be a permutation of 1, 2, …");
    }
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], static_cast<int>(dims.size()) + 1);
    Shape out{in[0][0]};
    for (const int64_t dim : dims) out.push_back(in[0][static_cast<int>(dim)]);
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    std::vector<int64_t> permutation{0};
    permutation.insert(permutation.end(), dims.begin(), dims.end());
    return {lowering.named_op("transpose", "Transpose", {in[0], lowering.ints("transpose/perm", permutation)},
                              {{"Tperm", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], order = dims](const Index& o) {
      Index i = o;
      for (size_t axis = 0; axis < order.size(); ++axis)
        i[static_cast<int>(order[axis])] = o[static_cast<int>(axis) + 1];
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }
};

}  // namespace

const LayerSpec layer_permute = make_spec<Permute>("Permute");

}  // namespace hoarfrost::keras
