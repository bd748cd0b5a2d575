#include "keras/lambda/trace.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

constexpr size_t kMostSteps = 2000;
constexpr int kDeepest = 8;
constexpr int64_t kMostElements = 1 << 26;  // of what happens on the way, when it is computed by its meaning

Json converted(const python::Value& value, std::vector<size_t>& tensors, int depth) {
  switch (value.kind) {
    case Kind::kNone:
      return {};
    case Kind::kBool:
      return value.integer != 0;
    case Kind::kInt:
      return value.integer;
    case Kind::kFloat:
      return value.number;
    case Kind::kString:
      return value.text;
    case Kind::kEllipsis:
      return {{"class_name", "__ellipsis__"}};
    case Kind::kTensor: {
      const auto number = static_cast<size_t>(value.integer);
      const auto found = std::ranges::find(tensors, number) - tensors.begin();
      if (found == static_cast<std::ptrdiff_t>(tensors.size())) tensors.push_back(number);
      return {{"tensor", static_cast<size_t>(found)}};
    }
    case Kind::kMethod:  // the type that a tensor has, as an argument
      if (value.text == "dtype") return {{"dtype_of", converted(value.items->front(), tensors, depth + 1)}};
      throw Error(ErrorCode::kUnsupported, "", fmt::format("an argument that is {}", value.repr()));
    case Kind::kSlice:
      return {{"start", converted((*value.items)[0], tensors, depth + 1)},
              {"stop", converted((*value.items)[1], tensors, depth + 1)},
              {"step", converted((*value.items)[2], tensors, depth + 1)}};
    case Kind::kTuple:
    case Kind::kList:
    case Kind::kArray:
      break;
    default:
      throw Error(ErrorCode::kUnsupported, "", fmt::format("an argument that is {}", value.repr()));
  }
  if (depth > kDeepest) throw Error(ErrorCode::kUnsupported, "", "an argument of lists within lists");
  Json result = Json::array();
  for (const python::Value& item : *value.items) result.push_back(converted(item, tensors, depth + 1));
  return result;
}

std::string listed(const std::vector<WeightSpec>& specs) {
  std::string result;
  for (const WeightSpec& spec : specs)
    result += fmt::format("{}{} {}", result.empty() ? "" : ", ", spec.name, spec.shape.to_string());
  return result.empty() ? "none" : result;
}

// Whether Keras 3's files hold the weight of that name where the spec's is: "att/query_dense/variable" is in the group
// `query_dense`, "att/_query_dense/variable" of Keras 2.15 too. False for a spec without a group.
bool is_filed_in(std::string_view name, const WeightSpec& spec) {
  const std::string group = group_of(spec.name, spec.group);
  const std::string path = fmt::format("/{}", name);
  return !group.empty() && (path.find(fmt::format("/{}/", group)) != std::string::npos ||
                            path.find(fmt::format("/_{}/", group)) != std::string::npos);
}

Tensor computed(const Formula& formula) {
  if (!formula.shape.is_static() || formula.shape.n_elements() > kMostElements) {
    throw Error(
        ErrorCode::kUnsupported, "",
        fmt::format("an intermediate result of {} is too large to compute by its meaning", formula.shape.to_string()));
  }
  Tensor result(DType::kFloat64, formula.shape);
  const std::span<double> values = result.mutable_values<double>();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = formula.at(Index::at_offset(formula.shape, static_cast<int64_t>(i)));
  return result;
}

}  // namespace

Json json_of(const python::Value& value, std::vector<size_t>& tensors) { return converted(value, tensors, 0); }

python::Value value_of_json(const Json& json, int depth) {
  if (depth > 20) throw Error(ErrorCode::kUnsupported, "", "lists nested more than 20 deep");
  if (json.is_null()) return python::Value::none();
  if (json.is_boolean()) return python::Value::boolean(json.get<bool>());
  if (json.is_number_integer()) return python::Value::whole(json.get<int64_t>());
  if (json.is_number()) return python::Value::real(json.get<double>());
  if (json.is_string()) return python::Value::string(json.get<std::string>());
  if (json.is_object() && json.contains("tensor") && json.at("tensor").is_number_unsigned())
    return python::Value::tensor(json.at("tensor").get<size_t>());
  if (json.is_object() && json.contains("complex") && json.at("complex").is_array() && json.at("complex").size() == 2) {
    std::vector<python::Value> parts;
    for (const Json& number : json.at("complex")) parts.push_back(python::Value::tensor(number.get<size_t>()));
    return python::Value::with(python::Value::Kind::kComplex, std::move(parts));
  }
  if (json.is_object() && json.size() == 3 && json.contains("start") && json.contains("stop") &&
      json.contains("step")) {
    std::vector<python::Value> bounds;
    for (const char* bound : {"start", "stop", "step"}) bounds.push_back(value_of_json(json.at(bound), depth + 1));
    return python::Value::with(python::Value::Kind::kSlice, std::move(bounds));
  }
  if (json.is_object() && json.value("class_name", Json()) == "__ellipsis__")
    return python::Value::of(python::Value::Kind::kEllipsis);
  if (json.is_object() &&
      (json.value("class_name", Json()) == "__numpy__" || json.value("class_name", Json()) == "__tensor__")) {
    const Json& numbers = json.contains("config") && json.at("config").is_object() ? json.at("config") : json;
    if (numbers.contains("value")) {
      python::Value array = value_of_json(numbers.at("value"), depth + 1);
      if (array.is(python::Value::Kind::kList)) array.kind = python::Value::Kind::kArray;
      return array;
    }
  }
  if (json.is_object())
    return python::Value::name(
        fmt::format("({})", json.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60)));
  std::vector<python::Value> items;
  for (const Json& item : json) items.push_back(value_of_json(item, depth + 1));
  return python::Value::list(std::move(items));
}

python::Value Trace::add(const OperationSpec& operation, bool is_keras3, const std::vector<python::Value>& arguments,
                         const std::vector<std::pair<std::string, python::Value>>& keywords) {
  std::vector<size_t> tensors;
  Json args = Json::array();
  Json kwargs = Json::object();
  for (const python::Value& argument : arguments) args.push_back(json_of(argument, tensors));
  for (const auto& [name, value] : keywords) kwargs[name] = json_of(value, tensors);
  const Json json{{"name", layer_name_},
                  {"call_arguments", {{"args", std::move(args)}, {"kwargs", std::move(kwargs)}}}};
  const Config config(json, "Lambda", version_);
  auto layer = parse_call(config, operation, is_keras3);
  const std::string said = fmt::format("{}{}", operation.name,
                                       json.at("call_arguments").dump(-1, ' ', false, Json::error_handler_t::replace));
  const bool is_shape = operation.name == "Shape" && tensors.size() == 1;
  const size_t source = is_shape ? tensors[0] : 0;
  python::Value result = add_step({std::move(layer), std::move(tensors), {}}, said);
  if (is_shape) shape_sources_.emplace(static_cast<size_t>(result.integer), source);
  return result;
}

std::optional<python::Value> Trace::source_of_shape(const python::Value& tensor) const {
  const auto found = shape_sources_.find(static_cast<size_t>(tensor.integer));
  return found == shape_sources_.end() ? std::nullopt : std::optional(python::Value::tensor(found->second));
}

python::Value Trace::add_layer(const std::string& class_name, Json config, const std::vector<python::Value>& inputs,
                               const std::vector<python::Value>& weights) {
  TraceStep step;
  Shapes in;
  for (const python::Value& input : inputs) {
    if (!input.is(Kind::kTensor))
      throw Error(ErrorCode::kUnsupported, "", fmt::format("{} of {}, which is no tensor", class_name, input.repr()));
    step.inputs.push_back(static_cast<size_t>(input.integer));
    in.push_back(shape(input));
  }
  config["name"] = layer_name_;
  step.layer = parse_layer(Config(config, class_name, version_));
  std::string said = class_name + config.dump(-1, ' ', false, Json::error_handler_t::replace);
  step.weights = ordered_weights(class_name, step.layer->weights(in), weights);
  for (const size_t weight : step.weights) said += fmt::format(" w[{}]", weight);
  return add_step(std::move(step), said);
}

std::vector<size_t> Trace::ordered_weights(const std::string& class_name, const std::vector<WeightSpec>& specs,
                                           const std::vector<python::Value>& weights) const {
  const size_t first = n_inputs_ - weight_names.size();
  std::vector<size_t> given;
  for (const python::Value& weight : weights) {
    const auto number = static_cast<size_t>(weight.integer);
    if (!weight.is(Kind::kTensor) || number < first || number >= n_inputs_)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("layers.{} with {} among its weights, expected some of `w`", class_name, weight.repr()));
    given.push_back(number - first);
  }
  if (given.size() != specs.size()) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("layers.{} has the weights {}, and was given {} (weights=w[0:{}])", class_name,
                            listed(specs), given.size(), specs.size()));
  }
  std::vector<size_t> result;
  for (const WeightSpec& spec : specs) {
    auto found = std::ranges::find_if(given, [&](size_t weight) { return is_filed_in(weight_names[weight], spec); });
    if (found == given.end()) found = given.begin();
    const Shape& shape = shapes_.at(first + *found);
    if (shape != spec.shape) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("layers.{} has a {} of {}, and was given {} ({})", class_name, spec.name,
                              spec.shape.to_string(), shape.to_string(), weight_names[*found]));
    }
    result.push_back(*found);
    given.erase(found);
  }
  return result;
}

std::vector<python::Value> Trace::weights_in(const std::string& path) const {
  std::vector<python::Value> result;
  const size_t first = n_inputs_ - weight_names.size();
  for (size_t i = 0; i < weight_names.size(); ++i) {
    if (weight_names[i] == path || weight_names[i].starts_with(path + "/"))
      result.push_back(python::Value::tensor(first + i));
  }
  return result;
}

python::Value Trace::add_step(TraceStep step, const std::string& said) {
  if (steps_.size() >= kMostSteps)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("a function of more than {} operations", kMostSteps));
  Shapes in;
  for (const size_t number : step.inputs) in.push_back(shapes_.at(number));
  const Shapes out = step.layer->infer(in);
  meaning_ += said;
  for (const size_t number : step.inputs) meaning_ += fmt::format(" {}", number);
  meaning_ += '\n';
  steps_.push_back(std::move(step));
  std::vector<python::Value> results;
  for (const Shape& shape : out) {
    results.push_back(python::Value::tensor(shapes_.size()));
    shapes_.push_back(shape);
  }
  return results.size() == 1 ? results[0] : python::Value::list(std::move(results));
}

void Trace::set_result(const python::Value& result) {
  const auto add_output = [&](const python::Value& value) {
    if (!value.is(Kind::kTensor))
      throw Error(ErrorCode::kUnsupported, "", fmt::format("the function gives {}, which is no tensor", value.repr()));
    outputs.push_back(static_cast<size_t>(value.integer));
  };
  if (!result.is_sequence()) return add_output(result);
  for (const python::Value& value : *result.items) add_output(value);
  if (outputs.empty()) throw Error(ErrorCode::kUnsupported, "", "the function gives nothing");
}

std::string Trace::outputs_text() const {
  std::string result = "gives";
  for (const size_t output : outputs) result += fmt::format(" {}", output);
  return result;
}

Shapes Trace::output_shapes() const {
  Shapes result;
  for (const size_t output : outputs) result.push_back(shapes_.at(output));
  return result;
}

Values Trace::lower(Lowering& lowering, const Values& in) const {
  Values tensors = without_masks(in);
  for (const TraceStep& step : steps_) {
    Values inputs;
    for (const size_t number : step.inputs) inputs.push_back(tensors.at(number));
    const Values outputs_of_step = step.weights.empty() ? step.layer->lower(lowering, inputs)
                                                        : lowering.inner(*step.layer, "layer", step.weights, inputs);
    for (Value output : outputs_of_step) {
      output.shape = shapes_.at(tensors.size());
      output.mask = {};
      tensors.push_back(output);
    }
  }
  Values result;
  for (const size_t output : outputs) result.push_back(tensors.at(output));
  return result;
}

Formulas Trace::reference(const Arrays& in) const {
  Arrays tensors = in;
  Formulas formulas;
  for (const Array& x : in) formulas.push_back({x.shape(), [x](const Index& o) { return x[o]; }, 0});
  for (size_t s = 0; s < steps_.size(); ++s) {
    Arrays inputs;
    for (const size_t number : steps_[s].inputs) {
      while (tensors.size() <= number) tensors.emplace_back(computed(formulas.at(tensors.size())));
      inputs.push_back(tensors[number]);
    }
    Arrays weights;
    for (const size_t weight : steps_[s].weights) weights.push_back(in.at(n_inputs_ - weight_names.size() + weight));
    for (Formula& formula : steps_[s].layer->reference(weights, inputs)) formulas.push_back(std::move(formula));
  }
  Formulas result;
  for (const size_t output : outputs) result.push_back(formulas.at(output));
  return result;
}

}  // namespace hoarfrost::keras
