#include "keras/borders.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/data_format.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {

Borders parse_borders(const Config& config, std::string_view key, int n_spatial_axes) {
  const size_t n_axes = static_cast<size_t>(n_spatial_axes);
  expect_channels_last(config);
  const Json* json = config.find({key});
  if (json == nullptr) return Borders(n_axes, {1, 1});
  const auto wrong = [&] {
    config.fail(fmt::format("{} must be a number, or one or a pair per axis, found {}", key, json->dump()));
  };
  const auto size = [&](const Json& value) {
    if (!value.is_number_integer() || value.get<int64_t>() < 0) wrong();
    return value.get<int64_t>();
  };
  if (json->is_number_integer()) return Borders(n_axes, {size(*json), size(*json)});
  if (!json->is_array() || json->empty()) wrong();
  Borders borders;
  const bool is_flat = json->front().is_number_integer() && json->size() == 2 * n_axes;
  for (size_t i = 0; is_flat && i < json->size(); i += 2) borders.push_back({size(json->at(i)), size(json->at(i + 1))});
  for (size_t i = 0; !is_flat && i < json->size(); ++i) {
    const Json& axis = json->at(i);
    if (axis.is_array() && axis.size() == 2)
      borders.push_back({size(axis[0]), size(axis[1])});
    else
      borders.push_back({size(axis), size(axis)});
  }
  if (borders.size() != n_axes) wrong();
  return borders;
}

Shapes infer_padding(const Borders& padding, const Shapes& in) {
  expect_inputs(in, 1);
  expect_rank(in[0], static_cast<int>(padding.size()) + 2);
  Shape out = in[0];
  for (size_t i = 0; i < padding.size(); ++i) {
    int64_t& size = out[static_cast<int>(i) + 1];
    if (size != kUnknown) size += padding[i].before + padding[i].after;
  }
  return {out};
}

Values lower_padding(const Borders& padding, Lowering& lowering, const Values& in) {
  std::vector<int32_t> pairs{0, 0};
  for (const auto& [before, after] : padding) {
    pairs.push_back(static_cast<int32_t>(before));
    pairs.push_back(static_cast<int32_t>(after));
  }
  pairs.insert(pairs.end(), {0, 0});
  const Shape shape{static_cast<int64_t>(pairs.size()) / 2, 2};
  const Value paddings = lowering.constant("Pad/paddings", Tensor::vector(pairs).reshaped(shape));
  return {lowering.op("Pad", {in[0], paddings}, {{"Tpaddings", DType::kInt32}})};
}

Formulas padding_reference(const Borders& padding, const Arrays& in) {
  const auto at = [x = in[0], borders = padding](const Index& o) {
    Index i = o;
    for (size_t axis = 0; axis < borders.size(); ++axis) {
      int64_t& position = i[static_cast<int>(axis) + 1];
      position -= borders[axis].before;
      if (position < 0 || position >= x.size(static_cast<int>(axis) + 1)) return 0.0;
    }
    return x[i];
  };
  return {{infer_padding(padding, {in[0].shape()})[0], at, 0}};
}

Shapes infer_cropping(const Borders& cropping, const Shapes& in) {
  expect_inputs(in, 1);
  expect_rank(in[0], static_cast<int>(cropping.size()) + 2);
  Shape out = in[0];
  for (size_t i = 0; i < cropping.size(); ++i) {
    int64_t& size = out[static_cast<int>(i) + 1];
    if (size == kUnknown) continue;
    size -= cropping[i].before + cropping[i].after;
    if (size <= 0)
      throw Error(ErrorCode::kMismatch, "", fmt::format("cropping leaves nothing of the input {}", in[0].to_string()));
  }
  return {out};
}

// An end is counted from the last, so that unknown sizes need no arithmetic.
Values lower_cropping(const Borders& cropping, Lowering& lowering, const Values& in) {
  const size_t rank = cropping.size() + 2;
  Slicing slicing{.begin = std::vector<int64_t>(rank, 0), .end = std::vector<int64_t>(rank, 0)};
  slicing.begin_mask = slicing.end_mask = 1 | int64_t{1} << (rank - 1);
  for (size_t i = 0; i < cropping.size(); ++i) {
    slicing.begin[i + 1] = cropping[i].before;
    slicing.end[i + 1] = -cropping[i].after;
    if (cropping[i].after == 0) slicing.end_mask |= int64_t{1} << (i + 1);
  }
  return {strided_slice(lowering, in[0], slicing)};
}

Formulas cropping_reference(const Borders& cropping, const Arrays& in) {
  const auto at = [x = in[0], borders = cropping](const Index& o) {
    Index i = o;
    for (size_t axis = 0; axis < borders.size(); ++axis) i[static_cast<int>(axis) + 1] += borders[axis].before;
    return x[i];
  };
  return {{infer_cropping(cropping, {in[0].shape()})[0], at, 0}};
}

}  // namespace hoarfrost::keras
