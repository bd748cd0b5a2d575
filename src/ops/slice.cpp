// Slice and StridedSlice, with all of the latter's masks (TensorFlow 2.15's strided_slice_op.cc).
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

// One axis of the input as a strided slice takes it.
struct Range {
  int64_t begin = 0;
  int64_t stride = 1;
  int64_t size = 0;  // elements taken, kUnknown where it depends on an unknown size
};

struct Taken {
  std::vector<Range> ranges;  // one per axis of the input
  Shape shape;                // of the output: without shrunk axes, with new ones
};

struct Masks {
  int64_t begin, end, ellipsis, new_axis, shrink;
  explicit Masks(const Node& node)
      : begin(node.get_or<int64_t>("begin_mask", 0)),
        end(node.get_or<int64_t>("end_mask", 0)),
        ellipsis(node.get_or<int64_t>("ellipsis_mask", 0)),
        new_axis(node.get_or<int64_t>("new_axis_mask", 0)),
        shrink(node.get_or<int64_t>("shrink_axis_mask", 0)) {}
  static bool at(int64_t mask, size_t i) { return i < 63 && ((mask >> i) & 1) != 0; }
};

int64_t clamped(int64_t at, int64_t size, int64_t stride) {
  const int64_t from_first = at < 0 ? at + size : at;
  return stride > 0 ? std::clamp<int64_t>(from_first, 0, size) : std::clamp<int64_t>(from_first, -1, size - 1);
}

struct Bound {
  int64_t at;
  bool is_masked;  // as if it were not written
};

// begin:end:stride of an axis, Python's rules.
Range range_of(int64_t size, Bound begin, Bound end, int64_t stride) {
  if (size < 0) return {0, stride, kUnknown};
  const int64_t first = !begin.is_masked ? clamped(begin.at, size, stride) : stride > 0 ? 0 : size - 1;
  const int64_t last = !end.is_masked ? clamped(end.at, size, stride) : stride > 0 ? size : -1;
  const int64_t length = stride > 0 ? last - first : first - last;
  const int64_t step = stride > 0 ? stride : -stride;
  return {first, stride, length <= 0 ? 0 : (length - 1) / step + 1};
}

Range shrunk(const Node& node, int64_t size, int64_t at, int64_t stride) {
  if (stride <= 0) mismatch(node, "an index that drops its axis has the stride {}", stride);
  if (size >= 0 && (at < -size || at >= size)) mismatch(node, "index {} lies outside an axis of size {}", at, size);
  return {at < 0 ? std::max<int64_t>(at + size, 0) : at, 1, 1};
}

// nullopt when begin, end or strides are not known.
std::optional<Taken> strided_slice_of(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 4);
  const auto begins = integers(node, inputs[1]);
  const auto ends = integers(node, inputs[2]);
  const auto strides = integers(node, inputs[3]);
  const Shape& shape = inputs[0].shape;
  if (!shape.has_rank() || !begins || !ends || !strides) return std::nullopt;
  if (begins->size() != ends->size() || begins->size() != strides->size() || begins->size() > 32) {
    mismatch(node, "expected begin, end and strides of one length, found {}, {} and {}", begins->size(), ends->size(),
             strides->size());
  }
  const Masks masks(node);
  size_t n_taken = 0;  // axes that the specification names
  size_t n_ellipses = 0;
  for (size_t i = 0; i < begins->size(); ++i) {
    if (Masks::at(masks.ellipsis, i))
      ++n_ellipses;
    else if (!Masks::at(masks.new_axis, i))
      ++n_taken;
  }
  if (n_ellipses > 1) mismatch(node, "more than one ellipsis");
  const auto rank = static_cast<size_t>(shape.rank());
  if (n_taken > rank) mismatch(node, "{} axes are indexed, the input has {}", n_taken, shape.to_string());
  Taken taken;
  const auto take_whole = [&](size_t n) {
    for (size_t i = 0; i < n; ++i) {
      const int64_t size = shape.sizes()[taken.ranges.size()];
      taken.ranges.push_back({0, 1, size});
      taken.shape.push_back(size);
    }
  };
  for (size_t i = 0; i < begins->size(); ++i) {
    if (Masks::at(masks.ellipsis, i)) {
      take_whole(rank - n_taken);
      continue;
    }
    if (Masks::at(masks.new_axis, i)) {
      taken.shape.push_back(1);
      continue;
    }
    const int64_t size = shape.sizes()[taken.ranges.size()];
    const int64_t stride = (*strides)[i];
    if (stride == 0 || stride < -INT64_MAX) mismatch(node, "strides[{}] is {}", i, stride);
    if (Masks::at(masks.shrink, i)) {
      taken.ranges.push_back(shrunk(node, size, (*begins)[i], stride));
      continue;
    }
    const Bound begin{(*begins)[i], Masks::at(masks.begin, i)};
    const Bound end{(*ends)[i], Masks::at(masks.end, i)};
    taken.ranges.push_back(range_of(size, begin, end, stride));
    taken.shape.push_back(taken.ranges.back().size);
  }
  take_whole(rank - taken.ranges.size());
  return taken;
}

std::vector<Known> infer_strided_slice(const Node& node, Knowns inputs) {
  const auto taken = strided_slice_of(node, inputs);
  if (!taken) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  Known result = of_type(inputs[0].dtype, taken->shape);
  const auto& sizes = inputs[0].sizes;
  const bool is_vector = taken->ranges.size() == 1 && taken->shape.is_static() && taken->shape.rank() <= 1;
  if (is_vector && inputs[0].shape[0] == static_cast<int64_t>(sizes.size())) {
    const Range& range = taken->ranges[0];
    for (int64_t i = 0; i < range.size; ++i)
      result.sizes.push_back(sizes[static_cast<size_t>(range.begin + i * range.stride)]);
  }
  return {result};
}

Tensor taken_from(const Node& node, const Tensor& input, const std::vector<Range>& ranges, const Shape& shape) {
  Tensor output = allocate(node, of_type(input.dtype(), shape));
  if (output.n_elements() == 0) return output;
  View from{0, strides_of(input.shape())};
  Sizes sizes;
  for (size_t axis = 0; axis < ranges.size(); ++axis) {
    from.offset += ranges[axis].begin * from.strides[axis];
    from.strides[axis] *= ranges[axis].size > 1 ? ranges[axis].stride : 1;
    sizes.push_back(ranges[axis].size);
  }
  copy_view(output, {0, strides_of(Shape(sizes))}, input, from, sizes);
  return output;
}

std::vector<Tensor> strided_slice(const Node& node, Tensors inputs) {
  const auto taken = strided_slice_of(node, known(inputs));
  return {taken_from(node, inputs[0], taken->ranges, taken->shape)};
}

std::vector<Known> infer_slice(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  const auto begins = integers(node, inputs[1]);
  const auto sizes = integers(node, inputs[2]);
  const Shape& shape = inputs[0].shape;
  const auto fits = [&](const auto& list) {
    return !list || !shape.has_rank() || list->size() == static_cast<size_t>(shape.rank());
  };
  if (!fits(begins) || !fits(sizes)) mismatch(node, "expected a begin and a size per axis of {}", shape.to_string());
  if (!shape.has_rank() || !sizes) {
    return {
        of_type(inputs[0].dtype, shape.has_rank() ? Shape(Sizes(static_cast<size_t>(shape.rank()), kUnknown)) : shape)};
  }
  Shape result = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t size = (*sizes)[static_cast<size_t>(axis)];
    const int64_t begin = begins ? (*begins)[static_cast<size_t>(axis)] : 0;
    if (size < -1 || begin < 0) mismatch(node, "a begin or a size is negative at axis {}", axis);
    const bool is_outside = shape[axis] >= 0 && sum(node, begin, std::max<int64_t>(size, 0)) > shape[axis];
    if (is_outside)
      mismatch(node, "elements [{}, {} + {}) lie outside axis {} of {}", begin, begin, size, axis, shape.to_string());
    result[axis] = size >= 0 ? size : begins && shape[axis] >= 0 ? shape[axis] - begin : kUnknown;
  }
  Known output = of_type(inputs[0].dtype, result);
  const auto& known_sizes = inputs[0].sizes;
  if (result.rank() == 1 && begins && result[0] >= 0 && shape[0] == static_cast<int64_t>(known_sizes.size())) {
    output.sizes.assign(known_sizes.begin() + begins->front(), known_sizes.begin() + begins->front() + result[0]);
  }
  return {output};
}

std::vector<Tensor> slice(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  const Shape shape = infer_slice(node, all)[0].shape;
  const auto begins = *integers(node, all[1]);
  std::vector<Range> ranges;
  for (size_t axis = 0; axis < begins.size(); ++axis) ranges.push_back({begins[axis], 1, shape.sizes()[axis]});
  return {taken_from(node, inputs[0], ranges, shape)};
}

}  // namespace

std::span<const OpSpec> slice_ops() {
  static constexpr OpSpec kOps[] = {
      {"Slice", infer_slice, moving_text<slice>},
      {"StridedSlice", infer_strided_slice, moving_text<strided_slice>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
