// keras::lower: a model's calls, one after the other, into one graph of TensorFlow nodes.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "keras/lowering.h"
#include "keras/mask_versions.h"
#include "keras/model.h"
#include "keras/penalty.h"
#include "keras/trainable.h"

namespace hoarfrost::keras {
namespace {

using graph::Endpoint;
using graph::Node;

class ModelLowering {
 public:
  explicit ModelLowering(const LowerOptions& options)
      : options_(options), lowering_(lowered_.graph, options.phase, options.recurrence, options.group_size) {}

  Lowered run(const Model& model) {
    Values inputs;
    for (const TensorRef& ref : model.inputs) inputs.push_back(placeholder(model.layers.at(ref.layer)));
    for (const Value& input : inputs) lowered_.signature.inputs.push_back(input.tensor);
    const Values outputs = lower_calls(model, inputs, "", "");
    for (const Value& y : outputs) {
      if (y.tensor.index > 0) of_several_.insert(y.tensor.node);
    }
    for (size_t i = 0; i < outputs.size(); ++i)
      lowered_.signature.outputs.push_back(output(model, model.outputs[i], outputs[i]));
    lowered_.notes.insert(lowered_.notes.end(), lowering_.notes().begin(), lowering_.notes().end());
    graph::validate(lowered_.graph);
    lowered_.updates = lowering_.updates();
    lowered_.losses = lowering_.losses();
    lowered_.random_seed = lowering_.random_seed();
    lowered_.batch_share = lowering_.batch_share();
    return std::move(lowered_);
  }

 private:
  // The values of one call's outputs, and the scope under which they were made.
  struct Result {
    Values values;
    std::string scope;
    bool left_no_node = false;
  };
  using Results = std::map<std::pair<size_t, size_t>, Result>;  // by layer and call

  std::string scope_name(const std::string& prefix, const std::string& name) {
    const std::string legal = legal_name(name);
    if (legal != name && named_.insert(name).second) {
      lowered_.notes.push_back(
          fmt::format("layer `{}` is named `{}` in the graph: TensorFlow forbids the other characters", name, legal));
    }
    return prefix + legal + options_.name_suffix;
  }

  Value placeholder(const ModelLayer& input) {
    const std::string name = lowering_.unique_name(scope_name("", input.name));
    Node& node = lowered_.graph.add("Placeholder", name);
    node.set("dtype", input.input_dtype).set("shape", input.input_shape);
    return {node.output(), input.input_dtype, input.input_shape, {}};
  }

  // All calls of the model, each as soon as its inputs are there. prefix: "outer/" within a nested model.
  Values lower_calls(const Model& model, const Values& inputs, const std::string& prefix, const std::string& path) {
    Results results;
    for (size_t i = 0; i < model.inputs.size(); ++i) {
      const TensorRef& ref = model.inputs[i];
      results[{ref.layer, ref.call}] = {{inputs.at(i)}, "", true};
    }
    const bool is_order_heard = may_take_masks_away(model);
    for (const auto& [l, c] : is_order_heard ? run_order(model) : call_order(model))
      results[{l, c}] = lower_call(model, l, c, results, prefix, path);
    Values outputs;
    for (const TensorRef& ref : model.outputs) outputs.push_back(value(model, ref, results));
    if (prefix.empty()) results_ = std::move(results);
    return outputs;
  }

  static const Value& value(const Model& model, const TensorRef& ref, const Results& results) {
    const auto found = results.find({ref.layer, ref.call});
    if (found == results.end()) {
      throw Error(ErrorCode::kCorrupt, fmt::format("model `{}`", model.name),
                  fmt::format("call {} of layer `{}` is never computed: its inputs depend on themselves", ref.call,
                              model.layers.at(ref.layer).name));
    }
    if (ref.output >= found->second.values.size()) {
      throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}`", model.layers[ref.layer].name),
                  fmt::format("output {} is used, the layer gives {}", ref.output, found->second.values.size()));
    }
    return found->second.values[ref.output];
  }

  Result lower_call(const Model& model, size_t l, size_t c, const Results& results, const std::string& prefix,
                    const std::string& path) {
    const ModelLayer& layer = model.layers[l];
    const Call& call = layer.calls[c];
    Values in;
    for (const TensorRef& ref : call.inputs) {
      in.push_back(value(model, ref, results));
      if (unmasked_.contains(in.back().tensor)) in.back().mask = {};
    }
    for (size_t i = 0; i < call.masks.size() && i < in.size(); ++i) {
      in[i].mask = value(model, call.masks[i], results).tensor;
      if (layer.model != nullptr) unmasked_.erase(in[i].tensor);  // a model puts the mask that it is told on its input
    }
    try {
      if (layer.model != nullptr) {
        const std::string scope = lowering_.unique_name(scope_name(prefix, layer.name));
        const Values out = lower_calls(*layer.model, in, scope + "/", path + layer.name + "/");
        return {out, scope, !in.empty() && out.size() == 1 && out[0].tensor == in[0].tensor};
      }
      Result result = lower_layer(layer, call, in, prefix, path);
      if (loses_masks_of_lists(model.version) && takes_list(layer.class_name)) {
        for (Value& y : result.values) y.mask = {};
      }
      if (takes_masks_away(layer.class_name, model.version)) {
        // What is cast before the call is another tensor, and loses none.
        for (const Value& x : in) {
          if (!is_floating(x.dtype) || x.dtype == layer.compute_dtype) unmasked_.insert(x.tensor);
        }
      }
      return result;
    } catch (Error& error) {
      if (!std::string_view(error.what()).starts_with("layer `")) error.within(place_of(layer, path));
      throw;
    }
  }

  // Layers whose first argument is a list of tensors.
  static bool takes_list(std::string_view class_name) {
    constexpr std::string_view kListed[] = {"Add",     "Subtract",    "Multiply",  "Average",          "Maximum",
                                            "Minimum", "Concatenate", "Attention", "AdditiveAttention"};
    return std::ranges::find(kListed, class_name) != std::end(kListed);
  }

  // Whether any layer does, of the models within too.
  static bool may_take_masks_away(const Model& model) {
    return std::ranges::any_of(model.layers, [&](const ModelLayer& layer) {
      return layer.model != nullptr ? may_take_masks_away(*layer.model)
                                    : takes_masks_away(layer.class_name, model.version);
    });
  }

  Result lower_layer(const ModelLayer& layer, const Call& call, const Values& in, const std::string& prefix,
                     const std::string& path) {
    Shapes in_shapes;
    for (const Value& x : in) in_shapes.push_back(x.shape);
    const auto is_complex = [](const Value& x) { return x.dtype == DType::kComplex64; };
    const bool takes_complex =
        layer.class_name == "Magnitude" || layer.class_name == "Phase" || layer.class_name == "InverseSTFT";
    if (!takes_complex && std::ranges::any_of(in, is_complex)) {
      throw Error(ErrorCode::kUnsupported, "",
                  "takes STFT's complex numbers, which only kapre's Magnitude, Phase and InverseSTFT do here");
    }
    const Layer& called = layer_in(layer, call);
    const Shapes out_shapes = called.infer(in_shapes);
    const std::string scope = lowering_.enter_scope(scope_name(prefix, layer.name));
    const Values& weights = variables_of(layer, layer.layer->weights(in_shapes));
    lowering_.set_layer(scope, weights, layer.weights, layer.is_trainable);
    if (lowering_.is_training()) expect_trainable(layer);
    Values out = called.lower(lowering_, autocast(layer, in));
    if (out.size() != out_shapes.size()) {
      throw Error(ErrorCode::kCorrupt, "",
                  fmt::format("gives {} outputs, its shapes say {}", out.size(), out_shapes.size()));
    }
    for (size_t i = 0; i < out.size(); ++i) {
      out[i].shape = out_shapes[i];
      if (!out[i].mask && called.passes_mask() && !in.empty()) out[i].mask = in[0].mask;
      const bool is_input = !in.empty() && out[i].tensor == in[0].tensor;
      if (is_input && !called.passes_mask()) out[i].mask = {};
    }
    if (lowering_.is_training()) add_activity_losses(layer, out);
    const bool left_no_node = !in.empty() && out.size() == 1 && out[0].tensor == in[0].tensor;
    record(layer, call, scope, path, in, out);
    return {out, scope, left_no_node};
  }

  // Keras 2.15's Layer._maybe_cast_inputs, Keras 3's autocast: floating-point inputs become of the layer's type. A
  // mixed policy's type for that is float32 here: the graph computes no less exactly than Keras, and with operations
  // that every target has.
  Values autocast(const ModelLayer& layer, Values in) {
    if (!layer.layer->autocasts()) return in;
    const DType to = layer.compute_dtype;
    for (Value& x : in) {
      if (!is_floating(x.dtype) || x.dtype == to) continue;
      Value cast = lowering_.raw_op("Cast", "Cast", {x}, to, {{"SrcT", x.dtype}, {"DstT", to}});
      x = {cast.tensor, to, x.shape, x.mask};
    }
    return in;
  }

  // Of any layer's `activity_regularizer`.
  void add_activity_losses(const ModelLayer& layer, const Values& out) {
    if (layer.config == nullptr || !layer.config->is_object()) return;
    const auto found = layer.config->find("activity_regularizer");
    if (found == layer.config->end() || found->is_null()) return;
    for (const Value& y : out) add_activity_loss(lowering_, y, penalty_of(*found));
  }

  // VariableV2, Assign and read for each weight, made at the layer's first call.
  const Values& variables_of(const ModelLayer& layer, const std::vector<WeightSpec>& specs) {
    const auto found = variables_.find(&layer);
    if (found != variables_.end()) return found->second;
    if (specs.size() != layer.weights.size()) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("has {} weights, the file holds {}", specs.size(), layer.weights.size()));
    }
    Values& reads = variables_[&layer];
    if (specs.empty()) return reads;
    std::string base = legal_name(layer.name) + options_.name_suffix;
    for (int i = 1; !variable_scopes_.insert(base).second; ++i)
      base = fmt::format("{}{}_{}", legal_name(layer.name), options_.name_suffix, i);
    for (size_t i = 0; i < specs.size(); ++i) {
      const bool is_trainable = specs[i].is_trainable && layer.is_trainable;
      reads.push_back(variable(fmt::format("{}/{}", base, legal_name(specs[i].name)), layer.weights[i], is_trainable));
      lowered_.origins.push_back({lowered_.variable_names.back(), &layer, i, specs[i].name});
    }
    return reads;
  }

  Value variable(const std::string& wanted_name, const Tensor& tensor, bool is_trainable) {
    graph::Graph& graph = lowered_.graph;
    const std::string name = lowering_.unique_name(wanted_name);
    const DType dtype = tensor.dtype();
    const auto place = std::vector<std::string>{"loc:@" + name};
    // A Fill is the smallest initialiser: a graph without its checkpoint starts at zeros.
    Node& shape = graph.add_const(
        name + "/Initializer/zeros/shape_as_tensor",
        Tensor::vector(std::vector<int32_t>(tensor.shape().sizes().begin(), tensor.shape().sizes().end())));
    Node& zero = graph.add_const(name + "/Initializer/zeros/Const", Tensor(dtype, {}));
    Node& fill = graph.add("Fill", name + "/Initializer/zeros", {shape.output(), zero.output()});
    fill.set("T", dtype);  // index_type stays at its default: TensorFlow 1.4 does not know it
    Node& node = graph.add("VariableV2", name);
    node.set("dtype", dtype).set("shape", tensor.shape()).set("container", "").set("shared_name", "");
    Node& assign = graph.add("Assign", name + "/Assign", {node.output(), fill.output()});
    assign.set("T", dtype).set("use_locking", true).set("validate_shape", true).set("_class", place);
    Node& read = graph.add("Identity", name + "/read", {node.output()});
    read.set("T", dtype).set("_class", place);
    lowered_.variables.emplace(name, tensor);
    lowered_.variable_names.push_back(name);
    if (is_trainable) lowered_.trainable_names.push_back(name);
    return {read.output(), dtype, tensor.shape(), {}};
  }

  void record(const ModelLayer& layer, const Call& made, const std::string& scope, const std::string& path,
              const Values& in, const Values& out) {
    LoweredCall call{
        path + layer.name, layer.class_name, scope, made.own ? made.own : layer.layer, layer.weights, {}, {}, {}};
    for (const Value& x : in) {
      call.inputs.push_back(x.tensor.name());
      call.masks.push_back(x.mask ? x.mask.name() : "");
    }
    for (const Value& y : out) call.outputs.push_back(y.tensor.name());
    lowered_.calls.push_back(std::move(call));
  }

  // A model's output keeps its layer's name even where the layer left no node (Dropout, linear), two outputs have two
  // names, and each is that of a node: TensorFlow's tools take a name without a number for a node's first output.
  Endpoint output(const Model& model, const TensorRef& ref, const Value& value) {
    const auto result = results_.find({ref.layer, ref.call});
    if (value.dtype == DType::kComplex64)
      throw Error(ErrorCode::kUnsupported, fmt::format("layer `{}`", model.layers.at(ref.layer).name),
                  "the model's output is complex, which is not converted; put kapre's Magnitude, Phase or InverseSTFT "
                  "behind it");
    const bool has_node = result != results_.end() && !result->second.left_no_node;
    const bool is_node = has_node && !of_several_.contains(value.tensor.node);
    if (is_node && outputs_.insert(value.tensor).second) return value.tensor;
    const std::string layer = scope_name("", model.layers.at(ref.layer).name);
    Node& identity = lowered_.graph.add("Identity", lowering_.unique_name(layer + "/Identity"), {value.tensor});
    identity.set("T", value.dtype);
    return identity.output();
  }

  LowerOptions options_;
  Lowered lowered_;
  Lowering lowering_;
  Results results_;
  std::map<const ModelLayer*, Values> variables_;
  std::set<std::string> variable_scopes_;
  std::set<std::string> named_;
  std::set<Endpoint> outputs_;
  std::set<Endpoint> unmasked_;       // whose masks a call has taken away
  std::set<const Node*> of_several_;  // nodes of which more than the first output is the model's
};

}  // namespace

Lowered lower(const Model& model, const LowerOptions& options) { return ModelLowering(options).run(model); }

}  // namespace hoarfrost::keras
