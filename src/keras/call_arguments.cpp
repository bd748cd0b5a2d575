#include "keras/call_arguments.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::keras {

CallArguments CallArguments::parse(const Config& config, std::initializer_list<std::string_view> parameters) {
  CallArguments result;
  result.parameters_.assign(parameters.begin(), parameters.end());
  const Json* given = config.find({"call_arguments"});
  if (given == nullptr) return result;
  result.values_ = Json::object();
  size_t n = 0;
  for (const Json& value : given->at("args")) {
    if (n == result.parameters_.size()) config.unsupported(fmt::format("called with more than {} arguments", n));
    result.values_[result.parameters_[n++]] = value;
  }
  for (const auto& [key, value] : given->at("kwargs").items()) {
    if (std::ranges::find(result.parameters_, key) == result.parameters_.end()) {
      config.unsupported(
          fmt::format("called with {}={}, which it is not known to take", key, value.dump().substr(0, 60)));
    }
    result.values_[key] = value;
  }
  return result;
}

std::optional<size_t> CallArguments::input(std::string_view parameter, size_t n_inputs) const {
  if (values_.is_null()) {
    const auto place = static_cast<size_t>(std::ranges::find(parameters_, parameter) - parameters_.begin());
    return place < n_inputs && place < parameters_.size() ? std::optional(place) : std::nullopt;
  }
  const Json* found = value(parameter);
  if (found == nullptr) return {};
  if (!found->is_object() || !found->contains("tensor") || !found->at("tensor").is_number_unsigned() ||
      found->at("tensor").get<size_t>() >= n_inputs) {
    throw Error(
        ErrorCode::kUnsupported, "",
        fmt::format("expected a tensor for `{}` of the call, found {}", parameter, found->dump().substr(0, 60)));
  }
  return found->at("tensor").get<size_t>();
}

size_t CallArguments::required_input(std::string_view parameter, size_t n_inputs) const {
  const auto found = input(parameter, n_inputs);
  if (!found)
    throw Error(ErrorCode::kMismatch, "", fmt::format("expected a tensor for `{}` of the call, found none", parameter));
  return *found;
}

const Json* CallArguments::value(std::string_view parameter) const {
  const auto found = values_.find(parameter);
  return found == values_.end() || found->is_null() ? nullptr : &*found;
}

bool CallArguments::flag(std::string_view parameter) const {
  const Json* found = value(parameter);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

}  // namespace hoarfrost::keras
