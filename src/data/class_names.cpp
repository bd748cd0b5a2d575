#include "data/class_names.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace hoarfrost::data {
namespace {

using Json = nlohmann::json;
constexpr uint64_t kMostBytes = 64 << 20;

[[noreturn]] void fail(const std::string& where, std::string_view message) {
  throw Error(ErrorCode::kCorrupt, where, message);
}

ClassNames from_json(const Json& json, const std::string& where) {
  ClassNames result;
  if (json.is_array()) {
    for (const Json& name : json) {
      if (!name.is_string()) fail(where, fmt::format("expected a list of names, found {}", name.dump()));
      result.names.push_back(name.get<std::string>());
    }
    return result;
  }
  for (size_t i = 0; i < json.size(); ++i) {
    const auto entry = json.find(std::to_string(i));
    if (entry == json.end())
      fail(where, fmt::format("expected the classes \"0\" to \"{}\", found no \"{}\"", json.size() - 1, i));
    if (entry->is_string()) {
      result.names.push_back(entry->get<std::string>());
    } else if (entry->is_array() && entry->size() == 2 && (*entry)[0].is_string() && (*entry)[1].is_string()) {
      result.ids.push_back((*entry)[0].get<std::string>());
      result.names.push_back((*entry)[1].get<std::string>());
    } else {
      fail(where, fmt::format("class \"{}\": expected a name or [id, name], found {}", i, entry->dump()));
    }
  }
  if (!result.ids.empty() && result.ids.size() != result.names.size())
    fail(where, "some classes have an id and some have none");
  return result;
}

ClassNames from_lines(std::string_view text) {
  ClassNames result;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    if (!line.empty()) result.names.emplace_back(line);
  }
  return result;
}

}  // namespace

int64_t ClassNames::label_of(std::string_view name) const {
  for (const auto* list : {&names, &ids}) {
    const auto found = std::ranges::find(*list, name);
    if (found != list->end()) return found - list->begin();
  }
  return -1;
}

ClassNames read_class_names(const std::filesystem::path& path, int64_t n_classes) {
  if (path.empty()) return {};
  const auto file = File::open(path);
  if (file->size() > kMostBytes) fail(path.string(), "is too large for a list of class names");
  std::string text(file->size(), '\0');
  file->read(0, std::as_writable_bytes(std::span(text)));
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  ClassNames result;
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (text[first] == '{' || text[first] == '[')) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) fail(path.string(), "begins like JSON and is none");
    result = from_json(json, path.string());
  } else {
    result = from_lines(text);
  }
  if (result.empty()) fail(path.string(), "expected class names, a line each, found none");
  if (n_classes != 0 && static_cast<int64_t>(result.names.size()) != n_classes) {
    throw Error(ErrorCode::kMismatch, path.string(),
                fmt::format("holds {} class names, the model has {} classes", result.names.size(), n_classes));
  }
  const auto& unique = result.ids.empty() ? result.names : result.ids;  // ImageNet calls two classes `crane`
  std::set<std::string> seen;
  for (const std::string& name : unique) {
    if (!seen.insert(name).second) fail(path.string(), fmt::format("the class `{}` stands there twice", name));
  }
  return result;
}

ClassNames match_class_names(const std::vector<std::string>& found, const ClassNames& given, int64_t n_classes,
                             std::string_view what, const std::string& where) {
  if (given.empty()) {
    if (n_classes == 0 || static_cast<int64_t>(found.size()) == n_classes) return {found, {}};
    throw Error(ErrorCode::kMismatch, where,
                fmt::format("its {} are {} classes ({}), the model has {}; --classes FILE says which is which", what,
                            found.size(), name_list(found), n_classes));
  }
  for (const std::string& name : found) {
    if (given.label_of(name) >= 0) continue;
    throw Error(ErrorCode::kMismatch, where,
                fmt::format("its {} do not match the class names given: `{}` is not among {}; found {}", what, name,
                            name_list(given.names), name_list(found)));
  }
  return given;
}

std::string name_list(const std::vector<std::string>& names) {
  constexpr size_t kMostNames = 12;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMostNames); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kMostNames ? fmt::format("{}, … ({})", text, names.size()) : text;
}

}  // namespace hoarfrost::data
