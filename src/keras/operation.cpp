#include "keras/operation.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/complex_call.h"
#include "keras/lambda/random.h"
#include "keras/lowering.h"
#include "keras/operation_notes.h"

namespace hoarfrost::keras {
namespace {

constexpr int kMostAxes = 8;  // of an Index

bool is_tensor_number(const Json& json) {
  return json.is_object() && json.size() == 1 && json.contains("tensor") && json.at("tensor").is_number_unsigned();
}

// Numbers within lists, and Keras 3's {"class_name": "__numpy__", "config": {"value": …}}.
const Json& plain(const Json& json) {
  if (json.is_object() && json.contains("config") && json.at("config").is_object() &&
      json.at("config").contains("value"))
    return json.at("config").at("value");
  if (json.is_object() && json.contains("value")) return json.at("value");
  return json;
}

void read_numbers(const Config& config, const Json& json, size_t depth, Shape& shape, std::vector<double>& values,
                  bool& is_float) {
  if (json.is_array()) {
    if (static_cast<size_t>(shape.rank()) == depth) shape.push_back(static_cast<int64_t>(json.size()));
    if (shape[static_cast<int>(depth)] != static_cast<int64_t>(json.size()) || depth > 6)
      config.unsupported("called with a ragged list of numbers");
    for (const Json& element : json) read_numbers(config, element, depth + 1, shape, values, is_float);
    return;
  }
  if (json.is_number())
    values.push_back(json.get<double>());
  else if (json.is_boolean())
    values.push_back(json.get<bool>() ? 1 : 0);
  else
    config.unsupported(fmt::format("called with {}, which is no tensor and no number", json.dump().substr(0, 60)));
  is_float = is_float || json.is_number_float();
}

// An operation on its operands, seen from the model: constants among its inputs are made here.
struct OperationLayer {
  std::vector<Operand> operands;
  std::shared_ptr<const Layer> operation;

  static constexpr bool kAutocasts = false;
  Shapes infer(const Shapes& in) const {
    Shapes result;
    for (const Operand& operand : operands)
      result.push_back(operand.input ? at(in, *operand.input) : operand.constant.shape());
    Shapes out = operation->infer(result);
    for (const Shapes* shapes : {&result, &out}) {
      for (const Shape& shape : *shapes) {
        if (shape.rank() > kMostAxes)
          throw Error(ErrorCode::kUnsupported, "",
                      fmt::format("a tensor of {} axes is not converted; {} are the most", shape.rank(), kMostAxes));
      }
    }
    return out;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    std::optional<DType> like;
    for (const Operand& operand : operands) {
      if (operand.input && !like && at(in, *operand.input).dtype != DType::kBool) like = at(in, *operand.input).dtype;
    }
    Values result;
    for (const Operand& operand : operands) {
      if (operand.input) {
        result.push_back(at(in, *operand.input));
        result.back().mask = {};
        continue;
      }
      DType dtype = like.value_or(operand.is_float ? DType::kFloat32 : DType::kInt32);
      if (operand.is_float && !is_floating(dtype)) dtype = DType::kFloat32;
      result.push_back(lowering.constant("Const", operand.constant.cast(dtype)));
    }
    return operation->lower(lowering, result);
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    Arrays result;
    for (const Operand& operand : operands)
      result.push_back(operand.input ? at(in, *operand.input) : Array(operand.constant));
    return operation->reference({}, result);
  }

 private:
  template <typename T>
  static const T& at(const std::vector<T>& in, size_t number) {
    if (number >= in.size())
      throw Error(ErrorCode::kMismatch, "", fmt::format("takes input {}, but is given {}", number, in.size()));
    return in[number];
  }
};

std::shared_ptr<const Layer> finish(OperationCall& call, const OperationSpec& spec) {
  auto operation = spec.parse(call, spec.name);
  call.expect_all_read();
  return make_operation(OperationLayer{call.all(), std::move(operation)});
}

bool is_among(std::string_view word, std::string_view words) {
  while (!words.empty()) {
    const size_t blank = std::min(words.find(' '), words.size());
    if (words.substr(0, blank) == word) return true;
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  return false;
}

}  // namespace

OperationCall::OperationCall(const Config& config, bool is_keras3)
    : config_(config), is_keras3_(is_keras3), named_(Json::object()) {
  const Json* given = config.find({"call_arguments"});
  if (given != nullptr) {
    for (const Json& value : given->at("args")) positional_.push_back(value);
    for (const auto& [key, value] : given->at("kwargs").items()) named_[key] = value;
  } else {
    positional_.push_back(Json{{"tensor", 0}});  // in a Sequential model
  }
  read_positions_.assign(positional_.size(), false);
  if (!is_keras3) return;
  for (const auto& [key, value] : config.json().items()) {
    if (key == "name" || key == "call_arguments" || key == "dtype_policy" || key == "trainable") continue;
    named_[key] = value;
    config.ignore({key});
  }
}

const Json* OperationCall::find(size_t position, Config::Names names) {
  const Json* result = nullptr;
  for (const std::string_view name : names) {
    read_names_.emplace(name);
    const auto found = named_.find(name);
    if (found != named_.end() && result == nullptr) result = &*found;
  }
  if (result == nullptr && position < positional_.size()) {
    read_positions_[position] = true;
    result = &positional_[position];
  }
  return result == nullptr || result->is_null() ? nullptr : result;
}

void OperationCall::add(const Json& value) {
  if (is_tensor_number(value)) {
    operands_.push_back({value.at("tensor").get<size_t>(), {}, false});
    return;
  }
  Shape shape;
  std::vector<double> values;
  bool is_float = false;
  read_numbers(config_, plain(value), 0, shape, values, is_float);
  operands_.push_back({{}, Tensor::of<double>(shape, std::span<const double>(values)), is_float});
}

void OperationCall::operand(size_t position, Config::Names names) {
  const Json* value = find(position, names);
  if (value == nullptr) config_.fail(fmt::format("the call has no argument `{}`", *names.begin()));
  add(*value);
}

void OperationCall::operands(size_t position, Config::Names names) {
  const Json* value = find(position, names);
  if (value == nullptr || !value->is_array()) {
    operand(position, names);
    return;
  }
  if (value->empty()) config_.fail(fmt::format("`{}` is an empty list", *names.begin()));
  for (const Json& element : *value) add(element);
}

std::optional<double> OperationCall::number(size_t position, Config::Names names) {
  const Json* value = find(position, names);
  if (value == nullptr) return {};
  if (plain(*value).is_number()) return plain(*value).get<double>();
  config_.unsupported(fmt::format("`{}` must be a number, found {}", *names.begin(), value->dump().substr(0, 60)));
}

std::optional<int64_t> OperationCall::integer(size_t position, Config::Names names) {
  const auto value = number(position, names);
  if (value && std::abs(*value) > 1e15) config_.fail(fmt::format("`{}` is {}", *names.begin(), *value));
  return value ? std::optional(static_cast<int64_t>(*value)) : std::nullopt;
}

bool OperationCall::flag(size_t position, Config::Names names, bool fallback) {
  const Json* value = find(position, names);
  return value == nullptr || !value->is_boolean() ? fallback : value->get<bool>();
}

std::optional<std::vector<int64_t>> OperationCall::integers(size_t position, Config::Names names) {
  const Json* value = find(position, names);
  if (value == nullptr) return {};
  const Json& list = plain(*value);
  std::vector<int64_t> result;
  const auto read = [&](const Json& element) {
    if (!element.is_number_integer())
      config_.unsupported(
          fmt::format("`{}` must be whole numbers, found {}", *names.begin(), list.dump().substr(0, 60)));
    result.push_back(element.get<int64_t>());
  };
  if (list.is_array())
    std::ranges::for_each(list, read);
  else
    read(list);
  return result;
}

std::string OperationCall::text(size_t position, Config::Names names, std::string_view fallback) {
  const Json* value = find(position, names);
  if (value == nullptr) return std::string(fallback);
  if (value->is_string()) return value->get<std::string>();
  config_.unsupported(fmt::format("`{}` must be a string, found {}", *names.begin(), value->dump().substr(0, 60)));
}

void OperationCall::expect_all_read() const {
  for (size_t i = 0; i < positional_.size(); ++i) {
    if (!read_positions_[i] && !positional_[i].is_null())
      config_.unsupported(fmt::format("called with argument {} = {}, which it is not known to take", i,
                                      positional_[i].dump().substr(0, 60)));
  }
  for (const auto& [key, value] : named_.items()) {
    if (key != "name" && !read_names_.contains(key) && !value.is_null() && value != false) {
      config_.unsupported(
          fmt::format("called with {}={}, which it is not known to take", key, value.dump().substr(0, 60)));
    }
  }
}

std::vector<const OperationSpec*> all_operations() {
  std::vector<const OperationSpec*> result;
  for (const auto family :
       {unary_operations(),         binary_operations(),        activation_operations(), reduction_operations(),
        cumulative_operations(),    normalization_operations(), shape_operations(),      joining_operations(),
        rearrangement_operations(), index_operations(),         placement_operations(),  padding_operations(),
        product_operations(),       filling_operations(),       selection_operations(),  image_operations(),
        window_operations(),        fourier_operations(),       matrix_operations(),     factorization_operations(),
        scatter_operations(),       derived_operations()}) {
    for (const OperationSpec& spec : family) result.push_back(&spec);
  }
  return result;
}

const OperationSpec* find_operation_class(std::string_view class_name) {
  for (const OperationSpec* spec : all_operations()) {
    if (spec->name == class_name) return spec;
  }
  return nullptr;
}

const OperationSpec* find_operation_function(std::string_view function) {
  for (const OperationSpec* spec : all_operations()) {
    if (is_among(function, spec->functions)) return spec;
  }
  return nullptr;
}

std::shared_ptr<const Layer> parse_operation(const Config& config) {
  const OperationSpec* spec = find_operation_class(config.class_name());
  if (const std::string_view why = refusal_of_operation(config.class_name()); spec == nullptr && !why.empty())
    config.unsupported(fmt::format("Keras' operation `{}` is not converted: {}", config.class_name(), why));
  if (spec == nullptr)
    config.unsupported(fmt::format("Keras' operation `{}` is not supported (`hoarfrost layers` lists those that are)",
                                   config.class_name()));
  OperationCall call(config, true);
  return finish(call, *spec);
}

std::shared_ptr<const Layer> parse_function(const Config& config, const std::string& function) {
  if (is_complex_call(function, config) || function.starts_with("keras.backend.") ||
      is_random_function("tf." + function))
    return parse_complex_call(config, function);
  const OperationSpec* spec = find_operation_function(function);
  if (const std::string_view why = refusal_of_operation("tf." + function); spec == nullptr && !why.empty())
    config.unsupported(fmt::format("TensorFlow's function `tf.{}` is not converted: {}", function, why));
  if (spec == nullptr)
    config.unsupported(fmt::format(
        "TensorFlow's function `tf.{}` is not supported as a layer (`hoarfrost layers` lists those that are)",
        function));
  OperationCall call(config, false);
  return finish(call, *spec);
}

std::shared_ptr<const Layer> parse_call(const Config& config, const OperationSpec& operation, bool is_keras3) {
  OperationCall call(config, is_keras3);
  return finish(call, operation);
}

DType promoted(DType a, DType b) {
  constexpr DType kOrder[] = {DType::kBool,  DType::kUInt8,   DType::kInt8,     DType::kInt16,   DType::kInt32,
                              DType::kInt64, DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};
  return std::ranges::find(kOrder, a) < std::ranges::find(kOrder, b) ? b : a;
}

Value cast_to(Lowering& lowering, const Value& x, DType dtype) {
  if (x.dtype == dtype) return x;
  Value result = lowering.raw_op("Cast", "Cast", {x}, dtype, {{"SrcT", x.dtype}, {"DstT", dtype}});
  result.shape = x.shape;
  return result;
}

}  // namespace hoarfrost::keras
