#include "keras/node_definition.h"

#include <fmt/format.h>
#include <hoarfrost/tensor.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace hoarfrost::keras {
namespace {

const Json kUnknownKind = "?";

// TensorFlow's DT_… of types.proto.
constexpr std::pair<std::string_view, DType> kTypes[] = {
    {"DT_FLOAT", DType::kFloat32},     {"DT_DOUBLE", DType::kFloat64},
    {"DT_INT32", DType::kInt32},       {"DT_UINT8", DType::kUInt8},
    {"DT_INT16", DType::kInt16},       {"DT_INT8", DType::kInt8},
    {"DT_STRING", DType::kString},     {"DT_COMPLEX64", DType::kComplex64},
    {"DT_INT64", DType::kInt64},       {"DT_BOOL", DType::kBool},
    {"DT_BFLOAT16", DType::kBFloat16}, {"DT_HALF", DType::kFloat16},
    {"DT_UINT16", DType::kUInt16},     {"DT_UINT32", DType::kUInt32},
    {"DT_UINT64", DType::kUInt64},     {"DT_COMPLEX128", DType::kComplex128}};

Json type_named(std::string_view name) {
  for (const auto& [text, dtype] : kTypes) {
    if (text == name) return std::string(dtype_name(dtype));
  }
  return std::string(name);
}

// RFC 4648, as JSON has protobuf's bytes.
std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  uint32_t bits = 0;
  int n_bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return {};
    bits = bits << 6 | static_cast<uint32_t>(digit);
    n_bits += 6;
    if (n_bits < 8) continue;
    n_bits -= 8;
    result += static_cast<char>(bits >> n_bits & 0xff);
  }
  return result;
}

// JSON has 64-bit integers as text.
Json integer_of(const Json& value) {
  if (value.is_number_integer()) return value;
  if (!value.is_string()) return kUnknownKind;
  try {
    return static_cast<int64_t>(std::stoll(value.get<std::string>()));
  } catch (const std::exception&) {
    return kUnknownKind;
  }
}

Json attribute_of(const Json& value);

Json list_of(const Json& value) {
  Json result = Json::array();
  if (!value.is_object()) return kUnknownKind;
  for (const auto& [kind, elements] : value.items()) {
    if (!elements.is_array()) return kUnknownKind;
    for (const Json& element : elements) result.push_back(attribute_of({{kind, element}}));
  }
  return result;
}

Json attribute_of(const Json& value) {
  if (!value.is_object() || value.size() != 1) return kUnknownKind;
  const std::string kind = value.begin().key();
  const Json& held = value.begin().value();
  if (kind == "i") return integer_of(held);
  if (kind == "f" || kind == "b") return held;
  if (kind == "type") return held.is_string() ? type_named(held.get<std::string>()) : kUnknownKind;
  if (kind == "s" && held.is_string()) return from_base64(held.get<std::string>()).value_or("?");
  if (kind == "list") return list_of(held);
  return kUnknownKind;
}

// Protobuf's wire format, of a message within bounds.
class Wire {
 public:
  explicit Wire(std::string_view message) : rest_(message) {}

  // The next field; false at the end, and where the bytes are no message.
  bool next() {
    if (rest_.empty()) return false;
    const uint64_t key = varint();
    field = key >> 3;
    const uint64_t kind = key & 7;
    number = 0;
    bytes = {};
    if (kind == 0)
      number = varint();
    else if (kind == 1)
      number = fixed(8);
    else if (kind == 5)
      number = fixed(4);
    else if (kind == 2)
      bytes = take(varint());
    else
      is_bad = true;
    return !is_bad;
  }

  // The next number of a packed list.
  bool next_packed() {
    if (rest_.empty()) return false;
    number = varint();
    return !is_bad;
  }

  uint64_t field = 0;
  uint64_t number = 0;
  std::string_view bytes;
  bool is_bad = false;

 private:
  uint64_t varint() {
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = take(1);
      if (byte.empty()) return 0;
      result |= static_cast<uint64_t>(static_cast<unsigned char>(byte[0]) & 0x7f) << shift;
      if ((static_cast<unsigned char>(byte[0]) & 0x80) == 0) return result;
    }
    is_bad = true;
    return 0;
  }
  uint64_t fixed(size_t n) {
    const auto taken = take(n);
    uint64_t result = 0;
    for (size_t i = 0; i < taken.size(); ++i)
      result |= static_cast<uint64_t>(static_cast<unsigned char>(taken[i])) << (8 * i);
    return result;
  }
  std::string_view take(uint64_t n) {
    if (n > rest_.size()) {
      is_bad = true;
      return {};
    }
    const auto result = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return result;
  }

  std::string_view rest_;
};

Json float_of(uint64_t bits) {
  float value = 0;
  const auto low = static_cast<uint32_t>(bits);
  std::memcpy(&value, &low, sizeof value);
  return value;
}

Json type_numbered(uint64_t number) {
  for (const auto& [text, dtype] : kTypes) {
    if (static_cast<uint64_t>(dtype) == number) return std::string(dtype_name(dtype));
  }
  return kUnknownKind;
}

// attr_value.proto: list = 1, s = 2, i = 3, f = 4, b = 5, type = 6; ListValue has the same numbers, integers packed.
Json wire_attribute(std::string_view bytes) {
  Wire value(bytes);
  if (!value.next()) return kUnknownKind;
  switch (value.field) {
    case 2:
      return std::string(value.bytes);
    case 3:
      return static_cast<int64_t>(value.number);
    case 4:
      return float_of(value.number);
    case 5:
      return value.number != 0;
    case 6:
      return type_numbered(value.number);
    case 1:
      break;
    default:
      return kUnknownKind;
  }
  Json result = Json::array();
  Wire list(value.bytes);
  while (list.next()) {
    if (list.field != 3) return kUnknownKind;
    if (list.bytes.empty()) result.push_back(static_cast<int64_t>(list.number));
    for (Wire packed(list.bytes); packed.next_packed();) result.push_back(static_cast<int64_t>(packed.number));
  }
  return result;
}

// node_def.proto: op = 2, input = 3, attr = 5 (a map: key = 1, value = 2).
NodeDefinition from_wire(std::string_view bytes, const Config& config) {
  NodeDefinition result;
  Wire node(bytes);
  while (node.next()) {
    if (node.field == 2) result.op = node.bytes;
    if (node.field == 3 && !node.bytes.starts_with('^')) ++result.n_inputs;
    if (node.field != 5) continue;
    Wire entry(node.bytes);
    std::string key;
    Json value = kUnknownKind;
    while (entry.next()) {
      if (entry.field == 1) key = entry.bytes;
      if (entry.field == 2) value = wire_attribute(entry.bytes);
    }
    result.attributes[key] = std::move(value);
  }
  if (node.is_bad || result.op.empty()) config.fail("`node_def` is no NodeDef of TensorFlow's");
  return result;
}

}  // namespace

NodeDefinition NodeDefinition::parse(const Json& node, const Config& config) {
  if (node.is_string()) return from_wire(node.get_ref<const std::string&>(), config);
  const auto op = node.is_object() ? node.find("op") : node.end();
  if (!node.is_object() || op == node.end() || !op->is_string())
    config.fail("`node_def` is no NodeDef of TensorFlow's");
  NodeDefinition result;
  result.op = op->get<std::string>();
  if (const auto inputs = node.find("input"); inputs != node.end() && inputs->is_array()) {
    for (const Json& input : *inputs)
      result.n_inputs += input.is_string() && !input.get_ref<const std::string&>().starts_with('^') ? 1 : 0;
  }
  if (const auto attributes = node.find("attr"); attributes != node.end() && attributes->is_object()) {
    for (const auto& [key, value] : attributes->items()) result.attributes[key] = attribute_of(value);
  }
  return result;
}

}  // namespace hoarfrost::keras
