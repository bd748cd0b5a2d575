#include "keras/random_augmentation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

Value within(Lowering& lowering, const Value& numbers, const Span& span) {
  if (!(span.low <= span.high)) {
    throw Error(ErrorCode::kUnsupported, "",
                "cannot be trained: its factors must be a number or two ascending ones, as Keras takes them");
  }
  const Value scaled =
      lowering.named_op("random/mul", "Mul", {numbers, lowering.scalar("random/range", span.high - span.low, numbers)});
  return lowering.named_op("random/add", "Add", {scaled, lowering.scalar("random/min", span.low, numbers)});
}

void expect_one_of(std::string_view key, const std::string& found, std::initializer_list<std::string_view> known) {
  if (std::ranges::find(known, found) != known.end()) return;
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("cannot be trained with {} `{}`; known are {}", key, found, fmt::join(known, ", ")));
}

}  // namespace

Span Span::parse(const Config& config, std::string_view key) {
  const Json* value = config.find({key});
  Span result;
  if (value != nullptr && value->is_number()) {
    result = {-value->get<double>(), value->get<double>()};
  } else if (value != nullptr && value->is_array() && value->size() == 2 && (*value)[0].is_number() &&
             (*value)[1].is_number()) {
    result = {(*value)[0].get<double>(), (*value)[1].get<double>()};
  } else {
    result.low = std::nan("");
  }
  return result;
}

Span value_range(const Config& config) {
  const Json* range = config.find({"value_range"});
  if (range == nullptr) return {0, 255};
  if (!range->is_array() || range->size() != 2 || !range->at(0).is_number() || !range->at(1).is_number())
    config.fail("`value_range` must be two numbers, found " + range->dump());
  return {range->at(0).get<double>(), range->at(1).get<double>()};
}

void expect_pictures(const Value& x, bool has_channels_first) {
  if (has_channels_first)
    throw Error(ErrorCode::kUnsupported, "",
                "augments pictures with the channels last; give the model such ones to train it");
  if (x.shape.rank() == 4) return;
  throw Error(
      ErrorCode::kUnsupported, "",
      fmt::format("augments pictures [batch, height, width, channels] in training, found {}", x.shape.to_string()));
}

Value random_of(Lowering& lowering, const Value& x, const Span& span) {
  return within(lowering, lowering.random_uniform(x, {kUnknown, 1, 1, 1}), span);
}

Value random_of_all(Lowering& lowering, const Value& x, const Span& span) {
  return within(lowering, lowering.random_uniform(x, {1, 1, 1, 1}), span);
}

Value side_of(Lowering& lowering, const Value& x, int axis) {
  const char* name = axis == 1 ? "height" : "width";
  if (x.shape[axis] != kUnknown) return lowering.constant(name, Tensor::scalar(static_cast<float>(x.shape[axis])));
  return lowering.raw_op(name, "Cast", {size_of(lowering, x, axis)}, DType::kFloat32,
                         {{"SrcT", DType::kInt32}, {"DstT", DType::kFloat32}});
}

Resampling Resampling::parse(const Config& config) {
  return {config.get_string({"fill_mode"}, "reflect"), config.get_float({"fill_value"}, 0.0),
          config.get_string({"interpolation"}, "bilinear")};
}

Value lower_projective(Lowering& lowering, const Value& x, const PlaneMap& map, const Resampling& resampling) {
  expect_one_of("fill_mode", resampling.fill_mode, {"reflect", "wrap", "constant", "nearest"});
  expect_one_of("interpolation", resampling.interpolation, {"nearest", "bilinear"});
  const Value zeros = lowering.named_op("transform/zeros", "ZerosLike", {map.xx});
  Values row;
  for (const Value* entry : {&map.xx, &map.xy, &map.x0, &map.yx, &map.yy, &map.y0})
    row.push_back(entry->tensor ? *entry : zeros);
  row.push_back(zeros);
  row.push_back(zeros);
  for (Value& entry : row)
    entry = lowering.named_op("transform/Reshape", "Reshape",
                              {entry, lowering.ints("transform/Reshape/shape", {-1, 1})}, {{"Tshape", DType::kInt32}});
  row.push_back(lowering.int_scalar("transform/concat/axis", 1));
  const Value transforms =
      lowering.named_op("transform/concat", "ConcatV2", row, {{"N", int64_t{8}}, {"Tidx", DType::kInt32}});
  Value size;
  if (x.shape[1] != kUnknown && x.shape[2] != kUnknown) {
    size = lowering.ints("transform/size", {x.shape[1], x.shape[2]});
  } else {
    size = lowering.raw_op("transform/size", "Pack", {size_of(lowering, x, 1), size_of(lowering, x, 2)}, DType::kInt32,
                           {{"T", DType::kInt32}, {"N", int64_t{2}}, {"axis", int64_t{0}}});
  }
  const auto upper = [](std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
  };
  const Value fill =
      lowering.constant("transform/fill_value", Tensor::scalar(static_cast<float>(resampling.fill_value)));
  return lowering.raw_op("transform/ImageProjectiveTransformV3", "ImageProjectiveTransformV3",
                         {x, transforms, size, fill}, x.dtype,
                         {{"dtype", x.dtype},
                          {"interpolation", upper(resampling.interpolation)},
                          {"fill_mode", upper(resampling.fill_mode)}});
}

}  // namespace hoarfrost::keras
