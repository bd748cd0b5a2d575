// Cast between numeric types. Floats become integers toward zero; bool is x != 0.
#include <cmath>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_cast(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  if (node.get_or<bool>("Truncate", false))
    unsupported(node, "Truncate is true: only rounding to nearest is supported");
  Known result = of_type(node.type("DstT"), inputs[0].shape);
  const bool all_fit = std::ranges::all_of(inputs[0].sizes, [](int64_t size) { return size <= INT32_MAX; });
  if (result.dtype == DType::kInt64 || (result.dtype == DType::kInt32 && all_fit)) result.sizes = inputs[0].sizes;
  return {result};
}

// A float outside To's range is undefined in C++. x86-64's conversions give the lowest integer, and TensorFlow with
// them.
template <typename From, typename To>
To converted(From x) {
  if constexpr (std::is_same_v<To, bool>) return x != From{0};
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Wide = std::conditional_t<sizeof(To) <= 4 && (std::is_signed_v<To> || sizeof(To) < 4), int32_t, int64_t>;
    const double limit = std::ldexp(1.0, std::numeric_limits<Wide>::digits);
    const double value = static_cast<double>(x);
    if (!(value >= -limit && value < limit)) return static_cast<To>(std::numeric_limits<Wide>::lowest());
    return static_cast<To>(static_cast<Wide>(value));
  }
  return static_cast<To>(x);
}

template <typename F>
void with_any(const Node& node, DType dtype, F&& f) {
  with_type<float, double, int32_t, int64_t, uint8_t, int8_t, int16_t, uint16_t, uint32_t, uint64_t, bool>(
      node, dtype, std::forward<F>(f));
}

std::vector<Tensor> cast(const Node& node, Tensors inputs) {
  const Known inferred = infer_cast(node, known(inputs))[0];
  const Tensor input = is_half(inputs[0].dtype()) ? inputs[0].cast(DType::kFloat32) : inputs[0];
  Tensor output = allocate(node, of_type(is_half(inferred.dtype) ? DType::kFloat32 : inferred.dtype, inferred.shape));
  with_any(node, input.dtype(), [&]<typename From>() {
    with_any(node, output.dtype(), [&]<typename To>() {
      std::ranges::transform(input.values<From>(), output.mutable_values<To>().begin(), converted<From, To>);
    });
  });
  return {output.cast(inferred.dtype)};
}

}  // namespace

std::span<const OpSpec> cast_ops() {
  static constexpr OpSpec kOps[] = {{"Cast", infer_cast, cast}};
  return kOps;
}

}  // namespace hoarfrost::ops
