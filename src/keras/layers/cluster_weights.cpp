// ClusterWeights, ClusterWeightsRNN, ClusterWeightsMHA: a layer whose weights are few different numbers, the centroids
// of clusters. At every call, `predict` too, the toolkit assigns each weight to the nearest centroid anew and computes
// with that. TensorFlow Model Optimization Toolkit 0.7 and 0.8.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"
#include "keras/shapes.h"
#include "keras/wrapped_layer.h"

namespace hoarfrost::keras {
namespace {

// clustering_registry.py's weights, by the last part of their names.
bool is_clustered(const std::string& name) {
  constexpr std::array<std::string_view, 4> kNames{"kernel", "recurrent_kernel", "pointwise_kernel", "embeddings"};
  return std::ranges::find(kNames, name.substr(name.rfind('/') + 1)) != kNames.end();
}

struct ClusterWeights {
  std::shared_ptr<const Layer> layer;
  int64_t n_clusters = 0;
  bool is_per_channel = false;  // each element of the kernel's last axis has centroids of its own
  bool keeps_zeros = false;     // preserve_sparsity

  static ClusterWeights parse(const Config& config) {
    config.ignore({"cluster_centroids_init", "cluster_gradient_aggregation"});
    ClusterWeights result{parse_wrapped(config), config.get_int({"number_of_clusters"}),
                          config.get_bool({"cluster_per_channel"}, false),
                          config.get_bool({"preserve_sparsity"}, false)};
    const Json& inner = config.json().at("layer");
    const auto is = [&](std::string_view name) { return inner.at("class_name") == name; };
    if (is("Bidirectional")) config.unsupported("clusters of a Bidirectional: strip_clustering, then save again");
    result.is_per_channel = result.is_per_channel && (is("Conv2D") || is("Conv2DTranspose"));
    if (result.is_per_channel && inner.at("config").value("data_format", Json()) == "channels_first")
      config.unsupported("clusters of each channel where channels are first: strip_clustering, then save again");
    return result;
  }

  Shapes infer(const Shapes& in) const { return layer->infer(in); }

  // The layer's other weights, the clustered ones with their centroids, which .keras files hold in the wrapper's own
  // group, then which centroid each had in the last call.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    const std::vector<WeightSpec> inner = layer->weights(in);
    const std::vector<WeightSpec> wrapped = wrapped_weights(*layer, in);
    std::vector<WeightSpec> result;
    for (size_t i = 0; i < inner.size(); ++i) {
      if (!is_clustered(inner[i].name)) result.push_back(wrapped[i]);
    }
    std::vector<WeightSpec> indices;
    for (const WeightSpec& spec : inner) {
      if (!is_clustered(spec.name)) continue;
      const std::string name = spec.name.substr(spec.name.rfind('/') + 1);
      result.push_back({name, spec.shape});
      result.push_back(
          {"cluster_centroids_" + name, is_per_channel ? Shape{spec.shape.last(), n_clusters} : Shape{n_clusters}});
      indices.push_back({"pulling_indices_" + name, spec.shape, false});
    }
    result.insert(result.end(), indices.begin(), indices.end());
    return result;
  }

  // The clustered weights are constants, as strip_clustering leaves them.
  Values lower(Lowering& lowering, const Values& in) const {
    refuse_training(lowering, "strip_clustering first, or train with the toolkit");
    const std::vector<WeightSpec> inner = layer->weights(shapes_of(in));
    const Places places = places_of(inner);
    Values weights;
    for (size_t i = 0; i < inner.size(); ++i) {
      const Place& place = places[i];
      weights.push_back(lowering.weight(place.weight));
      if (!place.is_clustered) continue;
      const Tensor& values = lowering.weight_value(place.weight);
      weights.back() = lowering.constant(inner[i].name + "/clustered",
                                         clustered(values, lowering.weight_value(place.weight + 1),
                                                   lowering.weight_value(place.indices), values.dtype()));
    }
    return without_masks(lower_with(lowering, *layer, std::move(weights), without_masks(in)));
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const std::vector<WeightSpec> inner = layer->weights(shapes_of(in));
    const Places places = places_of(inner);
    Arrays used;
    for (const Place& place : places) {
      used.push_back(weights.at(place.weight));
      if (place.is_clustered)
        used.back() = nearest(weights[place.weight], weights.at(place.weight + 1), weights.at(place.indices));
    }
    Arrays unmasked = in;
    for (Array& x : unmasked) x.mask = nullptr;
    return layer->reference(used, unmasked);
  }

 private:
  // Where a weight of the layer is among the wrapper's; its centroids stand behind it.
  struct Place {
    size_t weight = 0;
    bool is_clustered = false;
    size_t indices = 0;
  };
  using Places = std::vector<Place>;

  static Places places_of(const std::vector<WeightSpec>& inner) {
    const auto n_clustered = static_cast<size_t>(
        std::ranges::count_if(inner, [](const WeightSpec& spec) { return is_clustered(spec.name); }));
    size_t plain = 0;
    size_t own = inner.size() - n_clustered;
    size_t indices = inner.size() + n_clustered;
    Places result;
    for (const WeightSpec& spec : inner) {
      const bool is = is_clustered(spec.name);
      result.push_back({is ? own : plain, is, is ? indices : 0});
      own += is ? 2 : 0;
      indices += is ? 1 : 0;
      plain += is ? 0 : 1;
    }
    return result;
  }

  // Each weight's nearest centroid, the first of several, by float32's differences. With keeps_zeros the centroid
  // nearest to zero is zero, and what it had stays there: the toolkit keeps a mask of these that no file holds.
  Tensor clustered(const Tensor& weight, const Tensor& centroids, const Tensor& indices, DType dtype) const {
    const Reader w(weight);
    const Reader c(centroids);
    const Reader was(indices);
    const int64_t n = centroids.shape().last();
    Tensor result(DType::kFloat32, weight.shape());
    const auto values = result.mutable_values<float>();
    for (size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      const int64_t first = is_per_channel ? at % weight.shape().last() * n : 0;
      std::vector<float> own(static_cast<size_t>(n));
      for (size_t k = 0; k < own.size(); ++k) own[k] = static_cast<float>(c[first + static_cast<int64_t>(k)]);
      const auto zero = std::ranges::min_element(own, {}, [](float x) { return std::abs(x); });
      if (keeps_zeros) std::ranges::replace(own, *zero, 0.0F);
      if (keeps_zeros && was[at] == static_cast<double>(zero - own.begin())) continue;
      const auto x = static_cast<float>(w[at]);
      const auto found = std::ranges::min_element(own, {}, [x](float centroid) { return std::abs(x - centroid); });
      values[i] = *found;
    }
    return dtype == DType::kFloat32 ? result : result.cast(dtype);
  }

  Array nearest(const Array& weight, const Array& centroids, const Array& indices) const {
    Tensor result(DType::kFloat64, weight.shape());
    const auto values = result.mutable_values<double>();
    const int64_t n = centroids.shape().last();
    for (int64_t i = 0; i < weight.shape().n_elements(); ++i) {
      const int64_t channel = is_per_channel ? i % weight.shape().last() : 0;
      const auto centroid = [&](int64_t k) { return centroids.at_offset(channel * n + k); };
      int64_t zero = 0;
      int64_t best = 0;
      for (int64_t k = 1; k < n; ++k) zero = std::abs(centroid(k)) < std::abs(centroid(zero)) ? k : zero;
      const auto value = [&](int64_t k) { return keeps_zeros && centroid(k) == centroid(zero) ? 0 : centroid(k); };
      const auto distance = [&](int64_t k) { return static_cast<float>(std::abs(weight.at_offset(i) - value(k))); };
      for (int64_t k = 1; k < n; ++k) best = distance(k) < distance(best) ? k : best;
      const bool stays_zero = keeps_zeros && indices.at_offset(i) == static_cast<double>(zero);
      values[static_cast<size_t>(i)] = stays_zero ? 0 : value(best);
    }
    return Array(result);
  }
};

}  // namespace

const LayerSpec layer_cluster_weights =
    make_spec<ClusterWeights>("ClusterWeights", "ClusterWeightsRNN", "ClusterWeightsMHA");

}  // namespace hoarfrost::keras
