#include "keras/weights.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>

#include "keras/legacy_order.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

using Specs = std::map<const ModelLayer*, std::vector<WeightSpec>>;

std::vector<LayerSlots> slots_of(Model& model, const Specs& specs, const std::string& prefix) {
  std::vector<LayerSlots> result;
  for (ModelLayer& layer : model.layers) {
    LayerSlots slots;
    slots.layer = &layer;
    if (layer.model) {
      slots.layers = slots_of(*layer.model, specs, prefix + layer.name + "/");
    } else if (const auto found = specs.find(&layer); found != specs.end()) {
      layer.weights.resize(found->second.size());
      for (size_t i = 0; i < found->second.size(); ++i) {
        slots.own.push_back(
            {&layer, i, found->second[i], fmt::format("{}{}/{}", prefix, layer.name, found->second[i].name)});
      }
    }
    result.push_back(std::move(slots));
  }
  return result;
}

[[noreturn]] void fail_slot(const WeightSlot& slot, const std::string& where, std::string_view what) {
  throw Error(ErrorCode::kMismatch, where,
              fmt::format("{} expects `{}` {}: are these the weights of this architecture?", place_of(*slot.layer),
                          slot.spec.name, what));
}

}  // namespace

bool LayerSlots::empty() const {
  return own.empty() && std::ranges::all_of(layers, [](const LayerSlots& inner) { return inner.empty(); });
}

std::vector<LayerSlots> plan_weights(Model& model) {
  Specs specs;
  infer_shapes(model, input_shapes(model), [&](const ModelLayer& layer, const Shapes& in, const Shapes&) {
    if (!specs.contains(&layer)) specs.emplace(&layer, layer.layer->weights(in));
  });
  return slots_of(model, specs, "");
}

std::vector<WeightSlot> legacy_order(const LayerSlots& slots) { return in_legacy_order(slots); }

WeightLayout weight_layout(const hdf5::Tree& tree, std::string_view root) {
  if (tree.kind(root) != hdf5::Kind::kGroup) return WeightLayout::kNone;
  if (tree.names(root, "layer_names")) return WeightLayout::kLegacy;
  if (tree.kind(hdf5::join(root, "layer_0")) == hdf5::Kind::kGroup ||
      tree.kind(hdf5::join(root, "graph/param_0")) == hdf5::Kind::kDataset) {
    return WeightLayout::kKeras0;
  }
  for (const auto* group : {"layers", "_layer_checkpoint_dependencies", "vars"}) {
    if (tree.kind(hdf5::join(root, group)) == hdf5::Kind::kGroup) return WeightLayout::kV3;
  }
  // Keras 2.13 on Windows wrote "layers\dense" as one name.
  const auto children = tree.children(root);
  const bool has_backslashes = std::ranges::any_of(children, [](const std::string& name) {
    return name.starts_with("layers\\") || name.starts_with("_layer_checkpoint_dependencies\\");
  });
  return has_backslashes ? WeightLayout::kV3 : WeightLayout::kNone;
}

void fill(const WeightSlot& slot, Tensor tensor, const std::string& where) {
  const Shape& expected = slot.spec.shape;
  if (tensor.shape() != expected) {
    // Keras 3 and NumPy write a lone number as [] or [1].
    const bool is_same_number = tensor.shape().rank() <= 1 && expected.rank() <= 1 && tensor.n_elements() == 1 &&
                                expected.is_static() && expected.n_elements() == 1;
    if (!is_same_number)
      fail_slot(slot, where, fmt::format("of shape {}, found {}", expected.to_string(), tensor.shape().to_string()));
    tensor = tensor.reshaped(expected);
  }
  if (slot.spec.is_trainable && !is_floating(tensor.dtype())) {
    fail_slot(slot, where,
              fmt::format("of {}, found {}", dtype_name(slot.layer->variable_dtype), dtype_name(tensor.dtype())));
  }
  if (is_floating(tensor.dtype()) && tensor.dtype() != slot.layer->variable_dtype)
    tensor = tensor.cast(slot.layer->variable_dtype);
  slot.layer->weights.at(slot.index) = std::move(tensor);
}

std::string weight_base_name(std::string_view name) {
  name = name.substr(0, name.find(':', name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/')));
  name = name.substr(name.rfind('/') + 1);
  const size_t digits = name.find_last_not_of("0123456789");
  if (digits != std::string_view::npos && digits + 1 < name.size() && name[digits] == '_' && digits > 0)
    name = name.substr(0, digits);
  return std::string(name);
}

}  // namespace hoarfrost::keras
