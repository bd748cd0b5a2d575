// Parts of tensors, and tensors with borders.
#include <algorithm>
#include <cstdint>

#include "onnx/translation.h"

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

// What a StridedSlice's masks say, entry by entry: an axis that is cut, one that goes, one that comes, or the ellipsis.
struct Cut {
  std::vector<int64_t> starts, ends, axes, steps;
  std::vector<int64_t> gone;  // of the input
  std::vector<int64_t> come;  // of the result
};

Cut cut_of(const Translation& t, const Node& node) {
  const auto begin = t.integers(node.input(1), "begin");
  const auto end = t.integers(node.input(2), "end");
  const auto strides = t.integers(node.input(3), "strides");
  const auto has = [&](const char* mask, size_t i) { return (node.get_or<int64_t>(mask, 0) >> i & 1) != 0; };
  const int rank = t.shape(node.input(0)).rank();
  int64_t n_axes = 0;  // that the entries name
  for (size_t i = 0; i < begin.size(); ++i) n_axes += has("new_axis_mask", i) || has("ellipsis_mask", i) ? 0 : 1;
  Cut cut;
  int64_t axis = 0;
  int64_t result_axis = 0;
  for (size_t i = 0; i < begin.size(); ++i) {
    if (has("ellipsis_mask", i)) {
      axis += rank - n_axes;
      result_axis += rank - n_axes;
    } else if (has("new_axis_mask", i)) {
      cut.come.push_back(result_axis++);
    } else if (has("shrink_axis_mask", i)) {
      cut.axes.push_back(axis);
      cut.starts.push_back(begin[i]);
      cut.ends.push_back(begin[i] == -1 ? INT64_MAX : begin[i] + 1);
      cut.steps.push_back(1);
      cut.gone.push_back(axis++);
    } else {
      const bool from_start = has("begin_mask", i);
      const bool to_end = has("end_mask", i);
      if (!from_start || !to_end || strides[i] != 1) {
        cut.axes.push_back(axis);
        cut.starts.push_back(from_start ? (strides[i] > 0 ? 0 : INT64_MAX) : begin[i]);
        cut.ends.push_back(to_end ? (strides[i] > 0 ? INT64_MAX : INT64_MIN) : end[i]);
        cut.steps.push_back(strides[i]);
      }
      ++axis;
      ++result_axis;
    }
  }
  return cut;
}

std::string sliced(Translation& t, const std::string& input, const Cut& cut) {
  if (cut.axes.empty()) return input;
  return t.step("Slice", {input, t.integers_initializer(cut.starts), t.integers_initializer(cut.ends),
                          t.integers_initializer(cut.axes), t.integers_initializer(cut.steps)});
}

void strided_slice(Translation& t, Node& node) {
  const Cut cut = cut_of(t, node);
  std::string result = sliced(t, t.value(node.input(0)), cut);
  if (!cut.gone.empty()) result = t.step("Squeeze", {result, t.integers_initializer(cut.gone)});
  if (!cut.come.empty()) result = t.step("Unsqueeze", {result, t.integers_initializer(cut.come)});
  t.is(node.output(), result);
}

void slice(Translation& t, Node& node) {
  const auto begin = t.integers(node.input(1), "begin");
  const auto size = t.integers(node.input(2), "size");
  Cut cut;
  for (size_t i = 0; i < begin.size(); ++i) {
    if (begin[i] == 0 && size[i] == -1) continue;
    cut.axes.push_back(static_cast<int64_t>(i));
    cut.starts.push_back(begin[i]);
    cut.ends.push_back(size[i] == -1 ? INT64_MAX : begin[i] + size[i]);
    cut.steps.push_back(1);
  }
  t.is(node.output(), sliced(t, t.value(node.input(0)), cut));
}

void reverse(Translation& t, Node& node) {
  const int rank = t.shape(node.input(0)).rank();
  Cut cut;
  for (const int64_t axis : t.integers(node.input(1), "axes")) {
    cut.axes.push_back(axis < 0 ? axis + rank : axis);
    cut.starts.push_back(INT64_MAX);
    cut.ends.push_back(INT64_MIN);
    cut.steps.push_back(-1);
  }
  t.is(node.output(), sliced(t, t.value(node.input(0)), cut));
}

// TensorFlow's [rank, 2]; ONNX' all beginnings, then all ends.
void pad(Translation& t, Node& node) {
  const Endpoint input = node.input(0);
  const int rank = t.shape(input).rank();
  const auto paddings = t.integers(node.input(1), "paddings");
  const bool first = t.is_channels_first(input);
  std::vector<int64_t> pads(static_cast<size_t>(rank) * 2);
  for (int axis = 0; axis < rank; ++axis) {
    const auto place = static_cast<size_t>(first ? axis_channels_first(axis, rank) : axis);
    pads[place] = paddings[static_cast<size_t>(axis) * 2];
    pads[place + static_cast<size_t>(rank)] = paddings[static_cast<size_t>(axis) * 2 + 1];
  }
  std::string mode = "constant";
  if (node.op() == "MirrorPad") {
    mode = "reflect";
    if (node.get<std::string>("mode") != "REFLECT") refuse(node, "mode SYMMETRIC, which ONNX has not");
  }
  std::vector<std::string> inputs = {first ? t.channels_first(input) : t.value(input), t.integers_initializer(pads)};
  if (node.op() == "PadV2") inputs.push_back(t.value(node.input(2)));
  if (first)
    t.emit_channels_first(node.output(), "Pad", inputs, {{"mode", mode}});
  else
    t.emit(node.output(), "Pad", inputs, {{"mode", mode}});
}

constexpr OpTranslation kOps[] = {{"StridedSlice", strided_slice},
                                  {"Slice", slice},
                                  {"ReverseV2", reverse},
                                  {"Pad", pad},
                                  {"PadV2", pad},
                                  {"MirrorPad", pad}};

}  // namespace

std::span<const OpTranslation> slicing_translations() { return kOps; }

}  // namespace hoarfrost::onnx
