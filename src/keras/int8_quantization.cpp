#include "keras/int8_quantization.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

const Json* inner_config(const Json& object) {
  const auto found = object.is_object() ? object.find("config") : object.end();
  return found == object.end() || !found->is_object() ? nullptr : &*found;
}

std::string text_in(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// "int8", "int4/128", "float8" of a policy object; "int8_from_float32" of the name alone.
std::string mode_of(const Json& dtype) {
  const Json* policy = inner_config(dtype);
  std::string mode = policy == nullptr ? "" : text_in(*policy, "mode");
  if (!mode.empty()) return mode;
  const std::string name = dtype.is_string()   ? dtype.get<std::string>()
                           : policy == nullptr ? ""
                                               : text_in(*policy, "name");
  const size_t end = name.find("_from_");
  return end == std::string::npos ? "" : name.substr(0, end);
}

// AbsMaxQuantizer's own configuration; nullptr: the default one.
void read_quantizer(const Config& config, const Json& quantizer, Int8Quantization& result) {
  const Json* own = inner_config(quantizer);
  if (text_in(quantizer, "class_name") != "AbsMaxQuantizer" || own == nullptr)
    config.unsupported(fmt::format("activation_quantizer: expected AbsMaxQuantizer, found {}", quantizer.dump()));
  if (own->contains("epsilon") && own->at("epsilon").is_number()) result.epsilon = own->at("epsilon").get<double>();
  const auto range = own->find("value_range");
  if (range == own->end()) return;
  const bool is_symmetric = range->is_array() && range->size() == 2 && range->at(0).is_number() &&
                            range->at(1).is_number() && -range->at(0).get<double>() == range->at(1).get<double>();
  if (!is_symmetric)
    config.unsupported(fmt::format("activation_quantizer: expected a symmetric value_range, found {}", range->dump()));
  result.largest = range->at(1).get<double>();
}

}  // namespace

std::string quantization_mode(const Config& config) {
  const auto dtype = config.json().find("dtype");
  return dtype == config.json().end() ? "" : mode_of(*dtype);
}

Int8Quantization Int8Quantization::parse(const Config& config) {
  config.ignore({"quantization_config"});
  const std::string mode = quantization_mode(config);
  if (mode.empty()) return {};
  if (mode != "int8")
    config.unsupported(fmt::format(
        "quantization mode {}: only int8 is converted; save the model before `quantize`, or quantize it to int8",
        mode));
  Int8Quantization result = parse_inputs(config, true);
  result.is_on = true;
  return result;
}

Int8Quantization Int8Quantization::parse_inputs(const Config& config, bool by_default) {
  Int8Quantization result;
  result.has_quantized_inputs = by_default;
  const Json* quantization = config.find({"quantization_config"});
  const Json* own = quantization == nullptr ? nullptr : inner_config(*quantization);
  const auto quantizer = own == nullptr ? Json::const_iterator() : own->find("activation_quantizer");
  if (own == nullptr || quantizer == own->end()) return result;
  result.has_quantized_inputs = !quantizer->is_null();
  if (result.has_quantized_inputs) read_quantizer(config, *quantizer, result);
  return result;
}

Int8Quantization::Quantized Int8Quantization::lower(Lowering& lowering, const Value& x) const {
  return lower(lowering, x, {-1});
}

Int8Quantization::Quantized Int8Quantization::lower(Lowering& lowering, const Value& x,
                                                    const std::vector<int64_t>& axes) const {
  const Value magnitude = lowering.named_op("quantize/Abs", "Abs", {x});
  Value most = lowering.named_op("quantize/Max", "Max", {magnitude, lowering.ints("quantize/Max/axis", axes)},
                                 {{"keep_dims", true}, {"Tidx", DType::kInt32}});
  most = lowering.named_op("quantize/add", "Add", {most, lowering.scalar("quantize/add/y", epsilon, x)});
  Value scale =
      lowering.named_op("quantize/truediv", "RealDiv", {lowering.scalar("quantize/truediv/x", largest, x), most});
  scale.shape = x.shape;
  for (const int64_t axis : axes) scale.shape[static_cast<int>(axis)] = 1;
  Value numbers = lowering.named_op("quantize/mul", "Mul", {x, scale});
  numbers = lowering.named_op("quantize/Round", "Round", {numbers});
  numbers.shape = x.shape;
  return {numbers, scale};
}

Value lower_int8_weight(Lowering& lowering, size_t i, const Value& like) {
  const Value weight = lowering.weight(i);
  Value result =
      lowering.raw_op("dequantize/Cast", "Cast", {weight}, like.dtype, {{"SrcT", weight.dtype}, {"DstT", like.dtype}});
  result.shape = weight.shape;
  return result;
}

}  // namespace hoarfrost::keras
