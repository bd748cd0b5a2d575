// Sum, Mean, Max, Min, Prod, All, Any over some axes, and ArgMax, ArgMin over one.
#include <limits>

#include "ops/arithmetic.h"
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

bool keeps_dims(const Node& node) { return node.get_or<bool>("keep_dims", node.get_or<bool>("keepdims", false)); }

std::vector<bool> reduced_axes(const Node& node, const std::vector<int64_t>& axes, int rank) {
  std::vector<bool> result(static_cast<size_t>(rank), false);
  for (const int64_t axis : axes) result[static_cast<size_t>(normalized_axis(node, axis, rank))] = true;
  return result;
}

std::vector<Known> infer_reduction(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto axes = integers(node, inputs[1]);
  const Shape& shape = inputs[0].shape;
  const bool is_kept = keeps_dims(node);
  if (!shape.has_rank()) return {of_type(inputs[0].dtype, shape)};
  if (!axes)
    return {of_type(inputs[0].dtype,
                    is_kept ? Shape(Sizes(static_cast<size_t>(shape.rank()), kUnknown)) : Shape::unknown_rank())};
  const auto is_reduced = reduced_axes(node, *axes, shape.rank());
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!is_reduced[static_cast<size_t>(axis)])
      result.push_back(shape[axis]);
    else if (is_kept)
      result.push_back(1);
  }
  return {of_type(inputs[0].dtype, result)};
}

std::vector<Known> infer_logical_reduction(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  need_type(node, inputs[0], DType::kBool);
  return infer_reduction(node, inputs);
}

// so_far[o] = add(so_far[o], x) for every x of the input, o being its place in the output.
template <typename T, typename A, typename F>
void accumulate(const Tensor& input, const std::vector<bool>& is_reduced, std::vector<A>& so_far, F add) {
  Sizes kept_strides(is_reduced.size(), 0);
  int64_t stride = 1;
  for (size_t axis = is_reduced.size(); axis-- > 0;) {
    if (is_reduced[axis]) continue;
    kept_strides[axis] = stride;
    stride *= input.shape().sizes()[axis];
  }
  const T* x = input.values<T>().data();
  for_each_run<1>(input.shape().sizes(), {kept_strides}, [&](const auto& offsets, const auto& steps, int64_t n) {
    A* target = so_far.data() + offsets[0];
    for (int64_t i = 0; i < n; ++i, target += steps[0]) *target = add(*target, *x++);
  });
}

// Start, add and finish make a reduction of T's in A's.
template <typename T>
struct SumReduction {
  using A = Sum<T>;
  static constexpr A kStart = 0;
  static A add(A so_far, T x) { return static_cast<A>(so_far + static_cast<A>(x)); }
  static T finish(A so_far, int64_t) { return static_cast<T>(so_far); }
};
template <typename T>
struct MeanReduction : SumReduction<T> {
  using A = Sum<T>;
  static T finish(A so_far, int64_t n) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(so_far / static_cast<double>(n));
    return n == 0 ? T{0} : static_cast<T>(static_cast<T>(so_far) / static_cast<T>(n));
  }
};
template <typename T>
struct ProdReduction {
  using A = std::conditional_t<std::is_floating_point_v<T>, double, T>;
  static constexpr A kStart = 1;
  static A add(A so_far, T x) { return wrapping_product(so_far, static_cast<A>(x)); }
  static T finish(A so_far, int64_t) { return static_cast<T>(so_far); }
};
template <typename T>
struct MaxReduction {
  using A = T;
  static constexpr A kStart =
      std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  static A add(A so_far, T x) { return x > so_far || x != x ? x : so_far; }
  static T finish(A so_far, int64_t) { return so_far; }
};
template <typename T>
struct MinReduction {
  using A = T;
  static constexpr A kStart =
      std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  static A add(A so_far, T x) { return x < so_far || x != x ? x : so_far; }
  static T finish(A so_far, int64_t) { return so_far; }
};

template <template <typename> typename Reduction>
std::vector<Tensor> reduce(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_reduction(node, all)[0]);
  const auto is_reduced = reduced_axes(node, *integers(node, all[1]), inputs[0].shape().rank());
  const int64_t n = output.n_elements() == 0 ? 0 : inputs[0].n_elements() / output.n_elements();
  with_numbers(node, output.dtype(), [&]<typename T>() {
    using R = Reduction<T>;
    std::vector<typename R::A> so_far(static_cast<size_t>(output.n_elements()), R::kStart);
    accumulate<T>(inputs[0], is_reduced, so_far, [](auto a, T x) { return R::add(a, x); });
    std::ranges::transform(so_far, output.mutable_values<T>().begin(), [n](auto a) { return R::finish(a, n); });
  });
  return {output};
}

template <bool is_all>
std::vector<Tensor> reduce_logical(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_logical_reduction(node, all)[0]);
  const auto is_reduced = reduced_axes(node, *integers(node, all[1]), inputs[0].shape().rank());
  std::vector<int> so_far(static_cast<size_t>(output.n_elements()), is_all ? 1 : 0);
  accumulate<bool>(inputs[0], is_reduced, so_far, [](int a, bool x) { return is_all ? (a != 0 && x) : (a != 0 || x); });
  std::ranges::transform(so_far, output.mutable_values<bool>().begin(), [](int a) { return a != 0; });
  return {output};
}

std::vector<Known> infer_arg(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto axis = integer(node, inputs[1]);
  const DType dtype = node.get_or<DType>("output_type", DType::kInt64);
  if (dtype != DType::kInt32 && dtype != DType::kInt64)
    unsupported(node, "an output_type {} is not supported", dtype_name(dtype));
  const Shape& shape = inputs[0].shape;
  if (!shape.has_rank()) return {of_type(dtype, shape)};
  if (shape.rank() == 0) mismatch(node, "expected an input with an axis, found a scalar");
  Sizes sizes = shape.sizes();
  if (!axis) return {of_type(dtype, Shape(Sizes(sizes.size() - 1, kUnknown)))};
  const int from_first = normalized_axis(node, *axis, shape.rank());
  if (sizes[static_cast<size_t>(from_first)] == 0)
    mismatch(node, "axis {} of {} has no elements", from_first, shape.to_string());
  sizes.erase(sizes.begin() + from_first);
  return {of_type(dtype, Shape(sizes))};
}

// The first of equal elements, as TensorFlow's kernels give.
template <typename T, bool is_max>
int64_t arg_along(const T* x, int64_t n, int64_t stride) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; ++i) {
    if (is_max ? x[i * stride] > x[best * stride] : x[i * stride] < x[best * stride]) best = i;
  }
  return best;
}

template <bool is_max>
std::vector<Tensor> arg(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_arg(node, all)[0]);
  const Shape& shape = inputs[0].shape();
  const auto axis = static_cast<size_t>(normalized_axis(node, *integer(node, all[1]), shape.rank()));
  const int64_t n = shape.sizes()[axis];
  const int64_t stride = strides_of(shape)[axis];
  Tensor positions(DType::kInt64, output.shape());
  const auto out = positions.mutable_values<int64_t>();
  const Tensor input = is_half(inputs[0].dtype()) ? inputs[0].cast(DType::kFloat32) : inputs[0];
  with_numbers(node, input.dtype(), [&]<typename T>() {
    const T* x = input.values<T>().data();
    for (size_t o = 0; o < out.size(); ++o) {
      const auto at = static_cast<int64_t>(o);
      out[o] = arg_along<T, is_max>(x + at / stride * n * stride + at % stride, n, stride);
    }
  });
  return {positions.cast(output.dtype())};
}

}  // namespace

std::span<const OpSpec> reduction_ops() {
  static constexpr OpSpec kOps[] = {
      {"Sum", infer_reduction, through_float<reduce<SumReduction>>},
      {"Mean", infer_reduction, through_float<reduce<MeanReduction>>},
      {"Prod", infer_reduction, through_float<reduce<ProdReduction>>},
      {"Max", infer_reduction, through_float<reduce<MaxReduction>>},
      {"Min", infer_reduction, through_float<reduce<MinReduction>>},
      {"All", infer_logical_reduction, reduce_logical<true>},
      {"Any", infer_logical_reduction, reduce_logical<false>},
      {"ArgMax", infer_arg, arg<true>},
      {"ArgMin", infer_arg, arg<false>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
