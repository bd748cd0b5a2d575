#include "keras/stored_weights.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <tuple>

#include "keras/file_kind.h"
#include "keras/variables.h"
#include "keras/weights.h"

namespace hoarfrost::keras {
namespace {

// "conv2d_3" -> "conv2d".
std::string without_number(std::string_view name) {
  const size_t last = name.find_last_not_of("0123456789");
  return std::string(last != std::string_view::npos && last > 0 && last + 1 < name.size() && name[last] == '_'
                         ? name.substr(0, last)
                         : name);
}

// Sorts names as people count: "1", "2", "10", "dense", "dense_2", "dense_10".
std::tuple<std::string, size_t, std::string> counted(const std::string& name) {
  const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
  return {is_number ? "" : without_number(name), name.size(), name};
}

std::string lower_case(std::string_view name) {
  std::string result(name);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// Keras names a layer after its class where nobody says otherwise, Keras 1 without the `_` between words; an input
// "input_1", or after its layer "dense_1_input".
std::string class_by_name(std::string_view name) {
  const std::string base = without_number(name.substr(name.rfind('/') + 1));
  if (base == "input" || base.ends_with("_input")) return "InputLayer";
  for (const LayerSpec* spec : all_layers()) {
    for (const std::string_view class_name : spec->class_names) {
      if (snake_case(class_name) == base || lower_case(class_name) == base)
        return std::string(spec->class_names.front());
    }
  }
  return {};
}

std::string kernel_class(int rank) {
  constexpr std::string_view kClasses[] = {"", "", "Dense", "Conv1D", "Conv2D", "Conv3D"};
  return rank >= 2 && rank <= 5 ? std::string(kClasses[rank]) : "";
}

std::string class_by_weights(const StoredLayer& layer) {
  const auto find = [&](std::string_view name) {
    const auto found = std::ranges::find(layer.weights, name, &StoredWeight::name);
    return found == layer.weights.end() ? nullptr : &*found;
  };
  if (find("moving_mean") != nullptr || find("running_mean") != nullptr) return "BatchNormalization";
  if (find("embeddings") != nullptr) return "Embedding";
  const StoredWeight* recurrent = find("recurrent_kernel");
  const StoredWeight* kernel = find("kernel") != nullptr ? find("kernel") : find("W");
  if (recurrent != nullptr && recurrent->shape.rank() == 2 && recurrent->shape[0] > 0) {
    const int64_t n_gates = recurrent->shape[1] / recurrent->shape[0];
    return n_gates == 4 ? "LSTM" : n_gates == 3 ? "GRU" : n_gates == 1 ? "SimpleRNN" : "";
  }
  const bool is_plain = std::ranges::all_of(layer.weights, [](const StoredWeight& weight) {
    return weight.name == "kernel" || weight.name == "bias" || weight.name == "W" || weight.name == "b";
  });
  return kernel != nullptr && is_plain ? kernel_class(kernel->shape.rank()) : "";
}

StoredWeight described(const hdf5::Tree& tree, const std::string& path, std::string name) {
  const auto found = tree.describe(path);
  if (!found)
    throw Error(ErrorCode::kCorrupt, tree.where(path),
                "the weight that `weight_names` has is missing: the file is damaged, save it again");
  return {std::move(name), found->shape, found->dtype};
}

// Keras 1 writes "dense_1_W", later ones "dense_1/kernel:0".
std::string plain_weight_name(const std::string& name, const std::string& layer) {
  std::string base = name.substr(0, name.find(':'));
  base = base.substr(base.rfind('/') + 1);
  if (base.starts_with(layer + "_")) return base.substr(layer.size() + 1);
  return weight_base_name(name);
}

StoredWeights legacy(const hdf5::Tree& tree, const std::string& root) {
  StoredWeights result{"Keras 1 and 2", true, {}};
  const auto names = tree.names(root, "layer_names").value_or(std::vector<std::string>{});
  for (const std::string& name : names) {
    const std::string group = hdf5::join(root, name);
    StoredLayer layer{name, {}, {}};
    const auto weights = tree.names(group, "weight_names").value_or(std::vector<std::string>{});
    for (const std::string& weight : weights) {
      layer.weights.push_back(described(tree, hdf5::join(group, weight), plain_weight_name(weight, name)));
      layer.weights.back().path = weight;
    }
    result.layers.push_back(std::move(layer));
  }
  return result;
}

void collect_vars(const hdf5::Tree& tree, const std::string& group, const std::string& prefix,
                  std::vector<StoredWeight>& weights, int depth) {
  if (depth > 16 || tree.kind(group) != hdf5::Kind::kGroup) return;
  auto names = tree.children(group);
  std::ranges::sort(names, {}, counted);
  for (const std::string& name : names) {
    const std::string path = hdf5::join(group, name);
    if (tree.kind(path) == hdf5::Kind::kDataset) {
      weights.push_back(described(tree, path, prefix + name));
      weights.back().path = prefix + name;
    } else if (name != "seed_generator") {
      collect_vars(tree, path, name == "vars" ? prefix : prefix + name + "/", weights, depth + 1);
    }
  }
}

StoredWeights v3(const hdf5::Tree& tree, const std::string& root) {
  StoredWeights result{"Keras 3", false, {}};
  const std::string container = tree.kind(hdf5::join(root, "layers")) == hdf5::Kind::kGroup
                                    ? hdf5::join(root, "layers")
                                    : hdf5::join(root, "_layer_checkpoint_dependencies");
  if (tree.kind(container) != hdf5::Kind::kGroup) return result;
  auto names = tree.children(container);
  std::ranges::sort(names, {}, counted);
  for (const std::string& name : names) {
    StoredLayer layer{name, {}, {}};
    collect_vars(tree, hdf5::join(container, name), "", layer.weights, 0);
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace

StoredWeights read_stored_weights(const hdf5::Tree& tree) {
  for (const std::string root : {"/model_weights", "/"}) {
    const WeightLayout layout = weight_layout(tree, root);
    if (layout != WeightLayout::kLegacy && layout != WeightLayout::kV3) continue;
    StoredWeights result = layout == WeightLayout::kLegacy ? legacy(tree, root) : v3(tree, root);
    for (StoredLayer& layer : result.layers) {
      layer.class_name = class_by_weights(layer);
      if (layer.class_name.empty()) layer.class_name = class_by_name(layer.name);
    }
    return result;
  }
  throw Error(ErrorCode::kInvalidArgument, tree.where("/"),
              "expected a model or weights of Keras' (`model_config`, `layer_names` or `layers`), found neither");
}

std::optional<StoredWeights> weights_without_architecture(const std::filesystem::path& path) {
  const auto file = File::open(path);
  if (file_kind(*file) != FileKind::kHdf5) return {};
  const auto tree = hdf5::Tree::open({file, 0, file->size()}, path.string());
  if (tree->text("/", "model_config")) return {};
  const auto is_known = [&](const char* root) {
    const WeightLayout layout = weight_layout(*tree, root);
    return layout == WeightLayout::kLegacy || layout == WeightLayout::kV3;
  };
  if (!is_known("/model_weights") && !is_known("/")) return {};
  return read_stored_weights(*tree);
}

}  // namespace hoarfrost::keras
