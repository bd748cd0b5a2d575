#include <hoarfrost/tensor.h>

#include <array>
#include <bit>
#include <cmath>

namespace hoarfrost {
namespace {

struct Row {
  DType dtype;
  std::string_view name;
  size_t size;
};

constexpr std::array kRows{
    Row{DType::kFloat32, "float32", 4}, Row{DType::kFloat64, "float64", 8},
    Row{DType::kInt32, "int32", 4},     Row{DType::kUInt8, "uint8", 1},
    Row{DType::kInt16, "int16", 2},     Row{DType::kInt8, "int8", 1},
    Row{DType::kString, "string", 0},   Row{DType::kComplex64, "complex64", 8},
    Row{DType::kInt64, "int64", 8},     Row{DType::kBool, "bool", 1},
    Row{DType::kQInt8, "qint8", 1},     Row{DType::kQUInt8, "quint8", 1},
    Row{DType::kQInt32, "qint32", 4},   Row{DType::kBFloat16, "bfloat16", 2},
    Row{DType::kQInt16, "qint16", 2},   Row{DType::kQUInt16, "quint16", 2},
    Row{DType::kUInt16, "uint16", 2},   Row{DType::kComplex128, "complex128", 16},
    Row{DType::kFloat16, "float16", 2}, Row{DType::kResource, "resource", 0},
    Row{DType::kVariant, "variant", 0}, Row{DType::kUInt32, "uint32", 4},
    Row{DType::kUInt64, "uint64", 8},
};

}  // namespace

std::string_view dtype_name(DType dtype) {
  for (const Row& row : kRows) {
    if (row.dtype == dtype) return row.name;
  }
  return "invalid";
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

size_t dtype_size(DType dtype) {
  for (const Row& row : kRows) {
    if (row.dtype == dtype) return row.size;
  }
  return 0;
}

// IEEE 754 binary16.
float half_to_float(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1f;
  const uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t float_to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);   // NaN
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // rounds past the largest half
  if (magnitude < 0x38800000u) {                                               // subnormal or zero: units of 2^-24
    const float units = std::ldexp(std::bit_cast<float>(magnitude), 24);
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(units)));
  }
  const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1);  // to nearest even
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

// bfloat16 is the upper half of a binary32.
float bfloat16_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t float_to_bfloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

}  // namespace hoarfrost
