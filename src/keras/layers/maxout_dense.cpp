// MaxoutDense: the greatest of nb_feature dense layers, element by element (Goodfellow et al. 2013). Keras 1.2's, which
// later Kerases have not.
#include <algorithm>
#include <limits>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct MaxoutDense {
  int64_t units = 0;
  int64_t n_features = 4;
  bool use_bias = true;

  static MaxoutDense parse(const Config& config) {
    config.ignore({"input_dim"});
    MaxoutDense layer{config.get_int({"units", "output_dim"}), config.get_int({"nb_feature"}, 4),
                      config.get_bool({"use_bias", "bias"}, true)};
    if (layer.units < 1 || layer.n_features < 1) config.fail("`output_dim` and `nb_feature` must be 1 or more");
    return layer;
  }

  // [batch, n] -> [batch, units]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 2);
    return {{in[0][0], units}};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result{{"kernel", {n_features, in[0].last(), units}}};
    if (use_bias) result.push_back({"bias", {n_features, units}});
    return result;
  }

  // One product for all features: the kernel's axes are turned to [n, features · units].
  Values lower(Lowering& lowering, const Values& in) const {
    const int64_t n = in[0].shape.last();
    Value kernel =
        lowering.named_op("transpose", "Transpose", {lowering.weight(0), lowering.ints("transpose/perm", {1, 0, 2})},
                          {{"Tperm", DType::kInt32}});
    kernel = lowering.op("Reshape", {kernel, lowering.ints("Reshape/shape", {n, n_features * units})},
                         {{"Tshape", DType::kInt32}});
    Value y = lowering.op("MatMul", {in[0], kernel}, {{"transpose_a", false}, {"transpose_b", false}});
    y = lowering.op("Reshape", {y, lowering.ints("Reshape_1/shape", {-1, n_features, units})},
                    {{"Tshape", DType::kInt32}});
    if (use_bias) y = lowering.named_op("add", "Add", {y, lowering.weight(1)});
    return {lowering.op("Max", {y, lowering.int_scalar("Max/reduction_indices", 1)},
                        {{"keep_dims", false}, {"Tidx", DType::kInt32}})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const int64_t n = in[0].shape().last();
    const auto at = [x = in[0], w = weights, layer = *this, n](const Index& o) {
      double greatest = -std::numeric_limits<double>::infinity();
      for (int64_t feature = 0; feature < layer.n_features; ++feature) {
        double sum = layer.use_bias ? w[1][{feature, o[1]}] : 0;
        for (int64_t k = 0; k < n; ++k) sum += x[{o[0], k}] * w[0][{feature, k, o[1]}];
        greatest = std::max(greatest, sum);
      }
      return greatest;
    };
    return {{infer({in[0].shape()})[0], at, static_cast<double>(n * n_features)}};
  }
};

}  // namespace

const LayerSpec layer_maxout_dense = make_spec<MaxoutDense>("MaxoutDense");

}  // namespace hoarfrost::keras
