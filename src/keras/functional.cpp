// Functional (Keras 1 and early 2: Model): layers and their calls, each call naming the tensors that it takes.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "keras/architecture.h"
#include "keras/complex_call.h"
#include "keras/inbound_nodes.h"

namespace hoarfrost::keras {
namespace {

const Json& list_at(const Json& config, const char* key) {
  const auto found = config.is_object() ? config.find(key) : config.end();
  if (found == config.end() || !found->is_structured())
    throw Error(ErrorCode::kCorrupt, "", fmt::format("expected `{}` in the model's configuration, found none", key));
  return *found;
}

struct Entry {
  std::string name;
  std::string class_name;
  const Json* json;
  std::vector<InboundNode> nodes;
  bool is_of_loss = false;  // leads to model.add_loss alone, which no output hangs on
};

// Layers whose call takes `training` and does the same either way.
// And Keras 3's augmentations take training=True by default and write it; the model's own training=False overrules it.
bool ignores_training(std::string_view class_name, Version version) {
  constexpr std::string_view kAugmentations[] = {
      "AugMix", "CutMix", "MixUp", "RandAugment", "Solarization", "MaxNumBoundingBoxes", "Equalization", "Pipeline"};
  if (class_name == "ContrastLimitedAdaptiveHistogramEqualization") return true;
  if (class_name == "Resizing" || class_name == "CenterCrop" || class_name == "AutoContrast") return true;
  return version.major >= 3 && (class_name.starts_with("Random") ||
                                std::ranges::find(kAugmentations, class_name) != std::end(kAugmentations));
}

class FunctionalParser {
 public:
  FunctionalParser(const Json& config, Model& model, int depth) : config_(config), model_(model), depth_(depth) {}

  void parse() {
    read_entries();
    split_complex();
    read_ends(list_at(config_, "input_layers"), inputs_, nullptr);
    const Json& outputs = list_at(config_, "output_layers");
    read_ends(outputs, outputs_, outputs.is_object() ? &model_.output_names : nullptr);
    if (inputs_.empty() || outputs_.empty())
      throw Error(ErrorCode::kCorrupt, "", "a model without inputs or without outputs");
    mark_losses();
    count_from();
    for (const Entry& entry : entries_) model_.layers.push_back(layer(entry));
    for (const NamedTensor& input : inputs_) model_.inputs.push_back(input_ref(input));
    for (const NamedTensor& output : outputs_) {
      if (complex_.contains({output.layer, output.node}))
        throw Error(ErrorCode::kUnsupported, fmt::format("layer `{}`", output.layer),
                    "the model's output is complex, which is not converted; take its absolute value, or its parts");
    }
    for (const NamedTensor& output : outputs_) model_.outputs.push_back(ref(output, output_base_));
  }

 private:
  void read_entries() {
    for (const Json& json : list_at(config_, "layers")) {
      if (!json.is_object())
        throw Error(ErrorCode::kCorrupt, "", fmt::format("expected a layer, found {}", json.dump().substr(0, 60)));
      std::string name = text_at(json, "name");
      if (name.empty() && json.contains("config") && json.at("config").is_object())
        name = text_at(json.at("config"), "name");
      if (name.empty()) throw Error(ErrorCode::kCorrupt, "", "a layer without a name");
      if (!index_.emplace(name, entries_.size()).second)
        throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}`", name), "two layers have this name");
      names_.insert(name);
      entries_.push_back({std::move(name), plain_class_name(text_at(json, "class_name")), &json, {}});
    }
    for (Entry& entry : entries_) {
      const auto nodes = entry.json->find("inbound_nodes");
      if (nodes == entry.json->end() || nodes->is_null()) continue;
      try {
        if (!nodes->is_array()) throw Error(ErrorCode::kCorrupt, "", "`inbound_nodes` is no list");
        for (const Json& node : *nodes) entry.nodes.push_back(parse_inbound_node(node, names_));
      } catch (Error& error) {
        throw error.within(place_of(*entry.json, entry.name));
      }
    }
  }

  // tf.keras keeps what model.add_loss and add_metric were given among the layers: AddLoss, and the operations that
  // lead there and nowhere else. Of what has no weights nothing need be known.
  void mark_losses() {
    constexpr std::string_view kLosses[] = {"AddLoss", "AddMetric"};
    constexpr std::string_view kWithoutWeights[] = {"AddLoss", "AddMetric", "TFOpLambda", "SlicingOpLambda",
                                                    "Lambda",  "Flatten",   "Reshape",    "Activation"};
    const auto is_loss = [&](const Entry& entry) {
      return std::ranges::find(kLosses, entry.class_name) != std::end(kLosses);
    };
    if (std::ranges::none_of(entries_, is_loss)) return;
    for (bool has_changed = true; has_changed;) {
      has_changed = false;
      std::set<std::string> used;
      for (const NamedTensor& output : outputs_) used.insert(output.layer);
      for (const Entry& entry : entries_) {
        for (const InboundNode& node : entry.nodes) {
          if (entry.is_of_loss) break;
          for (const NamedTensor& tensor : node.inputs) used.insert(tensor.layer);
          for (const NamedTensor& tensor : node.masks) used.insert(tensor.layer);
        }
      }
      for (Entry& entry : entries_) {
        const bool has_weights = std::ranges::find(kWithoutWeights, entry.class_name) == std::end(kWithoutWeights);
        if (entry.is_of_loss || has_weights || used.contains(entry.name)) continue;
        entry.is_of_loss = has_changed = true;
      }
    }
  }

  // A complex tensor is two here, outputs 0 and 1 of its layer, and where it is taken both are.
  void split_complex() {
    for (Entry& entry : entries_) {
      for (size_t call = 0; call < entry.nodes.size(); ++call) {
        InboundNode& node = entry.nodes[call];
        std::vector<bool> is_complex;
        for (const NamedTensor& tensor : node.inputs)
          is_complex.push_back(complex_.contains({tensor.layer, tensor.node}));
        const bool takes = std::ranges::find(is_complex, true) != is_complex.end();
        if (takes && !may_take_complex(entry.class_name))
          throw Error(ErrorCode::kUnsupported, place_of(*entry.json, entry.name),
                      "takes complex numbers, which only TensorFlow's functions do here");
        const Json kwargs =
            node.structure.is_object() ? node.structure.value("kwargs", Json::object()) : Json::object();
        if (gives_complex(*entry.json, takes, kwargs)) complex_.insert({entry.name, static_cast<int64_t>(call)});
        if (takes) split_inputs(node, is_complex);
      }
    }
  }

  static void split_inputs(InboundNode& node, const std::vector<bool>& is_complex) {
    std::vector<NamedTensor> inputs;
    std::vector<Json> places;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const size_t n = inputs.size();
      inputs.push_back(node.inputs[i]);
      if (is_complex[i]) inputs.push_back({node.inputs[i].layer, node.inputs[i].node, 1});
      places.push_back(is_complex[i] ? Json{{"complex", {n, n + 1}}} : Json{{"tensor", n}});
    }
    node.inputs = std::move(inputs);
    const std::function<void(Json&)> replace = [&](Json& json) {
      if (json.is_object() && json.size() == 1 && json.contains("tensor"))
        json = Json(places.at(json.at("tensor").get<size_t>()));
      else if (json.is_structured())
        std::ranges::for_each(json, replace);
    };
    replace(node.structure);
    node.arguments = node.structure;
  }

  // input_layers and output_layers: one tensor, a list, or an object of them.
  void read_ends(const Json& json, std::vector<NamedTensor>& ends, std::vector<std::string>* keys, int depth = 0) {
    if (is_tensor(json, names_)) {
      ends.push_back(parse_tensor(json));
      return;
    }
    if (!json.is_structured() || depth > 8)
      throw Error(ErrorCode::kCorrupt, "",
                  fmt::format("expected tensors of the model's layers, found {}", json.dump().substr(0, 80)));
    for (const auto& [key, value] : json.items()) {
      const size_t n_before = ends.size();
      read_ends(value, ends, nullptr, depth + 1);
      if (keys != nullptr) keys->insert(keys->end(), ends.size() - n_before, key);
    }
  }

  // Keras 2 counts a nested model's own inputs and outputs as its call 0, where it has an InputLayer: its first call in
  // the file is then number 1. Every call in a file is used, so that the smallest number used tells. Keras 3 counts
  // calls from 0 among layers but a Functional's from 1 among outputs.
  void count_from() {
    std::map<std::string, int64_t> smallest;
    bool is_keras3 = false;
    const auto use = [&](const NamedTensor& tensor) {
      const auto [found, is_new] = smallest.emplace(tensor.layer, tensor.node);
      if (!is_new) found->second = std::min(found->second, tensor.node);
    };
    for (const Entry& entry : entries_) {
      for (const InboundNode& node : entry.nodes) {
        for (const NamedTensor& tensor : node.inputs) use(tensor);
        for (const NamedTensor& tensor : node.masks) use(tensor);
      }
      const auto nodes = entry.json->find("inbound_nodes");
      if (nodes != entry.json->end() && !nodes->empty() && nodes->front().is_object() &&
          nodes->front().contains("args"))
        is_keras3 = true;
    }
    if (!is_keras3) {
      for (const NamedTensor& tensor : outputs_) use(tensor);
    }
    for (const Entry& entry : entries_) {
      if (!is_model_class(entry.class_name)) continue;
      const auto found = smallest.find(entry.name);
      base_[entry.name] = is_keras3 || found == smallest.end() ? 0 : found->second;
      output_base_[entry.name] = is_keras3 ? (entry.class_name == "Sequential" ? 0 : 1) : base_[entry.name];
    }
    if (!is_keras3) return;
    for (const NamedTensor& tensor : outputs_) {
      if (tensor.node == 0) output_base_[tensor.layer] = 0;
    }
  }

  [[nodiscard]] TensorRef ref(const NamedTensor& tensor, const std::map<std::string, int64_t>& bases) const {
    const auto found = index_.find(tensor.layer);
    if (found == index_.end())
      throw Error(ErrorCode::kCorrupt, "",
                  fmt::format("layer `{}` is used, but the model has none of that name", tensor.layer));
    const Entry& entry = entries_[found->second];
    const auto base = bases.find(tensor.layer);
    const int64_t call = tensor.node - (base == bases.end() ? 0 : base->second);
    const bool is_input = entry.class_name == "InputLayer";
    const int64_t n_calls = is_input ? 1 : static_cast<int64_t>(entry.nodes.size());
    if (call < 0 || call >= n_calls || tensor.output < 0) {
      throw Error(ErrorCode::kCorrupt, place_of(*entry.json, entry.name),
                  fmt::format("output {} of call {} is used, the layer is called {} times", tensor.output, tensor.node,
                              n_calls));
    }
    return {found->second, static_cast<size_t>(call), static_cast<size_t>(tensor.output)};
  }

  [[nodiscard]] TensorRef input_ref(const NamedTensor& input) const {
    const TensorRef result = ref(input, {});
    if (!model_.layers[result.layer].is_input) {
      throw Error(ErrorCode::kUnsupported, place_of(model_.layers[result.layer]),
                  "a model's input must be an InputLayer");
    }
    return result;
  }

  [[nodiscard]] ModelLayer layer(const Entry& entry) const {
    if (entry.is_of_loss) {
      const Json idle{{"class_name", "Activation"}, {"config", {{"name", entry.name}, {"activation", "linear"}}}};
      ModelLayer result = parse_model_layer(idle, entry.name, model_.version, nullptr, depth_);
      result.class_name = entry.class_name;
      return result;
    }
    const Json* arguments = nullptr;
    const bool goes_by_structure = is_operation(*entry.json) || entry.class_name == "TransformerDecoder";
    for (const InboundNode& node : entry.nodes) {
      if (node.is_training && !ignores_training(entry.class_name, model_.version)) {
        throw Error(ErrorCode::kUnsupported, place_of(*entry.json, entry.name),
                    "called with training=True: what it does then has no place in an inference graph");
      }
    }
    const auto arguments_of = [&](const InboundNode& node) -> const Json* {
      if (goes_by_structure) return &node.structure;
      return node.arguments.is_null() ? nullptr : &node.arguments;
    };
    if (!entry.nodes.empty()) arguments = arguments_of(entry.nodes.front());
    ModelLayer layer = parsed(entry, arguments);
    if (layer.is_input) return layer;
    for (const InboundNode& node : entry.nodes) {
      Call call;
      for (const NamedTensor& tensor : node.inputs) call.inputs.push_back(ref(tensor, base_));
      for (const NamedTensor& tensor : node.masks) call.masks.push_back(ref(tensor, base_));
      const Json* own = arguments_of(node);
      const bool is_same = own == nullptr || arguments == nullptr ? own == arguments : *own == *arguments;
      if (!is_same) call.own = parsed(entry, own).layer;
      layer.calls.push_back(std::move(call));
    }
    return layer;
  }

  // The layer as a call with these arguments calls it.
  [[nodiscard]] ModelLayer parsed(const Entry& entry, const Json* arguments) const {
    try {
      return parse_model_layer(*entry.json, entry.name, model_.version, arguments, depth_);
    } catch (const Error& error) {
      if (arguments == nullptr || std::string_view(error.what()).find("`call_arguments`") == std::string_view::npos)
        throw;
      throw Error(
          ErrorCode::kUnsupported, place_of(*entry.json, entry.name),
          fmt::format("called with arguments that it is not known to take: {}", arguments->dump().substr(0, 200)));
    }
  }

  const Json& config_;
  Model& model_;
  int depth_;
  std::vector<Entry> entries_;
  std::set<std::pair<std::string, int64_t>> complex_;  // calls whose output is a complex tensor
  std::map<std::string, size_t> index_;
  std::set<std::string> names_;
  std::vector<NamedTensor> inputs_;
  std::vector<NamedTensor> outputs_;
  std::map<std::string, int64_t> base_;         // the number of a nested model's first call, where layers use it
  std::map<std::string, int64_t> output_base_;  // and where the model's outputs do
};

}  // namespace

void parse_functional(const Json& config, Model& model, int depth) { FunctionalParser(config, model, depth).parse(); }

}  // namespace hoarfrost::keras
