#include "keras/lambda/function.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "keras/lambda/meaning.h"
#include "keras/lambda/named_functions.h"
#include "python/expression.h"
#include "python/marshal.h"

namespace hoarfrost::keras {
namespace {

std::string say_it(const std::string& name, std::string_view example = "x / 255") {
  return fmt::format("say it by hand with --lambda {}='{}' (docs/lambda.md)", name, example);
}

// nullopt for what is no base64; line ends are passed over.
std::optional<std::string> from_base64(std::string_view text) {
  std::string result;
  uint32_t bits = 0;
  int n_bits = 0;
  bool has_ended = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') {
      has_ended = true;
      continue;
    }
    const std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos || has_ended) return {};
    bits = bits << 6 | static_cast<uint32_t>(digit);
    n_bits += 6;
    if (n_bits < 8) continue;
    n_bits -= 8;
    result += static_cast<char>(bits >> n_bits & 0xff);
  }
  return result;
}

// Keras 1 and 2.0 wrote the bytes as letters of the same numbers.
std::optional<std::string> from_letters(std::string_view utf8) {
  std::string result;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<uint8_t>(utf8[i]);
    if (c < 0x80) {
      result += utf8[i];
      continue;
    }
    if ((c != 0xc2 && c != 0xc3) || i + 1 >= utf8.size()) return {};
    result += static_cast<char>((c & 3) << 6 | (static_cast<uint8_t>(utf8[++i]) & 0x3f));
  }
  return result;
}

std::vector<std::shared_ptr<const python::Code>> read_code(const Config& config, const std::string& text) {
  std::optional<Error> failure;
  for (const auto& bytes : {from_base64(text), from_letters(text)}) {
    if (!bytes) continue;
    try {
      return python::read_code(*bytes);
    } catch (const Error& error) {
      if (!failure) failure = error;
    }
  }
  if (failure) throw failure->within(config.where());
  config.fail("its `function` holds no bytes");
}

[[noreturn]] void refuse_name(const Config& config, const std::string& name) {
  std::string known;
  for (const SaidByHand& function : find_named_functions(name))
    known += fmt::format("; that of {} is --lambda {}='{}'", function.from, config.name(), function.meaning);
  config.unsupported(fmt::format("its function `{}` is its author's Python, of which the file has only the name: {}{}",
                                 name, say_it(config.name()), known));
}

const Json* text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

python::Value dict_of(const Json& object) {
  std::vector<python::Value> items;
  for (const auto& [key, value] : object.items()) {
    items.push_back(python::Value::string(key));
    items.push_back(value_of_json(value));
  }
  return python::Value::with(python::Value::Kind::kDict, std::move(items));
}

std::string cut(std::string text) {
  if (text.size() > 60) text = text.substr(0, 60) + "…";
  return text;
}

void collect_globals(const python::Code& code, int version, std::set<std::string>& names, int depth = 0) {
  const auto program = python::disassemble(code, version);
  if (!program || depth > 16) return;
  for (const python::Instruction& instruction : program->instructions) {
    const bool is_global = instruction.opcode == python::Opcode::LOAD_GLOBAL;
    if (!is_global && instruction.opcode != python::Opcode::LOAD_NAME &&
        instruction.opcode != python::Opcode::IMPORT_NAME)
      continue;
    const int index = is_global && version >= 11 ? instruction.argument >> 1 : instruction.argument;
    names.insert(code.names.at(static_cast<size_t>(index)));
  }
  for (const python::ObjectPtr& constant : code.constants) {
    if (constant->kind == python::Object::Kind::kCode) collect_globals(*constant->code, version, names, depth + 1);
  }
}

}  // namespace

std::vector<std::string> LambdaFunction::outer_names() const {
  std::set<std::string> names;
  for (const Candidate& candidate : candidates_) collect_globals(*candidate.code, candidate.version, names);
  return {names.begin(), names.end()};
}

std::vector<int> LambdaFunction::versions() const {
  std::set<int> result;
  for (const Candidate& candidate : candidates_) result.insert(candidate.version);
  return {result.begin(), result.end()};
}

LambdaFunction LambdaFunction::parse(const Config& config) {
  LambdaFunction result;
  result.keras_ = config.version();
  result.name_ = config.name();
  result.random_is_mean_ = config.find({"random"}) != nullptr;
  for (const char* key : {"function_type", "module", "output_shape", "output_shape_type", "output_shape_module",
                          "input_dtype", "mask_type", "mask_module"})
    config.ignore({key});
  if (config.find({"expression"}) != nullptr) {
    result.expression_ = config.get_string({"expression"});
    result.option_ = config.get_string({"option"});
    if (const Json* replaced = config.find({"config"}); replaced != nullptr) result.replaced_ = *replaced;
    config.ignore({"function"});
    return result;
  }
  const Json* function = config.find({"function"});
  if (function == nullptr) config.fail("has no `function`");
  const Json* type = config.find({"function_type"});
  if (function->is_string()) refuse_name(config, cut(function->get<std::string>()));
  std::string code;
  if (function->is_array() && !function->empty() && function->front().is_string()) {
    if (type != nullptr && *type != "lambda") refuse_name(config, cut(function->front().get<std::string>()));
    code = function->front().get<std::string>();
    if (function->size() > 1) result.defaults_ = (*function)[1];
    if (function->size() > 2) result.closure_ = (*function)[2];
  } else if (function->is_object() && function->contains("config")) {
    const Json& inner = function->at("config");
    if (inner.is_string()) refuse_name(config, cut(inner.get<std::string>()));
    const Json* text = inner.is_object() ? text_of(inner, "code") : nullptr;
    if (text == nullptr || !text->is_string()) config.fail("its `function` holds no code");
    code = text->get<std::string>();
    if (const Json* defaults = text_of(inner, "defaults")) result.defaults_ = *defaults;
    if (const Json* closure = text_of(inner, "closure")) result.closure_ = *closure;
  } else {
    config.fail(fmt::format("its `function` is {}, expected code",
                            cut(function->dump(-1, ' ', false, Json::error_handler_t::replace))));
  }
  for (const auto& read : read_code(config, code)) {
    for (const int version : python::versions_of(*read)) result.candidates_.push_back({version, read});
  }
  if (result.candidates_.empty())
    config.unsupported(fmt::format("its code is of no known CPython (2.7, 3.4 to 3.13): {}", say_it(config.name())));
  return result;
}

Trace LambdaFunction::follow(const Candidate& candidate, const Shapes& inputs, const Json& arguments,
                             const Json& keywords) const {
  python::Function function;
  function.code = candidate.code;
  if (defaults_.is_array()) function.defaults = *value_of_json(defaults_).items;
  if (closure_.is_array()) {
    for (const Json& value : closure_)
      function.closure.push_back(python::Value::with(python::Value::Kind::kCell, {value_of_json(value)}));
  }
  Trace trace(inputs, keras_, name_);
  trace.random_is_mean = random_is_mean_;
  Meaning meaning(trace);
  std::vector<python::Value> given;
  for (const Json& argument : arguments) given.push_back(value_of_json(argument));
  python::Keywords named;
  for (const auto& [key, value] : keywords.items()) named.emplace_back(key, value_of_json(value));
  // Keras gives a function that asks for them the mask and whether it trains; here there is neither.
  const auto& locals = candidate.code->locals;
  const auto n_named = static_cast<std::ptrdiff_t>(candidate.code->n_arguments + candidate.code->n_keyword_arguments);
  for (const char* name : {"mask", "training"}) {
    const bool asks = std::find(locals.begin(), locals.begin() + n_named, name) != locals.begin() + n_named;
    const bool has = std::ranges::any_of(named, [&](const auto& entry) { return entry.first == name; });
    if (asks && !has && given.size() < static_cast<size_t>(n_named))
      named.emplace_back(name,
                         name == std::string_view("mask") ? python::Value::none() : python::Value::boolean(false));
  }
  python::Limits limits;
  meaning.set_caller([&](const python::Function& called, std::vector<python::Value> values) {
    return python::call_function(called, candidate.version, std::move(values), {}, meaning, limits);
  });
  trace.set_result(python::call_function(function, candidate.version, std::move(given), named, meaning, limits));
  return trace;
}

Trace LambdaFunction::follow(const Shapes& inputs, const Json& arguments, const Json& keywords,
                             const std::vector<std::string>& weight_names) const {
  if (!expression_.empty()) {
    Trace trace(inputs, keras_, name_);
    trace.weight_names = weight_names;
    trace.random_is_mean = random_is_mean_;
    Meaning meaning(trace);
    const python::Value first = arguments.empty() ? python::Value::none() : value_of_json(arguments.front());
    std::map<std::string, python::Value> variables{{"x", first}, {"inputs", first}};
    for (const auto& [key, value] : keywords.items()) variables[key] = value_of_json(value);
    variables.emplace("w", python::Value::list({}));
    variables.emplace("config", dict_of(replaced_));
    try {
      trace.set_result(python::evaluate(expression_, variables, meaning));
    } catch (Error& error) {
      throw error.within(option_);
    }
    return trace;
  }
  std::optional<Trace> result;
  std::optional<Candidate> of;
  std::optional<Error> failure;
  std::optional<Candidate> failed;
  for (const Candidate& candidate : candidates_) {
    try {
      Trace trace = follow(candidate, inputs, arguments, keywords);
      if (result && result->meaning() != trace.meaning()) {
        throw Error(
            ErrorCode::kUnsupported, "",
            fmt::format("its code means one thing in Python {} and another in Python {}: {}",
                        python::version_name(of->version), python::version_name(candidate.version), say_it(name_)));
      }
      if (!result) of = candidate;
      if (!result) result = std::move(trace);
    } catch (const Error& error) {
      if (result && std::string_view(error.what()).starts_with("its code means")) throw;
      // Code that this version would not make is no reason to refuse what another makes of it.
      const bool says_more =
          !failure || (failure->code() == ErrorCode::kCorrupt && error.code() != ErrorCode::kCorrupt);
      if (says_more) failed = candidate;
      if (says_more) failure = error;
    }
  }
  if (result && failure && failure->code() == ErrorCode::kUnsupported &&
      std::string_view(failure->what()).starts_with("it ")) {
    // Another version reads calls that are not known: which one it is cannot be told, unless both read the same
    // instructions.
    if (python::listing(*failed->code, failed->version) != python::listing(*of->code, of->version)) result.reset();
  }
  if (result) return std::move(*result);
  std::string said = failure->what();
  const std::string code = python::listing(*failed->code, failed->version);
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("its Python function is not converted: {}; {}\nPython {} {}", said,
                          // A sample's mean is the first input of a variational autoencoder's sampling layer.
                          said.find("which is random") != std::string::npos ? say_it(name_, "x[0]") : say_it(name_),
                          python::version_name(failed->version), code));
}

}  // namespace hoarfrost::keras
