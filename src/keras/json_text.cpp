// JSON as Python's json module writes it.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

constexpr int kDeepestBrackets = 500;  // nested brackets: a model nested ten deep has about 80

// Python writes NaN and Infinity, which JSON has not: here they become null and the largest double, which is infinite
// as float32.
std::string to_json(std::string_view text, std::string_view place) {
  std::string result;
  result.reserve(text.size());
  int depth = 0;
  bool is_in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\' && i + 1 < text.size())
        result += text[i++];
      else if (c == '"')
        is_in_string = false;
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepestBrackets)
        throw Error(ErrorCode::kCorrupt, place, fmt::format("brackets are nested more than {} deep", kDeepestBrackets));
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (text.substr(i, 3) == "NaN") {
      result += "null";
      i += 2;
      continue;
    } else if (text.substr(i, 8) == "Infinity") {
      result += "1.7976931348623157e308";
      i += 7;
      continue;
    }
    result += text[i];
  }
  return result;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view place) {
  std::string current(text);
  for (int i = 0; i < 3; ++i) {
    Json json;
    try {
      json = Json::parse(to_json(current, place));
    } catch (const Json::parse_error& error) {
      const bool is_cut = error.byte > current.size();
      throw Error(ErrorCode::kCorrupt, place,
                  is_cut
                      ? fmt::format("expected JSON, found only its beginning: it ends after {} bytes", current.size())
                      : fmt::format("expected JSON, which breaks at byte {} of {}", error.byte, current.size()));
    } catch (const Json::exception& error) {
      throw Error(ErrorCode::kCorrupt, place, fmt::format("expected JSON: {}", error.what()));
    }
    if (!json.is_string()) return json;
    current = json.get<std::string>();
  }
  throw Error(ErrorCode::kCorrupt, place, "JSON in a string in a string in a string");
}

std::optional<Version> parse_version(std::string_view text) {
  int numbers[3] = {0, 0, 0};
  size_t at = 0;
  for (int& number : numbers) {
    if (at >= text.size() || text[at] < '0' || text[at] > '9') {
      if (&number == &numbers[2]) break;
      return {};
    }
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && number < 10000)
      number = number * 10 + (text[at++] - '0');
    if (at < text.size()) ++at;  // the point
  }
  return Version{numbers[0], numbers[1], text.find("-tf") != std::string_view::npos, numbers[2]};
}

}  // namespace hoarfrost::keras
