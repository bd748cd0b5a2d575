// PruneLowMagnitude: a layer whose smallest weights are zero, by a mask that training moves. The toolkit multiplies the
// weights by their masks at every call, in `predict` too. TensorFlow Model Optimization Toolkit 0.7 and 0.8.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"
#include "keras/shapes.h"
#include "keras/wrapped_layer.h"

namespace hoarfrost::keras {
namespace {

// prune_registry.py's weights, by the last part of their names; it leaves depthwise kernels alone.
bool is_pruned(const std::string& name) {
  constexpr std::array<std::string_view, 4> kNames{"kernel", "recurrent_kernel", "pointwise_kernel", "embeddings"};
  return std::ranges::find(kNames, name.substr(name.rfind('/') + 1)) != kNames.end();
}

struct PruneLowMagnitude {
  std::shared_ptr<const Layer> layer;
  bool sets_mask = false;  // Masking lays its mask on its output by itself, which no other layer does

  static PruneLowMagnitude parse(const Config& config) {
    config.ignore({"pruning_schedule", "block_size", "block_pooling_type", "sparsity_m_by_n"});
    PruneLowMagnitude result{parse_wrapped(config)};
    result.sets_mask = config.json().at("layer").at("class_name") == "Masking";
    return result;
  }

  Shapes infer(const Shapes& in) const { return layer->infer(in); }

  // The layer's, which .keras files hold in the wrapper's own group too where they are pruned, then mask and threshold
  // of each of those, and the step.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = wrapped_weights(*layer, in);
    const size_t n = result.size();
    for (size_t i = 0; i < n; ++i) {
      if (!is_pruned(result[i].name)) continue;
      result[i].is_also_own = true;
      result.push_back({"mask", result[i].shape, false});
      result.push_back({"threshold", {}, false});
    }
    result.push_back({"pruning_step", {}, false});
    return result;
  }

  // A weight that its mask does not change, as in a model whose training came to its end, stays as it is: the graph is
  // that of the layer by itself.
  Values lower(Lowering& lowering, const Values& in) const {
    refuse_training(lowering, "strip_pruning first, or train with the toolkit");
    const std::vector<WeightSpec> specs = layer->weights(shapes_of(in));
    Values weights;
    size_t mask = specs.size();
    for (size_t i = 0; i < specs.size(); ++i) {
      Value weight = lowering.weight(i);
      if (is_pruned(specs[i].name)) {
        if (changes(lowering.weight_value(i), lowering.weight_value(mask)))
          weight = lowering.named_op(specs[i].name + "/masked", "Mul", {weight, lowering.weight(mask)});
        weight.shape = specs[i].shape;
        mask += 2;
      }
      weights.push_back(weight);
    }
    const Values out = lower_with(lowering, *layer, std::move(weights), without_masks(in));
    return sets_mask ? out : without_masks(out);
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const std::vector<WeightSpec> specs = layer->weights(shapes_of(in));
    Arrays masked;
    size_t mask = specs.size();
    for (size_t i = 0; i < specs.size(); ++i) {
      if (!is_pruned(specs[i].name)) {
        masked.push_back(weights.at(i));
        continue;
      }
      Tensor product(DType::kFloat64, weights.at(i).shape());
      const auto values = product.mutable_values<double>();
      for (size_t at = 0; at < values.size(); ++at) {
        const auto offset = static_cast<int64_t>(at);
        values[at] = weights[i].at_offset(offset) * weights.at(mask).at_offset(offset);
      }
      masked.emplace_back(product);
      mask += 2;
    }
    Arrays unmasked = in;
    for (Array& x : unmasked) x.mask = nullptr;
    return layer->reference(masked, unmasked);
  }

 private:
  static bool changes(const Tensor& weight, const Tensor& mask) {
    const Reader w(weight);
    const Reader m(mask);
    for (int64_t i = 0; i < weight.n_elements(); ++i) {
      if (m[i] != 1 && w[i] != 0) return true;
    }
    return false;
  }
};

}  // namespace

const LayerSpec layer_prune_low_magnitude = make_spec<PruneLowMagnitude>("PruneLowMagnitude");

}  // namespace hoarfrost::keras
