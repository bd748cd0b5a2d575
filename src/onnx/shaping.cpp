// Shapes: asked for, changed, and made.
#include <algorithm>

#include "onnx/translation.h"

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

int64_t positive(int64_t axis, int rank) { return axis < 0 ? axis + rank : axis; }

void reshape(Translation& t, Node& node) {
  Attributes attributes;
  if (t.constant(node.input(1)) != nullptr && std::ranges::count(t.integers(node.input(1), "shape"), 0) > 0) {
    if (t.opset() < 14) refuse(node, "a size of 0, which ONNX takes for `as it was` before opset 14");
    attributes["allowzero"] = int64_t{1};
  }
  t.emit(node.output(), "Reshape", {t.value(node.input(0)), t.as_int64(node.input(1))}, attributes);
}

// A spatial axis of size 1 comes or goes in either layout: 1-D convolutions are 2-D ones.
void squeeze(Translation& t, Node& node) {
  const Endpoint input = node.input(0);
  const int rank = t.shape(input).rank();
  std::vector<int64_t> axes;
  for (const char* key : {"squeeze_dims", "axis"}) {
    if (node.has(key) && std::holds_alternative<std::vector<int64_t>>(node.attributes.at(key)))
      axes = node.get<std::vector<int64_t>>(key);
  }
  for (int64_t& axis : axes) axis = positive(axis, rank);
  if (axes.empty()) {
    for (int axis = 0; axis < rank; ++axis) {
      if (t.shape(input)[axis] < 0) refuse(node, "sizes that are not known, of which some may be 1");
      if (t.shape(input)[axis] == 1) axes.push_back(axis);
    }
  }
  if (axes.size() == 1 && axes[0] > 0 && axes[0] < rank - 1 && rank > 3 && t.is_channels_first(input))
    return t.emit_channels_first(node.output(), "Squeeze",
                                 {t.channels_first(input), t.integers_initializer({axes[0] + 1})});
  t.emit(node.output(), "Squeeze", {t.value(input), t.integers_initializer(axes)});
}

void expand_dims(Translation& t, Node& node) {
  const Endpoint input = node.input(0);
  const int rank = t.shape(input).rank();
  const int64_t axis = positive(t.integers(node.input(1), "axis").at(0), rank + 1);
  if (axis > 0 && axis < rank && rank > 2 && t.is_channels_first(input))
    return t.emit_channels_first(node.output(), "Unsqueeze",
                                 {t.channels_first(input), t.integers_initializer({axis + 1})});
  t.emit(node.output(), "Unsqueeze", {t.value(input), t.integers_initializer({axis})});
}

void transpose(Translation& t, Node& node) {
  auto order = t.integers(node.input(1), "order");
  const int rank = static_cast<int>(order.size());
  for (int64_t& axis : order) axis = positive(axis, rank);
  t.emit(node.output(), "Transpose", {t.value(node.input(0))}, {{"perm", order}});
}

void shape(Translation& t, Node& node) {
  const auto type = node.get_or<DType>("out_type", DType::kInt32);
  const std::string op = node.op() == "Shape" ? "Shape" : "Size";
  if (type == DType::kInt64) return t.emit(node.output(), op, {t.value(node.input(0))});
  t.emit(node.output(), "Cast", {t.step(op, {t.value(node.input(0))})}, {{"to", int64_t{element_type(type)}}});
}

void fill(Translation& t, Node& node) {
  t.emit(node.output(), "Expand", {t.value(node.input(1)), t.as_int64(node.input(0))});
}
void broadcast_to(Translation& t, Node& node) {
  t.emit(node.output(), "Expand", {t.value(node.input(0)), t.as_int64(node.input(1))});
}
void range(Translation& t, Node& node) {
  t.emit(node.output(), "Range", {t.value(node.input(0)), t.value(node.input(1)), t.value(node.input(2))});
}
void tile(Translation& t, Node& node) {
  t.emit(node.output(), "Tile", {t.value(node.input(0)), t.as_int64(node.input(1))});
}

void concat(Translation& t, Node& node) {
  const bool is_old = node.op() == "Concat";  // the axis first
  const size_t n = node.inputs.size() - 1;
  const size_t first_value = is_old ? 1 : 0;
  const Endpoint axis_input = node.input(is_old ? 0 : n);
  const int rank = t.shape(node.output()).rank();
  const int64_t axis = positive(t.integers(axis_input, "axis").at(0), rank);
  bool first = false;
  for (size_t i = 0; i < n; ++i) first = first || t.is_channels_first(node.input(first_value + i));
  std::vector<std::string> inputs;
  for (size_t i = 0; i < n; ++i)
    inputs.push_back(first ? t.channels_first(node.input(first_value + i)) : t.value(node.input(first_value + i)));
  if (first)
    t.emit_channels_first(node.output(), "Concat", inputs, {{"axis", axis_channels_first(axis, rank)}});
  else
    t.emit(node.output(), "Concat", inputs, {{"axis", axis}});
}

void pack(Translation& t, Node& node) {
  const int64_t axis = positive(node.get_or<int64_t>("axis", 0), t.shape(node.input(0)).rank() + 1);
  std::vector<std::string> inputs;
  for (const Endpoint& input : node.inputs)
    inputs.push_back(t.step("Unsqueeze", {t.value(input), t.integers_initializer({axis})}));
  t.emit(node.output(), "Concat", inputs, {{"axis", axis}});
}

void unpack(Translation& t, Node& node) {
  const int64_t axis = positive(node.get_or<int64_t>("axis", 0), t.shape(node.input(0)).rank());
  const auto n = static_cast<size_t>(node.get<int64_t>("num"));
  const std::string axes = t.integers_initializer({axis});
  if (n == 1) return t.emit(node.output(), "Squeeze", {t.value(node.input(0)), axes});
  const auto parts = t.steps("Split", {t.value(node.input(0)), t.integers_initializer(std::vector<int64_t>(n, 1))}, n,
                             {{"axis", axis}});
  for (size_t i = 0; i < n; ++i) t.emit(node.output(static_cast<int>(i)), "Squeeze", {parts[i], axes});
}

void split_into(Translation& t, Node& node, Endpoint input, int64_t axis, const std::vector<int64_t>& sizes) {
  if (sizes.size() == 1) return t.alias(node.output(), input);
  const auto parts = t.steps("Split", {t.value(input), t.integers_initializer(sizes)}, sizes.size(), {{"axis", axis}});
  for (size_t i = 0; i < parts.size(); ++i) t.is(node.output(static_cast<int>(i)), parts[i]);
}

void split(Translation& t, Node& node) {
  const Endpoint input = node.input(1);
  const Shape shape = t.shape(input);
  const int64_t axis = positive(t.integers(node.input(0), "axis").at(0), shape.rank());
  const int64_t n = node.get<int64_t>("num_split");
  const int64_t size = shape[static_cast<int>(axis)];
  if (size < 0) refuse(node, "an axis of unknown size; fix it with --input-shape");
  split_into(t, node, input, axis, std::vector<int64_t>(static_cast<size_t>(n), size / n));
}

void split_v(Translation& t, Node& node) {
  const Endpoint input = node.input(0);
  const Shape shape = t.shape(input);
  const int64_t axis = positive(t.integers(node.input(2), "axis").at(0), shape.rank());
  auto sizes = t.integers(node.input(1), "sizes");
  int64_t rest = shape[static_cast<int>(axis)];
  for (const int64_t size : sizes) rest -= std::max<int64_t>(size, 0);
  for (int64_t& size : sizes) {
    if (size >= 0) continue;
    if (rest < 0) refuse(node, "an axis of unknown size; fix it with --input-shape");
    size = rest;
  }
  split_into(t, node, input, axis, sizes);
}

constexpr OpTranslation kOps[] = {{"Reshape", reshape},
                                  {"Squeeze", squeeze},
                                  {"ExpandDims", expand_dims},
                                  {"Transpose", transpose},
                                  {"Shape", shape},
                                  {"Size", shape},
                                  {"Fill", fill},
                                  {"BroadcastTo", broadcast_to},
                                  {"Range", range},
                                  {"Tile", tile},
                                  {"Concat", concat},
                                  {"ConcatV2", concat},
                                  {"Pack", pack},
                                  {"Unpack", unpack},
                                  {"Split", split},
                                  {"SplitV", split_v}};

}  // namespace

std::span<const OpTranslation> shaping_translations() { return kOps; }

}  // namespace hoarfrost::onnx
