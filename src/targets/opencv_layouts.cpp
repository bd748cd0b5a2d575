#include "targets/opencv_layouts.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "passes/edit.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Node;

Layout said(const Node& node) {
  const auto format = node.get_or<std::string>("data_format", "");
  if (format == "NHWC") return Layout::kChannelsLast;
  if (format == "NCHW") return Layout::kChannelsFirst;
  return format == "NDHWC" ? Layout::kVolume : Layout::kUnknown;
}

std::vector<int64_t> numbers_of(const Node& node, size_t input) {
  std::vector<int64_t> result;
  const Tensor* value = input < node.inputs.size() ? passes::const_value(node.inputs[input]) : nullptr;
  if (value == nullptr) return result;
  const Reader reader(*value);
  for (int64_t i = 0; i < value->n_elements(); ++i) result.push_back(static_cast<int64_t>(reader[i]));
  return result;
}

}  // namespace

Layouts::Layouts(const graph::Graph& graph) {
  const auto order = graph::topological_order(graph);
  look_back(order);
  for (const Node* node : order) {
    if (node->op() != "Const") layouts_[node] = read(*node, predicted(*node));
  }
}

Layout Layouts::of(const Node& node) const {
  const auto found = layouts_.find(&node);
  return found == layouts_.end() ? Layout::kUnknown : found->second;
}

// populateNet: "Pre-fill data layouts where they are set explicitly."
void Layouts::look_back(const std::vector<Node*>& order) {
  const auto meet = [&](const Node* node, Layout layout) {
    const auto [place, is_new] = layouts_.emplace(node, layout);
    if (is_new || layout == Layout::kUnknown) return place->second;
    if (place->second == Layout::kUnknown)
      place->second = layout;
    else if (place->second != layout)
      return place->second = Layout::kUnknown;
    return layout;
  };
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    const Layout layout = meet(*node, said(**node));
    for (const auto& input : (*node)->inputs) meet(input.node, layout);
  }
}

// predictOutputDataLayout
Layout Layouts::predicted(const Node& node) const {
  Layout layout = said(node);
  if (layout != Layout::kUnknown) return layout;
  for (const auto& input : node.inputs) {
    const Layout other = of(*input.node);
    if (layout != Layout::kUnknown && other != layout && other != Layout::kUnknown) return Layout::kUnknown;
    if (layout == Layout::kUnknown) layout = other;
  }
  return layout != Layout::kUnknown ? layout : of(node);
}

// What the importer's function for the op leaves behind.
Layout Layouts::read(const Node& node, Layout predicted) const {
  const auto& op = node.op();
  const Layout input = node.inputs.empty() ? Layout::kUnknown : of(*node.inputs[0].node);
  if (op == "MatMul") return passes::const_value(node.input(1)) != nullptr ? Layout::kPlanar : predicted;
  if (op == "Squeeze") return Layout::kPlanar;
  if (op == "Reshape") {
    const auto sizes = numbers_of(node, 1);
    if (sizes.size() == 2) return Layout::kPlanar;
    if (sizes.size() < 4) return input == Layout::kChannelsLast ? Layout::kChannelsFirst : input;
    const bool is_swapped = sizes.size() == 4 && std::abs(sizes[0]) == 1 && std::abs(sizes[1]) == 1;
    const bool is_moved = input == Layout::kChannelsLast || input == Layout::kUnknown || input == Layout::kPlanar;
    return sizes.size() == 4 && !is_swapped && is_moved ? Layout::kChannelsFirst : input;
  }
  if (op == "Transpose") {
    const auto order = numbers_of(node, 1);
    if (order.size() != 4) return Layout::kUnknown;
    if (input == Layout::kChannelsFirst && order == std::vector<int64_t>{0, 2, 3, 1}) return Layout::kChannelsLast;
    return input == Layout::kChannelsLast && order == std::vector<int64_t>{0, 3, 1, 2} ? Layout::kChannelsFirst
                                                                                       : predicted;
  }
  const bool is_convolution = op == "Conv2D" || op == "DepthwiseConv2dNative" || op == "Conv3D";
  if (is_convolution && predicted == Layout::kUnknown) return Layout::kChannelsLast;
  const bool is_pooled = (op == "Mean" || op == "Sum" || op == "Max") && numbers_of(node, 1).size() > 1;
  const bool is_flat = !node.get_or<bool>("keep_dims", false) && !node.get_or<bool>("keepdims", false);
  return is_pooled && is_flat ? Layout::kPlanar : predicted;
}

}  // namespace hoarfrost::targets::opencv
