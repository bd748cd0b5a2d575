// NoisyDense: a Dense whose kernel and bias are mu + sigma · eps, eps being noise that the file holds (Fortunato et al.
// 2018). TensorFlow Addons 0.23.
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/quantized_layer.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

struct NoisyDense {
  static constexpr bool kPassesMask = true;
  std::shared_ptr<const Layer> dense;

  static NoisyDense parse(const Config& config) {
    config.ignore({"sigma", "use_factorised"});                                   // of its noise
    for (const auto& [key, value] : config.json().items()) config.ignore({key});  // the inner layer reads them
    Json inner = config.json();
    inner.erase("sigma");
    inner.erase("use_factorised");
    return {parse_layer(Config(inner, "Dense", config.version()))};
  }

  Shapes infer(const Shapes& in) const { return dense->infer(in); }

  // Of kernel and bias each sigma, mu and eps.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result;
    for (const WeightSpec& spec : dense->weights(in)) {
      result.push_back({"sigma_" + spec.name, spec.shape});
      result.push_back({"mu_" + spec.name, spec.shape});
      result.push_back({"eps_" + spec.name, spec.shape, false});
    }
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Values noisy;
    for (size_t i = 0; i + 2 < lowering.n_weights(); i += 3) {
      const Value noise = lowering.named_op("mul", "Mul", {lowering.weight(i), lowering.weight(i + 2)});
      Value weight = lowering.named_op("add", "Add", {lowering.weight(i + 1), noise});
      weight.shape = lowering.weight(i).shape;
      noisy.push_back(weight);
    }
    return lower_with(lowering, *dense, std::move(noisy), in);
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    Arrays noisy;
    for (size_t i = 0; i + 2 < weights.size(); i += 3) {
      const auto at = [sigma = weights[i], mu = weights[i + 1], eps = weights[i + 2]](const Index& o) {
        return mu[o] + sigma[o] * eps[o];
      };
      noisy.push_back(Array::of({weights[i].shape(), at}, weights[i]));
    }
    return dense->reference(noisy, in);
  }
};

}  // namespace

const LayerSpec layer_noisy_dense = make_spec<NoisyDense>("Addons>NoisyDense");

}  // namespace hoarfrost::keras
