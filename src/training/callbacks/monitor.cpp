#include "training/callbacks/monitor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <algorithm>
#include <cmath>

namespace hoarfrost::training {
namespace {

// What another Keras calls it, or "".
std::string other_name(std::string_view name) {
  const std::string before = name.starts_with("val_") ? "val_" : "";
  const std::string_view rest = name.substr(before.size());
  return rest == "acc" ? before + "accuracy" : rest == "accuracy" ? before + "acc" : "";
}

}  // namespace

std::optional<double> logged(const Logs& logs, std::string_view name) {
  for (const std::string& wanted : {std::string(name), other_name(name)}) {
    const auto found = std::ranges::find(logs, wanted, &Logs::value_type::first);
    if (found != logs.end()) return as_keras(found->second);
  }
  return {};
}

void expect_logged(const Control& control, std::string_view name, std::string_view where) {
  const auto names = control.log_names();
  if (names.empty() || name == "lr" || std::ranges::find(names, name) != names.end()) return;
  if (std::ranges::find(names, other_name(name)) != names.end()) return;
  const bool needs_validation = name.starts_with("val_") &&
                                std::ranges::none_of(names, [](const std::string& n) { return n.starts_with("val_"); });
  throw Error(ErrorCode::kInvalidArgument, where,
              needs_validation ? fmt::format("`{}` needs validation data: give some, or name one of {}", name,
                                             fmt::join(names, ", "))
                               : fmt::format("`{}` is not measured; nearest names: {}", name,
                                             fmt::join(graph::nearest_names(name, names), ", ")));
}

std::string logged_names(const Logs& logs) {
  std::string result;
  for (const auto& [name, value] : logs) result += (result.empty() ? "" : ",") + name;
  return result;
}

bool more_is_better(const CallbackArguments& arguments, bool by_name) {
  const std::string mode = arguments.get_text("mode", "auto");
  if (mode != "auto" && mode != "min" && mode != "max")
    arguments.fail("mode", fmt::format("expected auto, min or max, found `{}`", mode));
  return mode == "max" || (mode == "auto" && by_name);
}

CallbackState::CallbackState(std::string callback, const std::string& text) : callback_(std::move(callback)) {
  json_ = Json::parse(text, nullptr, false);
  if (!json_.is_object())
    throw Error(ErrorCode::kCorrupt, callback_,
                "expected what it remembers as a JSON object, found something else: train from the start");
}

double CallbackState::get(std::string_view key, double if_null) const {
  const auto found = json_.find(key);
  if (found != json_.end() && found->is_null()) return if_null;
  if (found == json_.end() || !found->is_number()) fail(key);
  return found->get<double>();
}

int64_t CallbackState::get_int(std::string_view key) const {
  const auto found = json_.find(key);
  if (found == json_.end() || !found->is_number_integer()) fail(key);
  return found->get<int64_t>();
}

std::vector<std::string> CallbackState::get_names(std::string_view key) const {
  const auto found = json_.find(key);
  const bool is_list = found != json_.end() && found->is_array() &&
                       std::ranges::all_of(*found, [](const Json& name) { return name.is_string(); });
  if (!is_list) fail(key);
  return found->get<std::vector<std::string>>();
}

void CallbackState::fail(std::string_view key) const {
  throw Error(ErrorCode::kCorrupt, callback_,
              fmt::format("what it remembers has no `{}`, or one of another kind: train from the start", key));
}

}  // namespace hoarfrost::training
