// YAML as PyYAML writes it, which Keras 0.x to 2.5 saved architectures in (model.to_yaml()).
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

constexpr int kDeepestValues = 500;
constexpr size_t kMostValues = size_t{1} << 22;  // aliases of aliases would grow without bounds

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

size_t n_values(const Json& json) {
  size_t n = 1;
  if (json.is_structured()) {
    for (const Json& element : json) n += n_values(element);
  }
  return n;
}

// YAML 1.1's types of plain scalars, as PyYAML's resolver has them (10, 0x1f, 1.0e-05, .inf, yes, ~).
bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<bool> truth(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "true" || lower == "yes" || lower == "on") return true;
  if (lower == "false" || lower == "no" || lower == "off") return false;
  return {};
}

template <typename T>
std::optional<T> whole(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<double> infinity_or_nan(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::nan("");
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text != ".inf" && text != ".Inf" && text != ".INF") return {};
  return is_negative ? -HUGE_VAL : HUGE_VAL;
}

Json plain_scalar(std::string_view text) {
  if (is_null(text)) return nullptr;
  if (const auto value = truth(text)) return *value;
  if (const auto value = whole<int64_t>(text)) return *value;
  if (const auto value = infinity_or_nan(text))  // as parse_json writes Python's NaN and Infinity
    return std::isnan(*value) ? Json(nullptr) : Json(std::copysign(1.7976931348623157e308, *value));
  const bool is_number = text.find_first_not_of("+-.0123456789eE") == std::string_view::npos &&
                         text.find_first_of("0123456789") != std::string_view::npos;
  if (const auto value = is_number ? whole<double>(text) : std::nullopt) return *value;
  return std::string(text);
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view place) : place_(place) {
    if (yaml_parser_initialize(&parser_) == 0) throw Error(ErrorCode::kCorrupt, place_, "no memory for a YAML parser");
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Json run() {
    while (next() != YAML_DOCUMENT_START_EVENT) {
      if (event_.type == YAML_STREAM_END_EVENT) fail("is empty");
    }
    next();
    return value(0);
  }

 private:
  [[noreturn]] void fail(std::string_view problem, size_t line) const {
    throw Error(ErrorCode::kCorrupt, place_,
                fmt::format("expected YAML, which breaks in line {}: {}", line + 1, problem));
  }
  [[noreturn]] void fail(std::string_view problem) const { fail(problem, event_.start_mark.line); }

  yaml_event_type_t next() {
    yaml_event_delete(&event_);
    if (yaml_parser_parse(&parser_, &event_) == 0)
      fail(parser_.problem == nullptr ? "not readable" : parser_.problem, parser_.problem_mark.line);
    return event_.type;
  }

  // The value that the event begins.
  Json value(int depth) {
    if (depth > kDeepestValues) fail(fmt::format("values are nested more than {} deep", kDeepestValues));
    if (++n_values_ > kMostValues) fail(fmt::format("more than {} values", kMostValues));
    switch (event_.type) {
      case YAML_SCALAR_EVENT:
        return kept(text_of(event_.data.scalar.anchor), scalar());
      case YAML_SEQUENCE_START_EVENT: {
        const std::string anchor(text_of(event_.data.sequence_start.anchor));
        return kept(anchor, sequence(depth));
      }
      case YAML_MAPPING_START_EVENT: {
        const std::string anchor(text_of(event_.data.mapping_start.anchor));
        return kept(anchor, mapping(depth));
      }
      case YAML_ALIAS_EVENT:
        return anchored(text_of(event_.data.alias.anchor));
      default:
        fail("a value is missing");
    }
  }

  [[nodiscard]] Json scalar() const {
    const auto& scalar = event_.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const std::string_view tag = text_of(scalar.tag);
    const bool is_text =
        scalar.plain_implicit == 0 && (scalar.quoted_implicit != 0 || tag.ends_with("str") || tag.ends_with("unicode"));
    return is_text ? Json(std::string(text)) : plain_scalar(text);
  }

  Json sequence(int depth) {
    Json result = Json::array();
    while (next() != YAML_SEQUENCE_END_EVENT) result.push_back(value(depth + 1));
    return result;
  }

  Json mapping(int depth) {
    Json result = Json::object();
    while (next() != YAML_MAPPING_END_EVENT) {
      if (event_.type != YAML_SCALAR_EVENT) fail("a key that is no text");
      const std::string key(reinterpret_cast<const char*>(event_.data.scalar.value), event_.data.scalar.length);
      next();
      result[key] = value(depth + 1);
    }
    return result;
  }

  Json kept(std::string_view anchor, Json json) {
    if (!anchor.empty()) anchors_[std::string(anchor)] = json;
    return json;
  }

  Json anchored(std::string_view anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(fmt::format("`*{}` stands for nothing", anchor));
    n_values_ += n_values(found->second);
    if (n_values_ > kMostValues) fail(fmt::format("more than {} values", kMostValues));
    return found->second;
  }

  std::string place_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  std::map<std::string, Json, std::less<>> anchors_;
  size_t n_values_ = 0;
};

}  // namespace

Json parse_yaml(std::string_view text, std::string_view place) { return Parser(text, place).run(); }

}  // namespace hoarfrost::keras
