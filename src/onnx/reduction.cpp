// Sums, means and extremes along axes.
#include <algorithm>

#include "onnx/translation.h"

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

std::vector<int64_t> axes_of(const Translation& t, const Node& node, int rank) {
  std::vector<int64_t> axes = t.integers(node.input(1), "axes");
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::ranges::sort(axes);
  return axes;
}

struct Reduced {
  std::string op;
  std::string input;
  std::vector<int64_t> axes;
  bool keeps;
};

// Axes are an attribute up to opset 17, but for ReduceSum, and an input from 18 on.
void emit_reduction(Translation& t, Endpoint output, const Reduced& r, bool first) {
  std::vector<std::string> inputs = {r.input};
  Attributes attributes{{"keepdims", int64_t{r.keeps ? 1 : 0}}};
  if (r.op == "ReduceSum" || t.opset() >= 18)
    inputs.push_back(t.integers_initializer(r.axes));
  else
    attributes["axes"] = r.axes;
  if (first)
    t.emit_channels_first(output, r.op, inputs, attributes);
  else
    t.emit(output, r.op, inputs, attributes);
}

void reduce(Translation& t, Node& node) {
  static const std::map<std::string_view, const char*> kNames = {
      {"Mean", "ReduceMean"}, {"Sum", "ReduceSum"}, {"Max", "ReduceMax"}, {"Min", "ReduceMin"}, {"Prod", "ReduceProd"}};
  const Endpoint input = node.input(0);
  const int rank = t.shape(input).rank();
  const auto axes = axes_of(t, node, rank);
  const bool keeps = node.get_or<bool>("keep_dims", false);
  if (axes.empty()) return t.alias(node.output(), input);
  // Without the channels, or without all the spatial axes, the order of the rest is the same in both layouts.
  const bool has_channels = std::ranges::find(axes, rank - 1) != axes.end();
  const auto n_spatial = std::ranges::count_if(axes, [&](int64_t axis) { return axis > 0 && axis < rank - 1; });
  const bool is_same_order = has_channels || n_spatial == rank - 2;
  if (!t.is_channels_first(input) || (!keeps && !is_same_order))
    return emit_reduction(t, node.output(), {kNames.at(node.op()), t.value(input), axes, keeps}, false);
  std::vector<int64_t> moved;
  for (const int64_t axis : axes) moved.push_back(axis_channels_first(axis, rank));
  std::ranges::sort(moved);
  emit_reduction(t, node.output(), {kNames.at(node.op()), t.channels_first(input), moved, keeps}, keeps);
}

// ONNX reduces numbers: true is 1.
void reduce_bool(Translation& t, Node& node) {
  const Endpoint input = node.input(0);
  const auto axes = axes_of(t, node, t.shape(input).rank());
  if (axes.empty()) return t.alias(node.output(), input);
  const std::string op = node.op() == "Any" ? "ReduceMax" : "ReduceMin";
  std::vector<std::string> inputs = {t.step("Cast", {t.value(input)}, {{"to", int64_t{element_type(DType::kInt32)}}})};
  Attributes attributes{{"keepdims", int64_t{node.get_or<bool>("keep_dims", false) ? 1 : 0}}};
  if (t.opset() >= 18)
    inputs.push_back(t.integers_initializer(axes));
  else
    attributes["axes"] = axes;
  t.emit(node.output(), "Cast", {t.step(op, inputs, attributes)}, {{"to", int64_t{element_type(DType::kBool)}}});
}

void place_of_extreme(Translation& t, Node& node) {
  const int rank = t.shape(node.input(0)).rank();
  int64_t axis = t.integers(node.input(1), "dimension").at(0);
  if (axis < 0) axis += rank;
  const Attributes attributes{{"axis", axis}, {"keepdims", int64_t{0}}};
  const auto type = node.get_or<DType>("output_type", DType::kInt64);
  if (type == DType::kInt64) return t.emit(node.output(), node.op(), {t.value(node.input(0))}, attributes);
  t.emit(node.output(), "Cast", {t.step(node.op(), {t.value(node.input(0))}, attributes)},
         {{"to", int64_t{element_type(type)}}});
}

void cumulative_sum(Translation& t, Node& node) {
  t.emit(node.output(), "CumSum", {t.value(node.input(0)), t.value(node.input(1))},
         {{"exclusive", int64_t{node.get_or<bool>("exclusive", false) ? 1 : 0}},
          {"reverse", int64_t{node.get_or<bool>("reverse", false) ? 1 : 0}}});
}

constexpr OpTranslation kOps[] = {{"Mean", reduce},
                                  {"Sum", reduce},
                                  {"Max", reduce},
                                  {"Min", reduce},
                                  {"Prod", reduce},
                                  {"Any", reduce_bool},
                                  {"All", reduce_bool},
                                  {"ArgMax", place_of_extreme},
                                  {"ArgMin", place_of_extreme},
                                  {"Cumsum", cumulative_sum}};

}  // namespace

std::span<const OpTranslation> reduction_translations() { return kOps; }

}  // namespace hoarfrost::onnx
