#include "keras/sizes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hoarfrost::keras {

Sizes parse_sizes(OperationCall& call, size_t position, Config::Names names) {
  const Json* given = call.find(position, names);
  if (given != nullptr && given->is_number_integer()) return {given->get<int64_t>()};
  // Keras 3's arrays: {"class_name": "__numpy__", "config": {"value": …}}
  if (given != nullptr && given->is_object() && given->contains("config") && given->at("config").is_object() &&
      given->at("config").contains("value"))
    given = &given->at("config").at("value");
  if (given == nullptr || !given->is_array())
    call.config().unsupported("sizes that are no list of numbers and tensors are not converted");
  Sizes result;
  for (const Json& size : *given) {
    if (size.is_number_integer()) {
      result.emplace_back(size.get<int64_t>());
    } else {
      result.emplace_back();
      call.add(size);
    }
  }
  return result;
}

Shape shape_of_sizes(const Sizes& sizes) {
  Shape result;
  for (const auto& size : sizes) result.push_back(size.value_or(kUnknown));
  return result;
}

Value lower_sizes(Lowering& lowering, const Sizes& sizes, const Values& in, size_t next, const std::string& name) {
  if (std::ranges::all_of(sizes, [](const auto& size) { return size.has_value(); }))
    return lowering.ints(name, shape_of_sizes(sizes).sizes());
  Values parts;
  for (const auto& size : sizes)
    parts.push_back(size ? lowering.int_scalar(name + "/0", *size) : cast_to(lowering, in.at(next++), DType::kInt32));
  return lowering.raw_op(name, "Pack", parts, DType::kInt32,
                         {{"T", DType::kInt32}, {"N", static_cast<int64_t>(parts.size())}, {"axis", int64_t{0}}});
}

Shape known_sizes(const Sizes& sizes, const Arrays& in, size_t next) {
  Shape result;
  for (const auto& size : sizes) result.push_back(size ? *size : static_cast<int64_t>(in.at(next++).at_offset(0)));
  return result;
}

}  // namespace hoarfrost::keras
