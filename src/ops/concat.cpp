// Joining and parting along an axis: Concat, ConcatV2, Pack, Unpack, Split, SplitV.
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

// Concat's axis comes first, ConcatV2's last.
struct Parts {
  Knowns values;
  const Known& axis;
};
Parts parts_of(const Node& node, Knowns inputs) {
  need_at_least(node, inputs.size(), 2);
  if (node.op() == "Concat") return {inputs.subspan(1), inputs.front()};
  return {inputs.first(inputs.size() - 1), inputs.back()};
}

// The sizes of two shapes merged but for one axis; -1 for no exception.
void merge_into(const Node& node, Shape& shape, const Shape& other, int except) {
  if (shape.rank() != other.rank())
    mismatch(node, "expected shapes of one rank, found {} and {}", shape.to_string(), other.to_string());
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != except) shape[i] = merged(node, shape[i], other[i], fmt::format("inputs of one size at axis {}:", i));
  }
}

std::vector<Known> infer_concat(const Node& node, Knowns inputs) {
  const auto [values, axis_input] = parts_of(node, inputs);
  need_same_type(node, values);
  const auto axis_value = integer(node, axis_input);
  Shape shape = values[0].shape;
  for (const Known& value : values) {
    if (!value.shape.has_rank()) return {of_type(values[0].dtype, Shape::unknown_rank())};
  }
  if (!axis_value) return {of_type(values[0].dtype, Shape(Sizes(static_cast<size_t>(shape.rank()), kUnknown)))};
  const int axis = normalized_axis(node, *axis_value, shape.rank());
  for (const Known& value : values.subspan(1)) {
    merge_into(node, shape, value.shape, axis);
    shape[axis] = shape[axis] < 0 || value.shape[axis] < 0 ? kUnknown : sum(node, shape[axis], value.shape[axis]);
  }
  Known result = of_type(values[0].dtype, shape);
  const bool is_whole = result.dtype == DType::kInt32 || result.dtype == DType::kInt64;
  if (shape.rank() == 1 && is_whole) {
    for (const Known& value : values) {
      const bool is_told = !value.sizes.empty() || (!value.value.empty() && value.shape.n_elements() <= 64);
      if (!is_told) return {of_type(values[0].dtype, shape)};
      const auto sizes = partial_integers(node, value);
      result.sizes.insert(result.sizes.end(), sizes->begin(), sizes->end());
    }
  }
  return {result};
}

std::vector<Tensor> concat(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_concat(node, all)[0]);
  const auto [values, axis_input] = parts_of(node, all);
  const auto axis = static_cast<size_t>(normalized_axis(node, *integer(node, axis_input), output.shape().rank()));
  View to{0, strides_of(output.shape())};
  for (const Known& part : values) {
    copy_view(output, to, part.value, {0, strides_of(part.shape)}, part.shape.sizes());
    to.offset += part.shape.sizes()[axis] * to.strides[axis];
  }
  return {output};
}

std::vector<Known> infer_pack(const Node& node, Knowns inputs) {
  need_at_least(node, inputs.size(), 1);
  need_same_type(node, inputs);
  Shape shape = inputs[0].shape;
  for (const Known& input : inputs) {
    if (!input.shape.has_rank()) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
    merge_into(node, shape, input.shape, -1);
  }
  Sizes sizes = shape.sizes();
  sizes.insert(sizes.begin() + normalized_axis(node, node.get_or<int64_t>("axis", 0), shape.rank() + 1),
               static_cast<int64_t>(inputs.size()));
  Known result = of_type(inputs[0].dtype, Shape(sizes));
  const bool is_shape =
      shape.rank() == 0 && (result.dtype == DType::kInt32 || result.dtype == DType::kInt64) && inputs.size() <= 64;
  for (size_t i = 0; is_shape && i < inputs.size(); ++i) {
    const auto size = partial_integers(node, inputs[i]);
    result.sizes.push_back(size && size->size() == 1 ? size->front() : kUnknown);
  }
  return {result};
}

std::vector<Tensor> pack(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_pack(node, known(inputs))[0]);
  const auto axis = static_cast<size_t>(normalized_axis(node, node.get_or<int64_t>("axis", 0), output.shape().rank()));
  View to{0, strides_of(output.shape())};
  const int64_t step = to.strides[axis];
  to.strides.erase(to.strides.begin() + static_cast<int64_t>(axis));
  for (const Tensor& input : inputs) {
    copy_view(output, to, input, {0, strides_of(input.shape())}, input.shape().sizes());
    to.offset += step;
  }
  return {output};
}

std::vector<Known> infer_unpack(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& shape = inputs[0].shape;
  const auto n = node.get<int64_t>("num");
  if (n < 0 || n > (1 << 20)) corrupt(node, "its num is {}", n);
  if (!shape.has_rank()) return {static_cast<size_t>(n), of_type(inputs[0].dtype, shape)};
  const int axis = normalized_axis(node, node.get_or<int64_t>("axis", 0), shape.rank());
  if (!may_equal(shape[axis], n))
    mismatch(node, "expected a size of {} at axis {}, found {}", n, axis, shape.to_string());
  Sizes sizes = shape.sizes();
  sizes.erase(sizes.begin() + axis);
  std::vector<Known> result(static_cast<size_t>(n), of_type(inputs[0].dtype, Shape(sizes)));
  for (size_t i = 0; sizes.empty() && i < std::min(result.size(), inputs[0].sizes.size()); ++i)
    result[i].sizes = {inputs[0].sizes[i]};
  return result;
}

// The outputs one after another along `axis` of the input; each takes `outputs[i]`'s part of it.
std::vector<Tensor> parted(const Node& node, const Tensor& input, size_t axis, const std::vector<Known>& outputs,
                           bool keeps_axis) {
  View from{0, strides_of(input.shape())};
  const int64_t step = from.strides[axis];
  if (!keeps_axis) from.strides.erase(from.strides.begin() + static_cast<int64_t>(axis));
  std::vector<Tensor> result;
  for (const Known& output : outputs) {
    Tensor part = allocate(node, output);
    copy_view(part, {0, strides_of(part.shape())}, input, from, part.shape().sizes());
    from.offset += step * (keeps_axis ? part.shape().sizes()[axis] : 1);
    result.push_back(std::move(part));
  }
  return result;
}

std::vector<Tensor> unpack(const Node& node, Tensors inputs) {
  const auto outputs = infer_unpack(node, known(inputs));
  const int axis = normalized_axis(node, node.get_or<int64_t>("axis", 0), inputs[0].shape().rank());
  return parted(node, inputs[0], static_cast<size_t>(axis), outputs, false);
}

int64_t n_splits(const Node& node) {
  const auto n = node.get<int64_t>("num_split");
  if (n < 1 || n > (1 << 20)) corrupt(node, "its num_split is {}", n);
  return n;
}

// Outputs with these sizes along the axis; unknown shapes where axis or shape are.
std::vector<Known> split_shapes(const Node& node, const Known& value, const Known& axis_input, const Sizes& parts) {
  const auto axis = integer(node, axis_input);
  const Shape& shape = value.shape;
  std::vector<Known> result;
  for (const int64_t part : parts) {
    Shape own = shape;
    if (shape.has_rank() && axis)
      own[normalized_axis(node, *axis, shape.rank())] = part;
    else if (shape.has_rank())
      own = Shape(Sizes(static_cast<size_t>(shape.rank()), kUnknown));
    result.push_back(of_type(value.dtype, own));
  }
  return result;
}

std::vector<Known> infer_split(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const int64_t n = n_splits(node);
  const auto axis = integer(node, inputs[0]);
  const Shape& shape = inputs[1].shape;
  int64_t part = kUnknown;
  if (axis && shape.has_rank()) {
    const int64_t size = shape[normalized_axis(node, *axis, shape.rank())];
    if (size >= 0 && size % n != 0) mismatch(node, "expected a size that {} divides, found {}", n, size);
    if (size >= 0) part = size / n;
  }
  return split_shapes(node, inputs[1], inputs[0], Sizes(static_cast<size_t>(n), part));
}

std::vector<Known> infer_split_v(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  const int64_t n = n_splits(node);
  auto parts = integers(node, inputs[1]);
  if (!parts) return split_shapes(node, inputs[0], inputs[2], Sizes(static_cast<size_t>(n), kUnknown));
  if (static_cast<int64_t>(parts->size()) != n) mismatch(node, "expected {} sizes, found {}", n, parts->size());
  const auto axis = integer(node, inputs[2]);
  const Shape& shape = inputs[0].shape;
  if (!axis || !shape.has_rank())
    return split_shapes(node, inputs[0], inputs[2], Sizes(static_cast<size_t>(n), kUnknown));
  const int64_t size = shape[normalized_axis(node, *axis, shape.rank())];
  int64_t told = 0;
  for (const int64_t part : *parts) {
    if (part < -1) mismatch(node, "expected sizes of -1 or more, found {}", part);
    told = sum(node, told, std::max<int64_t>(part, 0));
  }
  const auto open = std::ranges::count(*parts, -1);
  if (open > 1) mismatch(node, "expected one size of -1, found {}", open);
  if (size >= 0 && (open == 1 ? told > size : told != size))
    mismatch(node, "expected sizes that sum to {}, found {}", size, told);
  if (open == 1) *std::ranges::find(*parts, -1) = size < 0 ? kUnknown : size - told;
  return split_shapes(node, inputs[0], inputs[2], *parts);
}

template <std::vector<Known> (*infer)(const Node&, Knowns), size_t kValue, size_t kAxis>
std::vector<Tensor> split(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  const auto outputs = infer(node, all);
  const int axis = normalized_axis(node, *integer(node, all[kAxis]), inputs[kValue].shape().rank());
  return parted(node, inputs[kValue], static_cast<size_t>(axis), outputs, true);
}

}  // namespace

std::span<const OpSpec> concat_ops() {
  static constexpr OpSpec kOps[] = {
      {"Concat", infer_concat, concat},
      {"ConcatV2", infer_concat, moving_text<concat>},
      {"Pack", infer_pack, pack},
      {"Unpack", infer_unpack, unpack},
      {"Split", infer_split, split<infer_split, 1, 0>},
      {"SplitV", infer_split_v, split<infer_split_v, 0, 2>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
