#include "keras/tensorflow_js.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

struct ManifestWeight {
  std::string name;
  Tensor tensor;
  bool is_used = false;
};

// One group of the manifest: weights one after the other in files that are cut anywhere.
class Group {
 public:
  Group(const Json& json, const std::filesystem::path& folder, const std::string& place) : place_(place) {
    for (const Json& path : list(json, "paths")) {
      const std::filesystem::path name = path.is_string() ? path.get<std::string>() : "";
      const bool is_beside = !name.empty() && name.is_relative() && std::ranges::find(name, "..") == name.end();
      if (!is_beside) fail(fmt::format("`paths` of files beside it, found {}", path.dump()));
      files_.push_back(File::open(folder / name));
    }
    for (const Json& weight : list(json, "weights")) read(weight);
  }

  std::vector<ManifestWeight> weights;

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(ErrorCode::kCorrupt, place_, fmt::format("weightsManifest: expected {}", expected));
  }

  [[nodiscard]] const Json& list(const Json& json, const char* key) const {
    const auto found = json.is_object() ? json.find(key) : json.end();
    if (found == json.end() || !found->is_array()) fail(fmt::format("a list `{}`", key));
    return *found;
  }

  void read(const Json& json) {
    const std::string name = text_at(json, "name");
    if (name.empty()) fail("a `name` for each weight");
    Shape shape;
    for (const Json& size : list(json, "shape")) {
      if (!size.is_number_unsigned()) fail(fmt::format("a shape for `{}`", name));
      shape.push_back(size.get<int64_t>());
    }
    const auto quantization = json.find("quantization");
    const bool is_quantized = quantization != json.end() && quantization->is_object();
    const std::string stored = text_at(is_quantized ? *quantization : json, "dtype");
    const auto dtype = dtype_from_name(stored);
    if (!dtype || dtype_size(*dtype) == 0) fail(fmt::format("a dtype for `{}`, found `{}`", name, stored));
    Tensor tensor = take(name, *dtype, shape);
    if (is_quantized) tensor = restored(tensor, *quantization);
    if (text_at(json, "group") != "optimizer") weights.push_back({name, std::move(tensor)});
  }

  // The next bytes: a view where one file has them all.
  Tensor take(const std::string& name, DType dtype, const Shape& shape) {
    uint64_t n_left = 0;
    for (size_t i = file_; i < files_.size(); ++i) n_left += files_[i]->size();
    n_left -= offset_;
    const auto n_elements = static_cast<uint64_t>(shape.n_elements());
    if (n_elements > n_left / dtype_size(dtype))
      fail(fmt::format("`{}` to be of shape {}, but the files end before", name, shape.to_string()));
    const uint64_t n_bytes = n_elements * dtype_size(dtype);
    skip_ended_files();
    if (n_bytes == 0) return {dtype, shape};
    if (files_[file_]->size() - offset_ >= n_bytes) {
      Tensor view(dtype, shape, {files_[file_], offset_, n_bytes});
      offset_ += n_bytes;
      return view;
    }
    Tensor joined(dtype, shape);
    for (auto left = joined.mutable_bytes(); !left.empty(); skip_ended_files()) {
      const auto part = left.first(std::min<uint64_t>(left.size(), files_[file_]->size() - offset_));
      files_[file_]->read(offset_, part);
      offset_ += part.size();
      left = left.subspan(part.size());
    }
    return joined;
  }

  void skip_ended_files() {
    while (file_ < files_.size() && offset_ == files_[file_]->size()) {
      ++file_;
      offset_ = 0;
    }
  }

  [[nodiscard]] Tensor restored(const Tensor& numbers, const Json& quantization) const {
    if (numbers.dtype() == DType::kFloat16) return numbers.cast(DType::kFloat32);
    const auto number = [&](const char* key) {
      const auto found = quantization.find(key);
      if (found == quantization.end() || !found->is_number()) fail(fmt::format("a number `{}` in `quantization`", key));
      return found->get<double>();
    };
    const double scale = number("scale"), min = number("min");
    Tensor result(DType::kFloat32, numbers.shape());
    const Reader reader(numbers);
    int64_t i = 0;
    for (float& value : result.mutable_values<float>()) value = static_cast<float>(reader[i++] * scale + min);
    return result;
  }

  const std::string& place_;
  std::vector<std::shared_ptr<const File>> files_;
  size_t file_ = 0;
  uint64_t offset_ = 0;
};

// Whether a part of "inner/conv1/kernel" before the last is the layer's name.
bool is_of_layer(std::string_view stored, std::string_view layer) {
  for (size_t slash = stored.find('/'); slash != std::string_view::npos; slash = stored.find('/')) {
    if (stored.substr(0, slash) == layer) return true;
    stored.remove_prefix(slash + 1);
  }
  return false;
}

// Those slots of layers that are no models, in their order.
void collect(const std::vector<LayerSlots>& layers, std::vector<const LayerSlots*>& result) {
  for (const LayerSlots& layer : layers) {
    if (!layer.own.empty()) result.push_back(&layer);
    collect(layer.layers, result);
  }
}

// The layer's weights among those that are left, by its name; false where there are fewer than it has.
bool find_by_name(const LayerSlots& layer, std::vector<ManifestWeight>& stored, std::vector<ManifestWeight*>& result) {
  for (ManifestWeight& weight : stored) {
    if (result.size() == layer.own.size()) return true;
    if (!weight.is_used && is_of_layer(weight.name, layer.layer->name)) result.push_back(&weight);
  }
  return result.size() == layer.own.size();
}

// Every slot with its weight; empty where the names do not tell.
std::vector<std::pair<WeightSlot, ManifestWeight*>> by_name(const std::vector<LayerSlots>& slots,
                                                            std::vector<ManifestWeight>& stored) {
  std::vector<const LayerSlots*> layers;
  collect(slots, layers);
  std::vector<std::pair<WeightSlot, ManifestWeight*>> result;
  for (const LayerSlots* layer : layers) {
    std::vector<ManifestWeight*> found;
    if (!find_by_name(*layer, stored, found)) return {};
    const std::vector<WeightSlot> order = legacy_order(*layer);
    for (size_t i = 0; i < order.size(); ++i) {
      found[i]->is_used = true;
      result.emplace_back(order[i], found[i]);
    }
  }
  return result;
}

}  // namespace

Json tensorflow_js_architecture(const Json& json, const std::string& place) {
  const auto found = json.is_object() ? json.find("modelTopology") : json.end();
  if (found == json.end() || !found->is_object())
    throw Error(ErrorCode::kCorrupt, place, "expected a model of TensorFlow.js, found no `modelTopology` in it");
  const Json& topology = *found;
  if (text_at(json, "format") == "graph-model" || topology.contains("node"))
    throw Error(ErrorCode::kUnsupported, place,
                "a graph model of TensorFlow.js, from which Keras' layers cannot be had back");
  if (!topology.contains("model_config")) return topology;
  Json result = topology.at("model_config");
  if (result.is_object() && topology.contains("keras_version")) result["keras_version"] = topology.at("keras_version");
  return result;
}

void load_tensorflow_js_weights(const Json& json, const std::filesystem::path& folder,
                                const std::vector<LayerSlots>& slots, const std::string& place) {
  const auto manifest = json.find("weightsManifest");
  if (manifest == json.end() || !manifest->is_array())
    throw Error(ErrorCode::kCorrupt, place, "has no `weightsManifest`");
  std::vector<ManifestWeight> stored;
  for (const Json& json_group : *manifest) {
    Group group(json_group, folder, place);
    std::ranges::move(group.weights, std::back_inserter(stored));
  }
  std::vector<WeightSlot> order;
  for (const LayerSlots& layer : slots) std::ranges::move(legacy_order(layer), std::back_inserter(order));
  if (order.size() != stored.size())
    throw Error(ErrorCode::kMismatch, place,
                fmt::format("weights and architecture do not belong together: {} weights, expected {}", stored.size(),
                            order.size()));
  const auto named = by_name(slots, stored);
  for (const auto& [slot, weight] : named) fill(slot, weight->tensor, fmt::format("{}: `{}`", place, weight->name));
  for (size_t i = named.size(); i < order.size(); ++i)
    fill(order[i], stored[i].tensor, fmt::format("{}: `{}`", place, stored[i].name));
}

}  // namespace hoarfrost::keras
