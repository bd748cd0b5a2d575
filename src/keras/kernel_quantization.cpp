#include "keras/kernel_quantization.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "keras/contraction.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

using Mode = KernelQuantization::Mode;

constexpr double kLargestFloat8 = 448;
constexpr int kLeastExponent = -6;  // below it the numbers are evenly spaced
constexpr int kMantissa = 3;        // bits

int64_t halves(int64_t n) { return (n + 1) / 2; }

// "gptq/4/128": the numbers behind the name.
std::vector<int64_t> numbers_of(const Config& config, std::string_view mode) {
  std::vector<int64_t> result;
  for (size_t slash = mode.find('/'); slash != std::string_view::npos;) {
    const size_t next = mode.find('/', slash + 1);
    const std::string_view text = mode.substr(slash + 1, next == std::string_view::npos ? next : next - slash - 1);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number == 0)
      config.fail(fmt::format("quantization mode {}: expected numbers behind its name", mode));
    result.push_back(number);
    slash = next;
  }
  return result;
}

int64_t n_groups(int64_t n_rows, int64_t group_size) {
  return group_size < 0 ? 1 : (n_rows + group_size - 1) / group_size;
}

Value as_float(Lowering& lowering, const Value& x, DType to) {
  if (x.dtype == to) return x;
  Value result = lowering.raw_op("dequantize/Cast", "Cast", {x}, to, {{"SrcT", x.dtype}, {"DstT", to}});
  result.shape = x.shape;
  return result;
}

// The row of each row's group in a table [groups, columns]: [rows, columns].
Value lower_of_groups(Lowering& lowering, const Value& table, const Value& groups) {
  const Value index = lowering.raw_op("dequantize/groups", "Cast", {groups}, DType::kInt32,
                                      {{"SrcT", groups.dtype}, {"DstT", DType::kInt32}});
  return lowering.raw_op("dequantize/Gather", "Gather", {table, index}, table.dtype,
                         {{"Tparams", table.dtype}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
}

}  // namespace

KernelQuantization KernelQuantization::parse(const Config& config) {
  const std::string text = quantization_mode(config);
  KernelQuantization result;
  const std::string name = text.substr(0, text.find('/'));
  if (name.empty() || name == "int8") {
    result.inputs = Int8Quantization::parse(config);
    if (result.inputs.is_on) result.mode = Mode::kInt8;
    return result;
  }
  const std::vector<int64_t> numbers = numbers_of(config, text);
  if (name == "int4" && numbers.size() <= 1) {
    if (numbers.empty())  // the later ones say how many rows share a scale: int4/128, int4/-1
      config.unsupported(
          "quantization mode int4 of a Keras before 3.14 is kept otherwise; quantize the model with a later one");
    result.mode = Mode::kInt4;
    result.is_packed = true;
    result.group_size = std::max<int64_t>(numbers[0], 0);
    result.inputs = Int8Quantization::parse_inputs(config, false);
  } else if (name == "float8" && numbers.empty()) {
    config.ignore({"quantization_config"});
    result.mode = Mode::kFloat8;
    const Json& policy = config.json().at("dtype");
    result.history_length = 1024;
    if (policy.is_object() && policy.contains("config") && policy.at("config").is_object())
      result.history_length = policy.at("config").value("amax_history_length", result.history_length);
  } else if (name == "awq") {
    config.unsupported(
        fmt::format("quantization mode {}: Keras 3.15 does not save the kernel's zero points, without which "
                    "it cannot be told; save the model before `quantize`",
                    text));
  } else if (name == "gptq" && numbers.size() == 2) {
    config.ignore({"quantization_config"});
    result.mode = Mode::kGptq;
    result.is_packed = numbers[0] == 4;
    result.group_size = numbers[1];
  } else {
    config.unsupported(fmt::format("quantization mode {} is not known; there are int8, int4, float8 and gptq", text));
  }
  return result;
}

std::vector<WeightSpec> KernelQuantization::weights(const Shape& kernel, int64_t n_rows,
                                                    const std::optional<Shape>& bias, const Shape& scale) const {
  if (!kernel.is_static() || n_rows < 1)
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("a quantized kernel has known sizes, found {}; give --input-shape", kernel.to_string()));
  std::vector<WeightSpec> result;
  const auto add = [&](const char* name, const Shape& shape) { result.push_back({name, shape, false}); };
  const int64_t n_columns = kernel.n_elements() / n_rows;
  const bool is_gptq = mode == Mode::kGptq;
  if (is_gptq && bias) add("bias", *bias);
  if (mode == Mode::kInt4)
    add("kernel", {n_rows, halves(n_columns)});
  else if (is_gptq)
    add("quantized_kernel", {is_packed ? halves(n_columns) : n_columns, n_rows});
  else
    add("kernel", kernel);
  if (!is_gptq && bias) add("bias", *bias);
  if (mode == Mode::kInt8) add("kernel_scale", scale);
  if (mode == Mode::kFloat8) {
    for (const char* what : {"inputs", "kernel", "outputs_grad"}) {
      result.push_back({fmt::format("{}_scale", what), {}, false});
      result.push_back({fmt::format("{}_amax_history", what), {history_length}, false});
    }
  }
  if (mode == Mode::kInt4 && group_size == 0) add("kernel_scale", {n_columns});
  if (is_gptq || (mode == Mode::kInt4 && group_size != 0)) {
    const int64_t n = n_groups(n_rows, group_size);
    const Shape groups = is_gptq ? Shape{n_columns, n} : Shape{n, n_columns};
    add("kernel_scale", groups);
    add("kernel_zero", groups);
    add("g_idx", {n_rows});
  }
  return result;
}

size_t KernelQuantization::scale(bool has_bias) const {
  return 1 + (has_bias ? 1 : 0) + (mode == Mode::kFloat8 ? 2 : 0);
}

Value KernelQuantization::lower_kernel(Lowering& lowering, const Shape& kernel, int64_t n_rows, bool has_bias,
                                       const Value& like) const {
  const size_t at = scale(has_bias);
  const bool is_gptq = mode == Mode::kGptq;
  const Value stored = lowering.weight(is_gptq && has_bias ? 1 : 0);
  if (mode == Mode::kFloat8) return lower_float8(lowering, stored, lowering.weight(at));
  const int64_t n_columns = kernel.n_elements() / n_rows;
  Value numbers = as_float(lowering, stored, like.dtype);
  if (is_gptq) numbers = lower_transpose(lowering, numbers, {1, 0}, "dequantize/transpose");
  if (is_packed) numbers = lower_unpacked(lowering, numbers, n_columns, mode == Mode::kInt4);
  Value scales = lowering.weight(at);
  if (mode == Mode::kInt4 && group_size == 0) {
    numbers = lowering.named_op("dequantize/truediv", "RealDiv", {numbers, scales});
  } else {
    Value zeros = as_float(lowering, lowering.weight(at + 1), like.dtype);
    if (is_gptq) {
      scales = lower_transpose(lowering, scales, {1, 0}, "dequantize/transpose");
      zeros = lower_transpose(lowering, zeros, {1, 0}, "dequantize/transpose");
    }
    const Value groups = lowering.weight(at + 2);
    numbers = lowering.named_op("dequantize/sub", "Sub", {numbers, lower_of_groups(lowering, zeros, groups)});
    numbers = lowering.named_op("dequantize/mul", "Mul", {numbers, lower_of_groups(lowering, scales, groups)});
  }
  numbers.shape = {n_rows, n_columns};
  if (kernel.rank() != 2) numbers = lowering.reshape(numbers, kernel);
  numbers.shape = kernel;
  return numbers;
}

Value KernelQuantization::lower_float8_input(Lowering& lowering, const Value& x, bool has_bias) const {
  return mode == Mode::kFloat8 ? lower_float8(lowering, x, lowering.weight(scale(has_bias) - 2)) : x;
}

Value KernelQuantization::lower_bias(Lowering& lowering) const {
  Value result = lowering.weight(bias());
  if (mode != Mode::kFloat8 || result.dtype != DType::kFloat32) return result;
  result = as_float(lowering, result, DType::kBFloat16);
  return as_float(lowering, result, DType::kFloat32);
}

Array KernelQuantization::kernel(const Arrays& weights, const Shape& kernel, int64_t n_rows, bool has_bias) const {
  const size_t at = scale(has_bias);
  const bool is_gptq = mode == Mode::kGptq;
  const Array& stored = weights[is_gptq && has_bias ? 1 : 0];
  const int64_t n_columns = kernel.n_elements() / n_rows;
  const Array turned = is_gptq ? stored.transposed({1, 0}) : stored;
  const auto element = [&](int64_t row, int64_t column) {
    if (mode == Mode::kFloat8) return float8(stored.at_offset(row * n_columns + column), weights[at].at_offset(0));
    const double number =
        is_packed ? unpacked(turned, row, column, mode == Mode::kInt4) : turned.at_offset(row * n_columns + column);
    if (mode == Mode::kInt4 && group_size == 0) return number / weights[at].at_offset(column);
    const int64_t group = group_of(weights[at + 2], row, weights[at].size(is_gptq ? 1 : 0));
    const Index place = is_gptq ? Index{column, group} : Index{group, column};
    return (number - weights[at + 1][place]) * weights[at][place];
  };
  Tensor result(DType::kFloat64, kernel);
  const auto values = result.mutable_values<double>();
  for (int64_t i = 0; i < n_rows * n_columns; ++i)
    values[static_cast<size_t>(i)] = element(i / n_columns, i % n_columns);
  return Array(result);
}

double KernelQuantization::float8_input(const Arrays& weights, double x, bool has_bias) const {
  return mode == Mode::kFloat8 ? float8(x, weights[scale(has_bias) - 2].at_offset(0)) : x;
}

double KernelQuantization::bias_value(const Arrays& weights, int64_t offset) const {
  const Array& all = weights[bias()];
  const double value = all.at_offset(offset);
  if (mode != Mode::kFloat8 || all.dtype() != DType::kFloat32) return value;
  return bfloat16_to_float(float_to_bfloat16(static_cast<float>(value)));
}

int64_t group_of(const Array& groups, int64_t i, int64_t n) {
  const double number = groups.at_offset(i);
  if (number >= 0 && number < static_cast<double>(n)) return static_cast<int64_t>(number);
  throw Error(ErrorCode::kCorrupt, "", fmt::format("g_idx names group {} of {}: the file is damaged", number, n));
}

Value lower_unpacked(Lowering& lowering, const Value& bytes, int64_t n, bool is_signed) {
  const auto with = [&](std::string_view name, std::string_view op, const Value& a, double b) {
    return lowering.named_op(name, op, {a, lowering.scalar(fmt::format("{}/y", name), b, a)});
  };
  const Value high = lowering.named_op("unpack/Floor", "Floor", {with("unpack/truediv", "RealDiv", bytes, 16)});
  Value low = lowering.named_op("unpack/sub", "Sub", {bytes, with("unpack/mul", "Mul", high, 16)});
  if (is_signed) {  // 8 to 15 are -8 to -1
    const Value is_negative = lowering.named_op("unpack/Floor", "Floor", {with("unpack/truediv", "RealDiv", low, 8)});
    low = lowering.named_op("unpack/sub", "Sub", {low, with("unpack/mul", "Mul", is_negative, 16)});
  }
  Value both = lowering.raw_op("unpack/Pack", "Pack", {low, high}, bytes.dtype,
                               {{"T", bytes.dtype}, {"N", int64_t{2}}, {"axis", int64_t{2}}});
  both = lowering.reshape(both, {kUnknown, 2 * halves(n)});
  if (n % 2 != 0)
    both =
        strided_slice(lowering, both, {.begin = {0, 0}, .end = {0, n}, .begin_mask = 3, .end_mask = 1}, "unpack/cut");
  both.shape = {bytes.shape[0], n};
  return both;
}

double unpacked(const Array& bytes, int64_t row, int64_t i, bool is_signed) {
  const auto byte = static_cast<int64_t>(bytes[Index{row, i / 2}]);
  const int64_t half = (i % 2 == 0 ? byte : byte >> 4) & 15;
  return static_cast<double>(is_signed && half >= 8 ? half - 16 : half);
}

// At a power of two, where the logarithm may round to the one below, both spacings have the number.
Value lower_float8(Lowering& lowering, const Value& x, const Value& scale) {
  const auto op = [&](std::string_view name, const Value& a, const Value& b) {
    return lowering.named_op(fmt::format("float8/{}", name), name, {a, b});
  };
  const auto with = [&](std::string_view name, const Value& a, double b) {
    return op(name, a, lowering.scalar(fmt::format("float8/{}/y", name), b, a));
  };
  Value y = op("RealDiv", x, scale);
  y = with("Maximum", with("Minimum", y, kLargestFloat8), -kLargestFloat8);
  Value exponent = with("Maximum", lowering.named_op("float8/Abs", "Abs", {y}), std::exp2(kLeastExponent));
  exponent = with("RealDiv", lowering.named_op("float8/Log", "Log", {exponent}), std::numbers::ln2);
  exponent = with("Sub", lowering.named_op("float8/Floor", "Floor", {exponent}), kMantissa);
  const Value step = op("Pow", lowering.scalar("float8/Pow/x", 2, exponent), exponent);
  y = op("Mul", lowering.named_op("float8/Round", "Round", {op("RealDiv", y, step)}), step);
  y = op("Mul", y, scale);
  y.shape = x.shape;
  return y;
}

double float8(double x, double scale) {
  const double y = std::clamp(x / scale, -kLargestFloat8, kLargestFloat8);
  const int exponent = y == 0 ? kLeastExponent : std::max(std::ilogb(y), kLeastExponent);
  const double step = std::exp2(exponent - kMantissa);
  return std::nearbyint(y / step) * step * scale;
}

}  // namespace hoarfrost::keras
