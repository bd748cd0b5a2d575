// tf.*, keras.activations.* and Keras 3's ops.*: the operations that models hold as layers, and what is made of them.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

// ExpandDims of "expand_dims", RGBToGrayscale of "image.rgb_to_grayscale"; nullptr for none.
const OperationSpec* operation_of(std::string_view function) {
  function.remove_prefix(function.rfind('.') + 1);
  std::string wanted;
  for (const char c : function) {
    if (c != '_') wanted += c;
  }
  for (const OperationSpec* spec : all_operations()) {
    std::string name(spec->name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name == wanted) return spec;
  }
  return nullptr;
}

// The parameters of Keras 3's functions whose operations know their arguments by name alone.
struct Signature {
  std::string_view operation;
  std::string_view parameters;
};
constexpr Signature kSignatures[] = {
    {"Pad", "x pad_width mode constant_values"},
    {"Take", "x indices axis"},
    {"Repeat", "x repeats axis"},
    {"Roll", "x shift axis"},
    {"Flip", "x axis"},
    {"Moveaxis", "x source destination"},
    {"Swapaxes", "x axis1 axis2"},
    {"BroadcastTo", "x shape"},
    {"OneHot", "x num_classes axis dtype"},
    {"Tensordot", "x1 x2 axes"},
    {"Resize", "images size interpolation antialias"},
    {"TopK", "x k sorted"},
    {"ExtractPatches", "images size strides dilation_rate padding"},
    {"Conv", "inputs kernel strides padding data_format dilation_rate"},
    {"DepthwiseConv", "inputs kernel strides padding data_format dilation_rate"},
};

// Positional arguments as those with names, where the operation wants that.
void name_arguments(const OperationSpec& operation, std::vector<python::Value>& arguments, python::Keywords& keywords) {
  if (operation.name == "Einsum" && !arguments.empty()) {
    keywords.emplace_back("subscripts", arguments.front());
    arguments.erase(arguments.begin());
    return;
  }
  const auto* signature = std::ranges::find(kSignatures, operation.name, &Signature::operation);
  if (signature == std::end(kSignatures)) return;
  std::string_view parameters = signature->parameters;
  size_t n = 0;
  for (; n < arguments.size() && !parameters.empty(); ++n) {
    const size_t end = std::min(parameters.find(' '), parameters.size());
    keywords.emplace_back(std::string(parameters.substr(0, end)), arguments[n]);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
  }
  arguments.erase(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(n));
}

std::vector<python::Value> without_tuples(std::vector<python::Value> arguments) {
  for (python::Value& argument : arguments) {
    if (argument.is(Kind::kTuple)) argument.kind = Kind::kList;
  }
  return arguments;
}

// Keras 3's shape: a size that is not known is a tensor.
python::Value sizes_of(Meaning& meaning, const python::Value& x) {
  python::Value shape = meaning.shape_of(x);
  for (size_t i = 0; i < shape.items->size(); ++i) {
    if ((*shape.items)[i].is(Kind::kNone))
      (*shape.items)[i] =
          meaning.subscript(meaning.operation("shape", {x}), python::Value::whole(static_cast<int64_t>(i)));
  }
  return shape;
}

// Tensors' own facts, and constants.
std::optional<python::Value> call_special(Meaning& meaning, const std::string& function,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords) {
  const bool has_one = !arguments.empty() && keywords.empty();
  if ((function == "convert_to_tensor" || function == "constant") && !arguments.empty()) {
    const python::Value& value = arguments[0];
    if (value.is(Kind::kTensor)) return value;
    if (value.has_tensor()) return {};
    return value.is_sequence() ? python::Value::with(Kind::kArray, *value.items) : value;
  }
  if (function == "rank" && has_one && arguments[0].is(Kind::kTensor))
    return python::Value::whole(meaning.trace().shape(arguments[0]).rank());
  if (function == "ensure_shape" && has_one) return arguments[0];
  if (function == "add_n" && has_one && arguments[0].is_sequence() && !arguments[0].items->empty()) {
    python::Value sum = arguments[0].items->front();
    for (size_t i = 1; i < arguments[0].items->size(); ++i) sum = meaning.binary("+", sum, (*arguments[0].items)[i]);
    return sum;
  }
  if (function == "TensorShape" && has_one) return arguments[0];
  return {};
}

// An activation with parameters is keras.backend's function of that name.
python::Value activation(Meaning& meaning, const std::string& name, const std::vector<python::Value>& arguments,
                         python::Keywords keywords) {
  const std::string function = name.substr(std::string_view("keras.activations.").size());
  for (auto& [key, value] : keywords) {
    if (key == "negative_slope") key = "alpha";  // Keras 3's word for it
  }
  constexpr std::string_view kKnown[] = {"relu", "elu", "softmax"};
  if (std::ranges::find(kKnown, function) == std::end(kKnown))
    refuse(fmt::format("it calls `{}` with parameters", name));
  return *call_backend(meaning, "K." + function, arguments, keywords);
}

}  // namespace

std::optional<python::Value> call_tensorflow(Meaning& meaning, const std::string& name,
                                             const std::vector<python::Value>& given,
                                             const python::Keywords& given_keywords) {
  std::vector<python::Value> arguments = without_tuples(given);
  python::Keywords keywords;
  for (const auto& [key, value] : given_keywords) keywords.emplace_back(key, without_tuples({value})[0]);
  if (name.starts_with("keras.activations.") && !arguments.empty()) {
    if (arguments.size() > 1 || !keywords.empty()) return activation(meaning, name, arguments, keywords);
    return meaning.trace().add_layer("Activation", {{"activation", name.substr(18)}}, {arguments[0]});
  }
  if (name.starts_with("ops.")) {
    const OperationSpec* spec = operation_of(name);
    if (name == "ops.abs") spec = find_operation_class("Absolute");
    if (name == "ops.shape" && arguments.size() == 1 && arguments[0].is(Kind::kTensor))
      return sizes_of(meaning, arguments[0]);
    if (spec == nullptr) return call_special(meaning, name.substr(4), arguments, keywords);
    name_arguments(*spec, arguments, keywords);
    return meaning.trace().add(*spec, true, arguments, keywords);
  }
  if (name.starts_with("hoarfrost.") && arguments.size() == 1) {
    Json config = Json::object();
    std::vector<size_t> tensors;
    for (const auto& [key, value] : keywords) config[key] = json_of(value, tensors);
    return meaning.trace().add_layer(name.substr(10), config, {arguments[0]});
  }
  if (!name.starts_with("tf.")) return {};
  std::string function = name.substr(3);
  if (auto result = call_special(meaning, function, arguments, keywords)) return result;
  if (auto result = call_control(meaning, function, given, given_keywords)) return result;
  if (auto result = call_image(meaning, function, arguments, keywords)) return result;
  const OperationSpec* spec = find_operation_function(function);
  if (spec == nullptr) return {};
  return meaning.trace().add(*spec, false, arguments, keywords);
}

}  // namespace hoarfrost::keras
