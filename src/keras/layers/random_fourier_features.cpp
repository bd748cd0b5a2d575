// RandomFourierFeatures: cos(x · kernel / scale + bias), whose inner products are near a Gaussian or Laplacian kernel's
// (Rahimi and Recht 2007). Keras 2.2 to 2.15, an experiment there; always float32.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cmath>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomFourierFeatures {
  int64_t n_features = 0;

  static RandomFourierFeatures parse(const Config& config) {
    config.ignore({"kernel_initializer", "scale"});  // what the weights began with
    RandomFourierFeatures layer{config.get_int({"output_dim"})};
    if (layer.n_features < 1) config.fail(fmt::format("output_dim must be 1 or more, found {}", layer.n_features));
    return layer;
  }

  // [batch, input_dim] -> [batch, output_dim]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 2);
    return {{in[0][0], n_features}};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    return {{"unscaled_kernel", {in[0].last(), n_features}, false},
            {"bias", {n_features}, false},
            {"kernel_scale", {1}, true}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value x = lower_cast(DType::kFloat32, lowering, in)[0];
    const Value scale = lowering.weight(2);
    const Value inverse = lowering.named_op("truediv", "RealDiv", {lowering.scalar("truediv/x", 1, scale), scale});
    const Value kernel = lowering.named_op("mul", "Mul", {inverse, lowering.weight(0)});
    Value y = lowering.op("MatMul", {x, kernel}, {{"transpose_a", false}, {"transpose_b", false}});
    y = lowering.op("BiasAdd", {y, lowering.weight(1)}, {{"data_format", std::string("NHWC")}});
    return {lowering.op("Cos", {y})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const int64_t depth = in[0].shape().last();
    const auto at = [=, n = n_features, x = in[0]](const Index& o) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k) sum += x[Index{o[0], k}] * weights[0].at_offset(k * n + o[1]);
      return std::cos(sum / weights[2].at_offset(0) + weights[1].at_offset(o[1]));
    };
    return {{{in[0].size(0), n_features}, at, static_cast<double>(depth)}};
  }
};

}  // namespace

const LayerSpec layer_random_fourier_features = make_spec<RandomFourierFeatures>("RandomFourierFeatures");

}  // namespace hoarfrost::keras
