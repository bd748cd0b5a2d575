// The layout of Keras 3 and of Keras 2.12 to 2.15's .keras and .weights.h5: groups `layers/CLASS[_n]`, and in them
// `vars/0`, … (docs/formats/keras_v3.md).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "keras/architecture.h"
#include "keras/variables.h"
#include "keras/weights.h"

namespace hoarfrost::keras {
namespace {

// By which WeightNormalization initialized itself; Keras 2.15 stores it or leaves it out, as Python's numbers of
// objects happen to fall.
constexpr std::string_view kLeftOut = "naked_clone_layer";
// A MaskedLMHead's, which is another layer of the model, or the part of that name of its TokenAndPositionEmbedding.
constexpr std::string_view kSharedPart = "token_embedding";
constexpr std::string_view kContainers[] = {"layers", "_layer_checkpoint_dependencies"};

class V3Weights {
 public:
  explicit V3Weights(const hdf5::Tree& tree) : tree_(tree) {}

  // Behind load_model: what a layer shares with another, by which alone it is stored.
  void load_shared(const std::vector<LayerSlots>& layers) {
    for (const Shared& shared : shared_) {
      std::vector<const WeightSlot*> found;
      find_shared(layers, shared.name, shared.slots[0]->spec.shape, found);
      if (found.size() != shared.slots.size()) {
        const ModelLayer& layer = *shared.slots[0]->layer;
        throw Error(ErrorCode::kMismatch, tree_.where(shared.group),
                    fmt::format("the weights of layer `{}` ({}) are those of layer `{}`, which the model has {} times",
                                layer.name, layer.class_name, shared.name, found.size()));
      }
      for (size_t i = 0; i < found.size(); ++i)
        shared.slots[i]->layer->weights[shared.slots[i]->index] = found[i]->layer->weights[found[i]->index];
    }
  }

  // group: the model's own. is_distributed: of a model in TimeDistributed, each of whose layers has become one by
  // itself (architecture.cpp).
  void load_model(const std::string& group, const std::vector<LayerSlots>& layers, bool is_distributed) {
    for (const auto container : kContainers) {
      if (const auto path = step(group, container)) return load_container(*path, container, layers, is_distributed);
    }
    const bool is_empty = std::ranges::all_of(layers, [](const LayerSlots& layer) { return layer.empty(); });
    if (!is_empty) throw Error(ErrorCode::kMismatch, tree_.where(group), "expected the group `layers`, found none");
  }

 private:
  // A group within a group. Keras on Windows wrote "layers\dense\vars" as one name in the root, so that a path may
  // begin with names that lead nowhere by themselves.
  std::optional<std::string> step(const std::string& group, std::string_view name) const {
    const std::string path = hdf5::join(group, name);
    if (tree_.kind(path) == hdf5::Kind::kGroup) return path;
    const std::string with_backslash =
        group.empty() || group == "/" ? "/" + std::string(name) : fmt::format("{}\\{}", group, name);
    const auto names = root_names();
    const std::string wanted = with_backslash.substr(1);
    for (const std::string& root : names) {
      if (root == wanted || root.starts_with(wanted + "\\")) return with_backslash;
    }
    return {};
  }

  const std::vector<std::string>& root_names() const {
    if (root_names_.empty()) {
      root_names_ = tree_.children("/");
      std::erase_if(root_names_, [](const std::string& name) { return name.find('\\') == std::string::npos; });
    }
    return root_names_;
  }

  void load_container(const std::string& container, std::string_view kind, const std::vector<LayerSlots>& layers,
                      bool is_distributed) {
    std::map<std::string, int> used;
    const auto next = [&](const std::string& name) {
      const int n = used[name]++;
      return n == 0 ? name : fmt::format("{}_{}", name, n);
    };
    for (const LayerSlots& layer : layers) {
      const std::string& other = layer.layer->stored_class_name;
      const std::string base = snake_case(other.empty() ? stored_class_name(*layer.layer, is_distributed) : other);
      const std::string name = next(base);
      // There, layers with weights stand twice, under `layer-0` and `layer_with_weights-0`; the second is not stored.
      if (kind == "_layer_checkpoint_dependencies" && !layer.empty()) next(base);
      if (layer.empty()) continue;
      const auto group = step(container, name);
      if (!group) {
        throw Error(
            ErrorCode::kMismatch, tree_.where(container),
            fmt::format("expected the group `{}` with the weights of {}, found none", name, place_of(*layer.layer)));
      }
      if (layer.layer->model) {
        const bool is_wrapped = layer.layer->class_name == "TimeDistributed";
        load_model(is_wrapped ? step(*group, "layer").value_or(*group) : *group, layer.layers,
                   is_distributed || is_wrapped);
      } else {
        load_layer(*group, layer, is_distributed);
      }
    }
  }

  // A spec named "layer/kernel" is in the group `layer`; one named "kernel" in the layer's own `vars`, or where that
  // holds none, in the one group below that does (LSTM keeps its own in `cell`). Each `vars` has trainable weights
  // first.
  void load_layer(const std::string& group, const LayerSlots& layer, bool is_distributed) {
    std::map<std::string, std::vector<const WeightSlot*>> by_part;
    for (const bool is_trainable : {true, false}) {
      for (const WeightSlot& slot : layer.own) {
        const std::string name =
            is_distributed && slot.spec.name.starts_with("layer/") ? slot.spec.name.substr(6) : slot.spec.name;
        const std::string part = group_of(name, slot.spec.group);
        if (slot.spec.is_trainable != is_trainable) continue;
        by_part[part].push_back(&slot);
        if (slot.spec.is_also_own) by_part[""].push_back(&slot);
      }
      for (const WeightSlot& slot : layer.own) {
        if (is_trainable && slot.spec.is_own_again) by_part[""].push_back(&slot);
      }
    }
    for (const auto& [part, slots] : by_part) {
      if (part == kSharedPart && !step(group, part)) {
        shared_.push_back({group, slots, shared_name(layer)});
        continue;
      }
      if (part == kLeftOut && !step(group, fmt::format("_{}", part))) {
        for (const WeightSlot* slot : slots)
          fill(*slot, Tensor(slot->layer->variable_dtype, slot->spec.shape), tree_.where(group));
        continue;
      }
      if (slots.size() == 1 && slots[0]->spec.name == kStoredByName) {
        if (part.empty()) load_named(group, *slots[0]);  // what else has it, has it too
      } else {
        load_vars(part.empty() ? own_vars(group) : vars_of(group, part), slots);
      }
    }
  }

  static std::string shared_name(const LayerSlots& layer) {
    const auto found = layer.layer->config->find(kSharedPart);
    return found != layer.layer->config->end() && found->is_object() && found->contains("config")
               ? text_at(found->at("config"), "name")
               : "";
  }

  [[nodiscard]] bool is_shared(const WeightSlot& slot) const {
    return std::ranges::any_of(
        shared_, [&](const Shared& shared) { return std::ranges::find(shared.slots, &slot) != shared.slots.end(); });
  }

  // The slots of the layer of that name, or of that part of a layer, whose first has this shape.
  void find_shared(const std::vector<LayerSlots>& layers, const std::string& name, const Shape& shape,
                   std::vector<const WeightSlot*>& found) const {
    for (const LayerSlots& layer : layers) {
      find_shared(layer.layers, name, shape, found);
      for (const WeightSlot& slot : layer.own) {
        const bool is_its = layer.layer->name == name || slot.spec.name.starts_with(name + "/");
        if (is_its && !is_shared(slot) && (!found.empty() || slot.spec.shape == shape)) found.push_back(&slot);
      }
    }
  }

  void load_named(const std::string& group, const WeightSlot& slot) {
    const std::string path = hdf5::join(step(group, "vars").value_or(group), slot.spec.name);
    fill(slot, tree_.dataset(path), tree_.where(path));
  }

  std::string vars_of(const std::string& group, const std::string& part) {
    std::string path = group;
    for (size_t at = 0; at <= part.size();) {
      const size_t slash = std::min(part.find('/', at), part.size());
      auto found = step(path, part.substr(at, slash - at));
      if (!found)
        found = step(path, "_" + part.substr(at, slash - at));  // Keras 2.15 keeps the underscore of private attributes
      if (!found)
        throw Error(ErrorCode::kMismatch, tree_.where(path),
                    fmt::format("expected the group `{}`, found none", part.substr(at)));
      path = *found;
      at = slash + 1;
    }
    return own_vars(path);
  }

  std::string own_vars(const std::string& group) {
    std::vector<std::string> found;
    find_vars(group, found, 0);
    if (found.size() == 1) return found[0];
    throw Error(ErrorCode::kMismatch, tree_.where(group),
                fmt::format("expected one group of weights (`vars`), found {}", found.size()));
  }

  void find_vars(const std::string& group, std::vector<std::string>& found, int depth) {
    if (const auto vars = step(group, "vars"); vars && !numbers(*vars).empty()) found.push_back(*vars);
    if (!found.empty() || depth > 4) return;
    if (tree_.kind(group) != hdf5::Kind::kGroup) return find_backslashed(group, found);
    for (const std::string& name : tree_.children(group)) {
      if (name == "vars" || name == "seed_generator" || tree_.kind(hdf5::join(group, name)) != hdf5::Kind::kGroup)
        continue;
      std::vector<std::string> inner;
      find_vars(hdf5::join(group, name), inner, depth + 1);
      found.insert(found.end(), inner.begin(), inner.end());
    }
  }

  void find_backslashed(const std::string& group, std::vector<std::string>& found) {
    for (const std::string& name : root_names()) {
      const std::string path = "/" + name;
      if (!path.starts_with(group + "\\") || !path.ends_with("\\vars") ||
          path.find("seed_generator") != std::string::npos)
        continue;
      if (!numbers(path).empty()) found.push_back(path);
    }
  }

  // Datasets "0", "1", … of a vars group.
  std::vector<std::string> numbers(const std::string& vars) {
    if (tree_.kind(vars) != hdf5::Kind::kGroup) return {};
    std::vector<std::string> result = tree_.children(vars);
    std::erase_if(result, [](const std::string& name) {
      return name.empty() || !std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
    });
    return result;
  }

  // Without those that are stored elsewhere too, or twice: a wrapper whose layer was not trainable when it was made
  // holds each once.
  static std::vector<const WeightSlot*> each_once(const std::vector<const WeightSlot*>& slots) {
    std::vector<const WeightSlot*> result;
    for (const WeightSlot* slot : slots) {
      if (!slot->spec.is_also_own && std::ranges::find(result, slot) == result.end()) result.push_back(slot);
    }
    return result;
  }

  void load_vars(const std::string& vars, std::vector<const WeightSlot*> slots) {
    const size_t n = numbers(vars).size();
    if (const auto once = each_once(slots); n != slots.size() && n == once.size()) slots = once;
    if (n != slots.size()) {
      const bool lacks_zeros = n + 1 == slots.size() && std::ranges::any_of(slots, [](const WeightSlot* slot) {
                                 return slot->spec.name == "kernel_zero";
                               });
      throw Error(ErrorCode::kMismatch, tree_.where(vars),
                  fmt::format("expected {} weights for {}, found {}{}", slots.size(), place_of(*slots[0]->layer), n,
                              lacks_zeros ? ": Keras 3.14 and 3.15 do not save GPTQ's zero points; quantize the model "
                                            "with Keras 3.13, or save it before `quantize`"
                                          : ""));
    }
    for (size_t i = 0; i < slots.size(); ++i) {
      const std::string path = hdf5::join(vars, std::to_string(i));
      fill(*slots[i], tree_.dataset(path), tree_.where(path));
    }
  }

  const hdf5::Tree& tree_;
  mutable std::vector<std::string> root_names_;  // those with backslashes
  struct Shared {
    std::string group;
    std::vector<const WeightSlot*> slots;
    std::string name;  // of the layer that they are stored with
  };
  std::vector<Shared> shared_;
};

}  // namespace

void load_v3_weights(const hdf5::Tree& tree, std::string_view root, const std::vector<LayerSlots>& slots) {
  V3Weights weights(tree);
  weights.load_model(std::string(root), slots, false);
  weights.load_shared(slots);
}

}  // namespace hoarfrost::keras
