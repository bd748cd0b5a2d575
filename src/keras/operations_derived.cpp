// Operations that are a few others: each is said in the language of --lambda (docs/lambda.md), step by step, and means
// what its steps mean. Definitions: Keras 3.15's keras.ops, TensorFlow 2.15's tf.image, tf.linalg, tf.math and tf.nn.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "keras/derived_rows.h"
#include "keras/lambda/meaning.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/shapes.h"
#include "python/expression.h"

namespace hoarfrost::keras {
namespace {

// The families, in the order of their listing.
std::vector<const DerivedRow*> all_rows() {
  std::vector<const DerivedRow*> result;
  for (const auto family : {derived_number_rows(), derived_array_rows(), derived_statistics_rows(),
                            derived_linear_rows(), derived_image_rows(), derived_sampling_rows(),
                            derived_network_rows(), derived_loss_rows(), derived_signal_rows()}) {
    for (const DerivedRow& row : family) result.push_back(&row);
  }
  return result;
}

std::string_view first_word(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// Tensors of the call as numbers of the operation's inputs.
Json with_operands(OperationCall& call, const Json& json, int depth = 0) {
  if (json.is_object() && json.size() == 1 && json.contains("tensor")) {
    call.add(json);
    return {{"tensor", call.all().size() - 1}};
  }
  if (!json.is_array() || depth > 8) return json;
  Json result = Json::array();
  for (const Json& element : json) result.push_back(with_operands(call, element, depth + 1));
  return result;
}

struct Derived {
  std::string_view steps;
  std::map<std::string, python::Value> variables;
  Version version;
  std::string layer_name;

  Shapes infer(const Shapes& in) const { return trace(in).output_shapes(); }

  Values lower(Lowering& lowering, const Values& in) const { return trace(shapes_of(in)).lower(lowering, in); }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return trace(shapes_of(in)).reference(in); }

 private:
  [[nodiscard]] Trace trace(const Shapes& in) const {
    Trace result(in, version, layer_name);
    Meaning meaning(result);
    result.set_result(python::evaluate(steps, variables, meaning));
    return result;
  }
};

// One parameter of a row: "!axis|dim=-1".
struct Parameter {
  bool is_fixed = false;
  bool may_be_none = false;
  std::string_view name;
  std::array<std::string_view, 2> other_names;
  std::optional<std::string_view> fallback;

  explicit Parameter(std::string_view word) : is_fixed(word.starts_with('!')) {
    if (is_fixed) word.remove_prefix(1);
    if (const size_t equals = word.find('='); equals != std::string_view::npos) {
      fallback = word.substr(equals + 1);
      may_be_none = fallback->starts_with('?');
      if (may_be_none) fallback->remove_prefix(1);
      word = word.substr(0, equals);
    }
    name = first_word(word, '|');
    for (std::string_view& other : other_names) other = word.empty() ? name : first_word(word, '|');
  }
};

Json default_of(std::string_view text) {
  if (text == "None") return {};
  if (text == "True" || text == "False") return text == "True";
  if (text.starts_with('\'')) return std::string(text.substr(1, text.size() - 2));
  return Json::parse(text);
}

// In Keras 3's configuration, or by name in the call.
bool is_told_none(const Config& config, std::string_view name) {
  const auto is_null_in = [&](const Json& json) {
    const auto found = json.find(name);
    return found != json.end() && found->is_null();
  };
  const auto call = config.json().find("call_arguments");
  return is_null_in(config.json()) || (call != config.json().end() && is_null_in(call->at("kwargs")));
}

std::shared_ptr<const Layer> parse_derived(OperationCall& call, std::string_view name) {
  const auto rows = all_rows();
  const DerivedRow& row = **std::ranges::find(rows, name, &DerivedRow::name);
  Derived result{row.steps, {}, call.config().version(), call.config().name()};
  std::string_view parameters = row.parameters;
  for (size_t position = 0; !parameters.empty(); ++position) {
    const Parameter parameter(first_word(parameters, ' '));
    const Json* given = call.find(position, {parameter.name, parameter.other_names[0], parameter.other_names[1]});
    if (given == nullptr && !parameter.fallback)
      call.config().fail(fmt::format("the call has no argument `{}`", parameter.name));
    const bool is_none = given == nullptr && parameter.may_be_none && is_told_none(call.config(), parameter.name);
    Json value = given != nullptr ? with_operands(call, *given) : is_none ? Json() : default_of(*parameter.fallback);
    if (parameter.name == "data_format" && (value == "channels_first" || value == "NCHW"))
      call.config().unsupported("called on images with their channels first, which is not converted");
    if (parameter.is_fixed && value != default_of(*parameter.fallback)) {
      call.config().unsupported(fmt::format("called with {}={}, which is not converted; {} is", parameter.name,
                                            value.dump().substr(0, 60), *parameter.fallback));
    }
    result.variables.insert_or_assign(std::string(parameter.name), value_of_json(value));
  }
  return make_operation(std::move(result));
}

}  // namespace

std::span<const OperationSpec> derived_operations() {
  static const auto kOperations = [] {
    std::vector<OperationSpec> result;
    for (const DerivedRow* row : all_rows()) result.push_back({row->name, row->functions, parse_derived});
    return result;
  }();
  return kOperations;
}

}  // namespace hoarfrost::keras
