#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <charconv>

#include "tensorflow/attribute.h"
#include "tensorflow/graph_def.h"

namespace hoarfrost::tensorflow {

class GraphBuilder::Budget : public ExpansionBudget {};

void GraphBuilder::add(const proto::NodeDef& message, const Contents& contents) {
  if (budget_ == nullptr) budget_ = std::make_shared<Budget>();
  graph::Node& node = graph_.add(message.op(), message.name());
  node.device = message.device();
  for (const auto& [key, value] : message.attr()) {
    const auto found = contents.find(key);
    try {
      auto content = found == contents.end() ? std::nullopt : std::optional(found->second);
      node.attributes.emplace(key, attribute_from_proto(value, std::move(content), *budget_));
    } catch (Error& error) {
      error.within(fmt::format("node `{}`: attribute `{}`", node.name(), key));
      throw;
    }
  }
  inputs_.emplace_back(message.input().begin(), message.input().end());
}

void GraphBuilder::set_versions(const proto::VersionDef& versions) {
  graph_.producer = versions.producer();
  graph_.min_consumer = versions.min_consumer();
}

// Up to GraphDef version 21 a Placeholder of unknown shape was written as a scalar, and TensorFlow still reads it so
// (the shape function of Placeholder in array_ops.cc, 2.15). Here it is said once, as later versions say it.
void GraphBuilder::read_scalars_as_unknown() {
  constexpr int kLastWithoutScalars = 21;
  if (graph_.producer > kLastWithoutScalars) return;
  for (const auto& node : graph_.nodes()) {
    if (node->op() != "Placeholder") continue;
    const auto shape = node->get_or<Shape>("shape", Shape::unknown_rank());
    if (shape.has_rank() && shape.rank() == 0) node->set("shape", Shape::unknown_rank());
  }
}

graph::Graph GraphBuilder::finish() {
  read_scalars_as_unknown();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    for (const auto& input : inputs_[i]) connect(*graph_.nodes()[i], input);
  }
  return std::move(graph_);
}

void GraphBuilder::connect(graph::Node& node, std::string_view input) {
  const bool is_control = input.starts_with('^');
  std::string_view name = input.substr(is_control ? 1 : 0);
  int index = 0;
  const size_t colon = name.rfind(':');
  if (colon != std::string_view::npos) {
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + colon + 1, end, index);
    if (parsed.ec != std::errc() || parsed.ptr != end || index < 0) {
      throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", node.name()),
                  fmt::format("input `{}` is no output's name", input));
    }
    name = name.substr(0, colon);
  }
  graph::Node* source = graph_.find(name);
  if (source == nullptr) {
    throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", node.name()),
                fmt::format("input `{}` is no node of the graph; the file may be a part of one", input));
  }
  if (is_control) {
    node.control_inputs.push_back(source);
  } else {
    node.inputs.push_back({source, index});
  }
}

graph::Graph graph_from_proto(const proto::GraphDef& message) {
  GraphBuilder builder;
  for (const auto& node : message.node()) builder.add(node, {});
  builder.set_versions(message.versions());
  if (message.has_library()) builder.set_library(serialize(message.library()));
  return builder.finish();
}

}  // namespace hoarfrost::tensorflow
