#include "training/step_graph.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/model.h"
#include "keras/penalty.h"
#include "keras/weight_setting.h"
#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

// The placeholder's own shape with what it leaves open.
Shape completed(const Shape& declared, const Shape& given, const std::string& input) {
  if (!declared.has_rank()) return given;
  Shape result = declared;
  bool fits = declared.rank() == given.rank();
  for (int axis = 0; fits && axis < result.rank(); ++axis) {
    if (axis == 0 || result[axis] == kUnknown) result[axis] = given[axis];
    fits = result[axis] == given[axis];
  }
  if (!fits)
    throw Error(ErrorCode::kMismatch, fmt::format("input `{}`", input),
                fmt::format("the model takes {}, the data has {}", declared.to_string(), given.to_string()));
  return result;
}

// Variables as placeholders, inputs with static shapes, nothing that assigns.
graph::Graph fed_graph(const keras::Lowered& lowered, const StepOptions& options) {
  graph::Graph graph = lowered.graph.clone();
  graph.retain([](const graph::Node& node) { return node.op() != "Assign"; });
  for (const std::string& name : lowered.variable_names) {
    graph::Node& node = *graph.find(name);
    node.set_op("Placeholder");
    node.attributes.erase("container");
    node.attributes.erase("shared_name");
  }
  for (size_t i = 0; i < lowered.signature.inputs.size(); ++i) {
    graph::Node& node = *graph.find(lowered.signature.inputs[i].node->name());
    node.set("shape",
             completed(node.get<Shape>("shape"), with_batch(options.x_shapes.at(i), options.batch_size), node.name()));
  }
  if (lowered.batch_share) {
    graph::Node& node = *graph.find(lowered.batch_share.node->name());
    node.set_op("Const");
    node.attributes.erase("shape");
    node.set("value", Tensor::scalar(static_cast<float>(options.batch_share)));
  }
  return graph;
}

constexpr const char* kInstance = "instance_key";

// The nodes that work with other processes, which do so in the order in which the model has them.
std::vector<graph::Node*> number_shared(graph::Graph& graph, double batch_share) {
  std::vector<graph::Node*> result;
  for (const auto& node : graph.nodes()) {
    if (node->get_or<int64_t>("group_size", 1) == 1) continue;
    result.push_back(node.get());
    node->set(kInstance, static_cast<int64_t>(result.size())).set("batch_share", static_cast<float>(batch_share));
  }
  return result;
}

// Gradients have their node's number. What the graph holds beside them depends on the batch size, and with it the order
// in which they would run.
void put_in_order(graph::Graph& graph, std::vector<graph::Node*> shared) {
  std::vector<graph::Node*> back;
  for (const auto& node : graph.nodes()) {
    if (node->has(kInstance) && std::ranges::find(shared, node.get()) == shared.end()) back.push_back(node.get());
  }
  std::ranges::stable_sort(back, std::ranges::greater(),
                           [](const graph::Node* node) { return node->get<int64_t>(kInstance); });
  shared.insert(shared.end(), back.begin(), back.end());
  for (size_t i = 1; i < shared.size(); ++i) shared[i]->control_inputs.push_back(shared[i - 1]);
}

class Maker {
 public:
  Maker(const keras::Lowered& lowered, const StepOptions& options) : lowered_(lowered), options_(options) {
    result_.graph = fed_graph(lowered, options);
    shared_ = number_shared(result_.graph, options.batch_share);
  }

  StepGraph make() {
    Builder builder(result_.graph);
    for (const graph::Endpoint& input : lowered_.signature.inputs) result_.signature.inputs.push_back(own(input));
    result_.n_x = lowered_.signature.inputs.size();
    add_losses(builder);
    if (lowered_.random_seed) result_.signature.inputs.push_back(own(lowered_.random_seed));
    result_.has_seed = static_cast<bool>(lowered_.random_seed);
    for (const std::string& name : lowered_.variable_names)
      result_.signature.inputs.push_back(result_.graph.find(name)->output());
    result_.variables = lowered_.variable_names;
    auto& outputs = result_.signature.outputs;
    outputs.push_back(total_);
    outputs.insert(outputs.end(), own_losses_.begin(), own_losses_.end());
    for (const graph::Endpoint& output : lowered_.signature.outputs) outputs.push_back(own(output));
    if (options_.has_gradients) add_gradients(builder);
    for (const auto& [name, value] : lowered_.updates) {
      result_.updated.push_back(name);
      outputs.push_back(own(value));
    }
    put_in_order(result_.graph, std::move(shared_));
    return std::move(result_);
  }

 private:
  graph::Endpoint own(graph::Endpoint outer) const { return {result_.graph.find(outer.node->name()), outer.index}; }

  void expect_labels(const Loss& loss, const Shape& labels, const graph::Endpoint& output,
                     const Shape& prediction) const {
    const bool is_sparse = loss.labels() == Labels::kSparse;
    std::vector<int64_t> wanted = prediction.sizes();
    if (is_sparse && !wanted.empty()) wanted.pop_back();
    std::vector<int64_t> given = labels.sizes();
    if (is_sparse && given.size() == wanted.size() + 1 && given.back() == 1) given.pop_back();
    if (wanted == given) return;
    throw Error(ErrorCode::kMismatch, fmt::format("output `{}`", output.node->name()),
                fmt::format("{} of {} wants labels of {}, the data has {}", loss.name(), prediction.to_string(),
                            Shape(wanted).to_string(), labels.to_string()));
  }

  void add_losses(Builder& builder) {
    std::vector<graph::Endpoint> labels;
    for (size_t i = 0; i < options_.y_shapes.size(); ++i) {
      labels.push_back(builder.placeholder(fmt::format("labels_{}", i), DType::kFloat32,
                                           with_batch(options_.y_shapes[i], options_.batch_size)));
      result_.signature.inputs.push_back(labels.back());
    }
    result_.n_y = labels.size();
    const graph::Endpoint weights = builder.placeholder("example_weights", DType::kFloat32, {options_.batch_size});
    result_.signature.inputs.push_back(weights);
    std::vector<graph::Endpoint> terms;
    for (size_t i = 0; i < lowered_.signature.outputs.size(); ++i) {
      const graph::Endpoint prediction = own(lowered_.signature.outputs[i]);
      const Loss& loss = options_.losses.at(i);
      const Shape& given = builder.shape(labels.at(i));
      expect_labels(loss, given, prediction, builder.shape(prediction));
      graph::Endpoint y = labels[i];
      if (loss.labels() == Labels::kSparse && given.rank() == builder.shape(prediction).rank())
        y = builder.reshape(y, Shape(std::vector<int64_t>(given.sizes().begin(), given.sizes().end() - 1)));
      // Losses are summed in float32, whatever a mixed policy computes in.
      const graph::Endpoint each =
          builder.cast(loss.of_examples(builder, y, builder.cast(prediction, DType::kFloat32)), DType::kFloat32);
      builder.enter("loss");
      own_losses_.push_back(builder.reduce_all("Sum", builder.add("Mul", {each, weights})));
      const double factor = i < options_.loss_weights.size() ? options_.loss_weights[i] : 1;
      terms.push_back(factor == 1 ? own_losses_.back()
                                  : builder.add("Mul", {own_losses_.back(), builder.scalar(factor, DType::kFloat32)}));
    }
    add_penalties(builder, terms);
    builder.enter("loss");
    total_ = builder.sum_of(terms);
  }

  // Regularizers of weights and of activities.
  void add_penalties(Builder& builder, std::vector<graph::Endpoint>& terms) {
    builder.enter("penalty");
    const auto add = [&](graph::Endpoint penalty, double share) {
      terms.push_back(share == 1 ? penalty : (Term{&builder, penalty} * share).at);
    };
    for (const graph::Endpoint& loss : lowered_.losses)
      add(builder.cast(own(loss), DType::kFloat32), options_.batch_share);
    const double share = 1.0 / options_.group_size;
    for (const keras::VariableOrigin& origin : lowered_.origins) {
      const auto& config = origin.layer->config;
      const Json* regularizer =
          config == nullptr ? nullptr : keras::weight_setting(*config, origin.weight, "regularizer");
      if (regularizer == nullptr) continue;
      const auto penalty = keras::penalty_of(*regularizer);
      const Term x{&builder, builder.cast(result_.graph.find(origin.variable)->output(), DType::kFloat32)};
      if (penalty.l1 != 0) add(Term{&builder, builder.reduce_all("Sum", x.apply("Abs"))} * penalty.l1, share);
      if (penalty.l2 != 0) add(Term{&builder, builder.reduce_all("Sum", x.apply("Square"))} * penalty.l2, share);
    }
  }

  void add_gradients(Builder& builder) {
    std::vector<graph::Endpoint> sources;
    for (const std::string& name : lowered_.trainable_names) sources.push_back(result_.graph.find(name)->output());
    const auto refused = nodes_without_gradient(builder, total_, sources);
    if (!refused.empty()) {
      std::string list;
      for (const graph::Node* node : refused)
        list += fmt::format("{}`{}` ({})", list.empty() ? "" : ", ", node->name(), node->op());
      throw Error(ErrorCode::kUnsupported, "", fmt::format("cannot be trained: no gradient for {}", list));
    }
    const auto gradients = differentiate(builder, total_, sources);
    result_.signature.outputs.insert(result_.signature.outputs.end(), gradients.begin(), gradients.end());
    result_.trainable = lowered_.trainable_names;
  }

  const keras::Lowered& lowered_;
  const StepOptions& options_;
  StepGraph result_;
  std::vector<graph::Node*> shared_;  // with other processes
  graph::Endpoint total_;
  std::vector<graph::Endpoint> own_losses_;
};

}  // namespace

Shape with_batch(const Shape& example, int64_t n) {
  std::vector<int64_t> sizes = example.sizes();
  sizes.insert(sizes.begin(), n);
  return Shape(sizes);
}

StepGraph step_graph(const keras::Lowered& lowered, const StepOptions& options) {
  return Maker(lowered, options).make();
}

}  // namespace hoarfrost::training
