// ZeroPadding1D, 2D, 3D: zeros around the spatial axes of [batch, space…, channels]. Keras 1.2 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/layers/borders.h"
#include "keras/layers/data_format.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

int n_spatial_axes(const Config& config) {
  const std::string& name = config.class_name();
  return name.size() < 2 ? 0 : name[name.size() - 2] - '0';
}

std::vector<Border> parse_borders(const Config& config, std::string_view key) {
  const size_t n_axes = static_cast<size_t>(n_spatial_axes(config));
  const Json* json = config.find({key});
  if (json == nullptr) return std::vector<Border>(n_axes, {1, 1});
  const auto wrong = [&] { config.fail(fmt::format("{} must be a number, or one or a pair per axis, found {}", key, json->dump())); };
  const auto size = [&](const Json& value) {
    if (!value.is_number_integer() || value.get<int64_t>() < 0) wrong();
    return value.get<int64_t>();
  };
  if (json->is_number_integer()) return std::vector<Border>(n_axes, {size(*json), size(*json)});
  if (!json->is_array() || json->empty()) wrong();
  std::vector<Border> borders;
  const bool is_flat = json->front().is_number_integer() && json->size() == 2 * n_axes;
  for (size_t i = 0; is_flat && i < json->size(); i += 2) borders.push_back({size(json->at(i)), size(json->at(i + 1))});
  for (size_t i = 0; !is_flat && i < json->size(); ++i) {
    const Json& axis = json->at(i);
    if (axis.is_array() && axis.size() == 2) borders.push_back({size(axis[0]), size(axis[1])});
    else borders.push_back({size(axis), size(axis)});
  }
  if (borders.size() != n_axes) wrong();
  return borders;
}

namespace {

struct ZeroPadding {
  std::vector<Border> padding;

  static ZeroPadding parse(const Config& config) {
    expect_channels_last(config);
    return {parse_borders(config, "padding")};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], static_cast<int>(padding.size()) + 2);
    Shape out = in[0];
    for (size_t i = 0; i < padding.size(); ++i) {
      int64_t& size = out[static_cast<int>(i) + 1];
      if (size != kUnknown) size += padding[i].before + padding[i].after;
    }
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
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

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], borders = padding](const Index& o) {
      Index i = o;
      for (size_t axis = 0; axis < borders.size(); ++axis) {
        int64_t& position = i[static_cast<int>(axis) + 1];
        position -= borders[axis].before;
        if (position < 0 || position >= x.size(static_cast<int>(axis) + 1)) return 0.0;
      }
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }
};

}  // namespace

const LayerSpec layer_zero_padding = make_spec<ZeroPadding>("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D");

}  // namespace hoarfrost::keras
