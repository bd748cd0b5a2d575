// layers.CLASS(…) and layers.function(…) of keras.layers within a function: a layer of Keras', made as Keras 2.15's
// constructors make it and called on tensors. One with weights is given them as Keras 2 says it, weights=[…]: of those
// of the custom layer in whose place an expression stands.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/builder/classes.h"
#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;
using Given = std::vector<python::Value>;

constexpr std::string_view kRoot = "keras.layers.";

// layers.add([a, b]) is layers.Add()([a, b]).
struct FunctionOfLayer {
  std::string_view function;
  std::string_view class_name;
};
constexpr FunctionOfLayer kFunctions[] = {
    {"add", "Add"},         {"subtract", "Subtract"}, {"multiply", "Multiply"},       {"average", "Average"},
    {"maximum", "Maximum"}, {"minimum", "Minimum"},   {"concatenate", "Concatenate"}, {"dot", "Dot"}};

// The constructor's arguments by their names, and the tensors that `weights` lists.
struct Constructed {
  Json arguments = Json::object();
  Given weights;
};

Constructed constructed(const std::string& class_name, const Given& arguments, const python::Keywords& keywords) {
  Constructed result;
  const auto add = [&](const std::string& name, const python::Value& value) {
    std::vector<size_t> tensors;
    result.arguments[name] = json_of(value, tensors);
    if (!tensors.empty()) refuse(fmt::format("layers.{} with {}={}", class_name, name, value.repr()));
  };
  const std::vector<std::string> names = builder::positional_arguments(class_name);
  if (arguments.size() > names.size())
    refuse(fmt::format("layers.{} with {} arguments by position, {} are known", class_name, arguments.size(),
                       names.size()));
  for (size_t i = 0; i < arguments.size(); ++i) add(names[i], arguments[i]);
  for (const auto& [name, value] : keywords) {
    if (name == "name" || name == "trainable") continue;
    if (name != "weights")
      add(name, value);
    else if (value.is_sequence())
      result.weights = *value.items;
    else
      refuse(fmt::format("layers.{} with weights={}, expected a list", class_name, value.repr()));
  }
  return result;
}

// A layer is a method of itself: its class, its configuration and its weights.
python::Value made(const std::string& class_name, const Given& arguments, const python::Keywords& keywords) {
  if (find_layer(class_name) == nullptr) refuse(fmt::format("it makes a layers.{}, which is not known", class_name));
  const Constructed given = constructed(class_name, arguments, keywords);
  Json config = builder::layer_config(builder::class_name_of(class_name), "layer", given.arguments);
  config.erase("dtype");
  return python::Value::with(Kind::kMethod, {python::Value::name(fmt::format("layers.{}", class_name)),
                                             python::Value::string(config.dump()), python::Value::list(given.weights)});
}

// Whether an argument of the call says nothing of the layer's answer. Throws Error{kUnsupported} for training=True.
bool is_idle(const std::string& class_name, const std::string& name, const python::Value& value) {
  const bool is_training = name == "training" && !value.is(Kind::kNone) && python::truth(value).value_or(true);
  if (is_training) refuse(fmt::format("it calls layers.{} with training={}", class_name, value.repr()));
  return name == "training" || value.is(Kind::kNone);
}

}  // namespace

std::optional<python::Value> make_layer(Meaning& meaning, const std::string& name, const Given& arguments,
                                        const python::Keywords& keywords) {
  if (!name.starts_with(kRoot)) return {};
  const std::string class_name = name.substr(kRoot.size());
  const auto* function = std::ranges::find(kFunctions, class_name, &FunctionOfLayer::function);
  if (function != std::end(kFunctions)) {
    if (arguments.empty()) refuse(fmt::format("layers.{} of nothing", class_name));
    const Given further(arguments.begin() + 1, arguments.end());
    return call_layer(meaning, made(std::string(function->class_name), further, keywords), {arguments[0]}, {});
  }
  python::Value layer = made(class_name, arguments, keywords);
  layer.text = kCallsLayer;
  return layer;
}

python::Value call_layer(Meaning& meaning, const python::Value& layer, const Given& arguments,
                         const python::Keywords& keywords) {
  const std::string class_name = (*layer.items)[0].text.substr(std::string_view("layers.").size());
  Json config = Json::parse((*layer.items)[1].text);
  Given inputs;
  std::vector<size_t> numbered;
  Json args = Json::array();
  Json kwargs = Json::object();
  for (const python::Value& argument : arguments) {
    const Given tensors = argument.is_sequence() ? *argument.items : Given{argument};
    inputs.insert(inputs.end(), tensors.begin(), tensors.end());
    args.push_back(json_of(argument, numbered));
  }
  for (const auto& [name, value] : keywords) {
    if (!is_idle(class_name, name, value)) kwargs[name] = json_of(value, numbered);
  }
  if (!kwargs.empty()) {
    config["call_arguments"] = {{"args", args}, {"kwargs", kwargs}};
    inputs.clear();
    for (const size_t number : numbered) inputs.push_back(python::Value::tensor(number));
  }
  return meaning.trace().add_layer(class_name, std::move(config), inputs, *(*layer.items)[2].items);
}

}  // namespace hoarfrost::keras
