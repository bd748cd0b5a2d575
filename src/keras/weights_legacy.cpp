// The legacy layout: `layer_names`, and in each layer's group `weight_names` (Keras 1 to 3, .h5); and that of Keras
// 0.x, `layer_0/param_0`, … in the layers' order.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <set>

#include "keras/legacy/weights.h"
#include "keras/weights.h"

namespace hoarfrost::keras {
namespace {

struct Group {
  std::string layer;
  std::string path;
  std::vector<std::string> weights;
};

// State of random number generators, which some Kerases save among weights and inference does not have.
bool is_random_state(std::string_view name) {
  return name.find("seed_generator") != std::string_view::npos || weight_base_name(name) == "StateVar";
}

std::vector<Group> groups_of(const hdf5::Tree& tree, std::string_view root) {
  const auto layers = tree.names(root, "layer_names");
  if (!layers) throw Error(ErrorCode::kCorrupt, tree.where(root), "has no `layer_names`");
  std::vector<Group> result;
  for (const std::string& layer : *layers) {
    Group group{layer, hdf5::join(root, layer), {}};
    if (tree.kind(group.path) != hdf5::Kind::kGroup)
      throw Error(ErrorCode::kCorrupt, tree.where(root),
                  fmt::format("`layer_names` has `{}`, but the group of that name is missing: the file is damaged, "
                              "save the model again",
                              layer));
    const auto weights = tree.names(group.path, "weight_names");
    if (!weights) throw Error(ErrorCode::kCorrupt, tree.where(group.path), "has no `weight_names`");
    std::ranges::copy_if(*weights, std::back_inserter(group.weights),
                         [](const std::string& name) { return !is_random_state(name); });
    if (!group.weights.empty()) result.push_back(std::move(group));
  }
  return result;
}

// Keras 0.x: groups layer_0, layer_1, … with param_0, … in each (or all of them in `graph`), in the layers' order. A
// Merge's group holds its branches' together, so they are dealt to the layers one by one.
std::vector<Group> keras0_groups(const hdf5::Tree& tree, std::string_view root,
                                 const std::vector<const LayerSlots*>& layers) {
  std::vector<std::string> all;
  const auto take = [&](const std::string& group) {
    if (tree.kind(hdf5::join(root, group)) != hdf5::Kind::kGroup) return false;
    for (size_t n = 0;; ++n) {
      std::string name = fmt::format("{}/param_{}", group, n);
      if (tree.kind(hdf5::join(root, name)) != hdf5::Kind::kDataset) return true;
      all.push_back(std::move(name));
    }
  };
  if (!take("graph")) {
    for (size_t i = 0; take(fmt::format("layer_{}", i)); ++i) {
    }
  }
  std::vector<Group> result;
  size_t next = 0;
  for (const LayerSlots* layer : layers) {
    const size_t n = std::min(legacy::n_stored_apart(legacy_order(*layer)), all.size() - next);
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(next);
    result.push_back({layer->layer->name, std::string(root), {from, from + static_cast<std::ptrdiff_t>(n)}});
    next += n;
  }
  if (next < all.size()) {
    throw Error(
        ErrorCode::kMismatch, tree.where(root),
        fmt::format(
            "expected {} weights for the architecture's layers, found {}: are these the weights of this architecture?",
            next, all.size()));
  }
  return result;
}

// "a, b, c, … (12 more)"
std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 4;
  const std::vector<std::string> shown(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown)));
  return fmt::format("`{}`{}", fmt::join(shown, "`, `"),
                     names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

std::vector<std::string> slot_names(const std::vector<WeightSlot>& slots) {
  std::vector<std::string> names;
  for (const WeightSlot& slot : slots) names.push_back(slot.spec.name);
  return names;
}

bool fits(const WeightSlot& slot, const Tensor& tensor) {
  return slot.spec.shape == tensor.shape() ||
         (slot.spec.shape.is_static() && slot.spec.shape.n_elements() == 1 && tensor.n_elements() == 1);
}

// Whether the stored name is that of the slot, whatever leads it.
bool is_named_for(const WeightSlot& slot, const std::string& stored, bool is_nested) {
  if (weight_base_name(stored) != weight_base_name(slot.spec.name)) return false;
  if (!is_nested) return true;
  const std::string layer = slot.layer->name + "/";
  return stored.starts_with(layer) || stored.find("/" + layer) != std::string::npos;
}

// For each slot the stored weight that is named for it; empty when a name fits none or several, or a shape differs.
std::vector<size_t> by_name(const std::vector<WeightSlot>& slots, const Group& group,
                            const std::vector<Tensor>& tensors, bool is_nested) {
  std::vector<size_t> result;
  std::set<size_t> used;
  for (const WeightSlot& slot : slots) {
    std::vector<size_t> found;
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (is_named_for(slot, group.weights[i], is_nested)) found.push_back(i);
    }
    if (found.size() != 1 || !fits(slot, tensors[found[0]]) || !used.insert(found[0]).second) return {};
    result.push_back(found[0]);
  }
  return result;
}

void load_group(const hdf5::Tree& tree, const Group& group, const LayerSlots& layer, const legacy::Source& source) {
  const std::vector<WeightSlot> slots = legacy_order(layer);
  if (!legacy::is_count_of(source, slots, group.weights.size())) {
    throw Error(ErrorCode::kMismatch, tree.where(group.path),
                fmt::format("expected {} weights ({}) for {}, found {} ({})", slots.size(), listed(slot_names(slots)),
                            place_of(*layer.layer), group.weights.size(), listed(group.weights)));
  }
  std::vector<Tensor> tensors;
  for (const std::string& name : group.weights) {
    const std::string path = hdf5::join(group.path, name);
    if (tree.kind(path) != hdf5::Kind::kDataset)
      throw Error(
          ErrorCode::kCorrupt, tree.where(group.path),
          fmt::format(
              "`weight_names` has `{}`, but there is no such dataset: the file is damaged, save the model again",
              name));
    tensors.push_back(tree.dataset(path));
  }
  if (source.is_keras1 || source.is_theano) {
    tensors = legacy::todays_weights(source, slots, std::move(tensors));
    for (size_t i = 0; i < slots.size(); ++i) fill(slots[i], tensors[i], tree.where(group.path));
    return;
  }
  // Keras goes by order alone. A name that belongs to one slot only says more, where order and name disagree.
  std::vector<size_t> order = by_name(slots, group, tensors, layer.layer->model != nullptr);
  for (size_t i = order.size(); i < slots.size(); ++i) order.push_back(i);
  for (size_t i = 0; i < slots.size(); ++i)
    fill(slots[i], tensors[order[i]], tree.where(hdf5::join(group.path, group.weights[order[i]])));
}

[[noreturn]] void fail_layers_differ(const hdf5::Tree& tree, std::string_view root, const std::vector<Group>& groups,
                                     const std::vector<const LayerSlots*>& layers) {
  std::set<std::string> in_file;
  std::set<std::string> in_model;
  for (const Group& group : groups) in_file.insert(group.layer);
  for (const LayerSlots* layer : layers) in_model.insert(layer->layer->name);
  std::vector<std::string> only_file;
  std::vector<std::string> only_model;
  for (const Group& group : groups) {
    if (!in_model.contains(group.layer)) only_file.push_back(group.layer);
  }
  for (const LayerSlots* layer : layers) {
    if (!in_file.contains(layer->layer->name)) only_model.push_back(layer->layer->name);
  }
  throw Error(ErrorCode::kMismatch, tree.where(root),
              fmt::format("weights and architecture do not belong together: weights for {} layers, expected {}{}{}",
                          groups.size(), layers.size(),
                          only_file.empty() ? "" : fmt::format("; only the weights have {}", listed(only_file)),
                          only_model.empty() ? "" : fmt::format("; only the architecture has {}", listed(only_model))));
}

}  // namespace

void load_legacy_weights(const hdf5::Tree& tree, std::string_view root, const std::vector<LayerSlots>& slots,
                         Version version) {
  std::vector<const LayerSlots*> layers;
  for (const LayerSlots& layer : slots) {
    if (!layer.empty()) layers.push_back(&layer);
  }
  const legacy::Source source = legacy::source_of(tree, version);
  const std::vector<Group> groups =
      tree.names(root, "layer_names") ? groups_of(tree, root) : keras0_groups(tree, root, layers);
  if (groups.size() != layers.size()) fail_layers_differ(tree, root, groups, layers);
  std::map<std::string, const Group*> named;
  for (const Group& group : groups) named.emplace(group.layer, &group);
  // Names, where all of them are the same; else the order, for Keras numbers its names anew in every session.
  const bool are_named =
      std::ranges::all_of(layers, [&](const LayerSlots* layer) { return named.contains(layer->layer->name); });
  for (size_t i = 0; i < layers.size(); ++i)
    load_group(tree, are_named ? *named.at(layers[i]->layer->name) : groups[i], *layers[i], source);
}

}  // namespace hoarfrost::keras
