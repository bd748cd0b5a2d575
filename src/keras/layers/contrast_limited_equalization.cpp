// ContrastLimitedAdaptiveHistogramEqualization (Pizer et al. 1987, Zuiderveld 1994), at inference too: images [batch,
// height, width, channels] in tiles, each with a table of 256 levels made of its histogram, and a pixel's value taken
// from the tables of the four tiles around it, bilinearly. Keras 3.15, which computes it in float32.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/random_augmentation.h"
#include "keras/slicing.h"
#include "keras/tile_grid.h"

namespace hoarfrost::keras {
namespace {

constexpr int64_t kLevels = 256;

struct Equalizer {
  double low = 0;
  double high = 255;
  double clip_limit = 4;
  int64_t n_rows = 8;  // of tiles
  int64_t n_columns = 8;

  static Equalizer parse(const Config& config) {
    config.ignore({"bounding_box_format", "factor", "data_format"});
    Equalizer layer;
    layer.clip_limit = config.get_float({"clip_limit"}, 4.0);
    const std::vector<int64_t> grid = config.get_ints({"tile_grid_size"}, 2, 8);
    layer.n_rows = grid[0];
    layer.n_columns = grid[1];
    if (layer.n_rows < 1 || layer.n_columns < 1)
      config.fail(fmt::format("tile_grid_size must be 1 or more, found {} and {}", grid[0], grid[1]));
    const Span range = value_range(config);
    layer.low = range.low;
    layer.high = range.high;
    if (layer.low == layer.high)
      config.fail("`value_range` must be two different numbers, found " + config.find({"value_range"})->dump());
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape& size = in[0].shape;
    if (size[1] == kUnknown || size[2] == kUnknown || size[3] == kUnknown) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("its tiles depend on the image's size, which {} leaves open; give --input-shape",
                              size.to_string()));
    }
    const TileGrid rows(size[1], n_rows);
    const TileGrid columns(size[2], n_columns);
    if (rows.padding() > size[1] || columns.padding() > size[2]) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("{} × {} tiles ask for more padding than an image of {} × {} has, on which Keras fails "
                              "too; take fewer tiles",
                              n_rows, n_columns, size[1], size[2]));
    }
    if (n_tables(size) > std::numeric_limits<int32_t>::max() / kLevels) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("{} × {} tiles are more tables than can be counted in int32; take fewer tiles", n_rows,
                              n_columns));
    }
    Value x = lower_cast(DType::kFloat32, lowering, in)[0];
    if (scales()) x = scaled(lowering, x, low, high, 0, 255);
    const Value level = levels(lowering, x);
    const Value batch = lowering.raw_op(
        "range", "Range",
        {lowering.int_scalar("range/start", 0), size_of(lowering, x, 0), lowering.int_scalar("range/delta", 1)},
        DType::kInt32, {{"Tidx", DType::kInt32}});
    const Value images = lowering.named_op(
        "images", "Mul",
        {lowering.reshape(batch, {kUnknown, 1, 1, 1}), lowering.int_scalar("images/y", n_tables(size) * kLevels)});
    const Value tables = lower_tables(lowering, size, padded(lowering, level, rows, columns), images, rows, columns);
    Value y = interpolated(lowering, size, tables, level, images, rows, columns);
    if (scales()) y = scaled(lowering, y, 0, 255, low, high);
    return lower_cast(in[0].dtype, lowering, {y});
  }

  // In float32, as Keras has it: pictures of whole numbers lose their fractions in the end, and what is next to a whole
  // number must be on the side on which that arithmetic puts it.
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Array& x = in[0];
    const double cost = 4.0 * (TileGrid(x.size(1), n_rows).size() * TileGrid(x.size(2), n_columns).size() + kLevels);
    const auto at = [x, layer = *this, is_whole = !is_floating(x.dtype())](const Index& o) {
      const double y = layer.element(x, o);
      return is_whole ? std::trunc(y) : y;
    };
    return {{x.shape(), at, cost}};
  }

 private:
  [[nodiscard]] bool scales() const { return low != 0 || high != 255; }
  [[nodiscard]] int64_t n_tables(const Shape& size) const { return n_rows * n_columns * size[3]; }

  // From one range to another: (x − a) / (b − a) · (d − c) + c.
  static Value scaled(Lowering& lowering, Value x, double a, double b, double c, double d) {
    const auto apply = [&](std::string_view name, std::string_view op, double number) {
      const Value y = lowering.scalar(fmt::format("{}/y", name), number, x);
      x = {lowering.named_op(name, op, {x, y}).tensor, x.dtype, x.shape, {}};
    };
    if (a != 0) apply("sub", "Sub", a);
    apply("truediv", "RealDiv", static_cast<float>(b) - static_cast<float>(a));
    apply("mul", "Mul", static_cast<float>(d) - static_cast<float>(c));
    if (c != 0) apply("add", "Add", c);
    return x;
  }

  // The whole part of each value within 0 and 255, int32.
  static Value levels(Lowering& lowering, const Value& x) {
    Value y = lowering.op("Minimum", {x, lowering.scalar("Minimum/y", kLevels - 1, x)});
    y = lowering.op("Maximum", {y, lowering.scalar("Maximum/y", 0, y)});
    y.shape = x.shape;
    return lower_cast(DType::kInt32, lowering, {y})[0];
  }

  static Value padded(Lowering& lowering, const Value& x, const TileGrid& rows, const TileGrid& columns) {
    if (rows.padding() == 0 && columns.padding() == 0) return x;
    Tensor paddings(DType::kInt32, {4, 2});
    std::ranges::fill(paddings.mutable_values<int32_t>(), 0);
    paddings.mutable_values<int32_t>()[3] = static_cast<int32_t>(rows.padding());
    paddings.mutable_values<int32_t>()[5] = static_cast<int32_t>(columns.padding());
    return lowering.op("MirrorPad", {x, lowering.constant("MirrorPad/paddings", paddings)},
                       {{"mode", std::string("SYMMETRIC")}, {"Tpaddings", DType::kInt32}});
  }

  static Value vector(Lowering& lowering, std::string_view name, const std::vector<int64_t>& numbers, int axis) {
    Shape shape{1, 1, 1, 1};
    shape[axis] = static_cast<int64_t>(numbers.size());
    Tensor tensor(DType::kInt32, shape);
    std::ranges::transform(numbers, tensor.mutable_values<int32_t>().begin(),
                           [](int64_t number) { return static_cast<int32_t>(number); });
    return lowering.constant(name, tensor);
  }
  static Value weight(Lowering& lowering, std::string_view name, const std::vector<float>& numbers, int axis) {
    Shape shape{1, 1, 1, 1};
    shape[axis] = static_cast<int64_t>(numbers.size());
    Tensor tensor(DType::kFloat32, shape);
    std::ranges::copy(numbers, tensor.mutable_values<float>().begin());
    return lowering.constant(name, tensor);
  }
  static Value channels(Lowering& lowering, const Shape& size) {
    std::vector<int64_t> offsets;
    for (int64_t c = 0; c < size[3]; ++c) offsets.push_back(c * kLevels);
    return vector(lowering, "channels", offsets, 3);
  }

  // The tables, one behind the other: [batch · tiles · channels · 256].
  [[nodiscard]] Value lower_tables(Lowering& lowering, const Shape& size, const Value& level, const Value& images,
                                   const TileGrid& rows, const TileGrid& columns) const {
    const auto sum = [&](const Value& a, const Value& b) { return lowering.named_op("place", "Add", {a, b}); };
    Value place = sum(level, channels(lowering, size));
    place = sum(place, vector(lowering, "columns", columns.tiles(size[3] * kLevels), 2));
    place = sum(place, vector(lowering, "rows", rows.tiles(n_columns * size[3] * kLevels), 1));
    place = lowering.reshape(sum(place, images), {kUnknown});
    const Value ones = lowering.op("OnesLike", {lower_cast(DType::kFloat32, lowering, {place})[0]});
    const Value n = lowering.named_op(
        "n", "Mul", {size_of(lowering, images, 0), lowering.int_scalar("n/y", n_tables(size) * kLevels)});
    Value counts = lowering.op("UnsortedSegmentSum", {ones, place, n},
                               {{"Tindices", DType::kInt32}, {"Tnumsegments", DType::kInt32}});
    counts = lowering.reshape(counts, {kUnknown, kLevels});
    const int64_t n_pixels = rows.size() * columns.size();
    if (clip_limit > 0) counts = clipped(lowering, counts, limit(n_pixels));
    const Value sums = lowering.op("Cumsum", {counts, lowering.int_scalar("Cumsum/axis", 1)},
                                   {{"exclusive", false}, {"reverse", false}, {"Tidx", DType::kInt32}});
    const Value least = lowering.op("Min", {sums, lowering.ints("Min/reduction_indices", {1})},
                                    {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    Value above = lowering.named_op("sub", "Sub", {sums, least});
    above = lowering.named_op("mul", "Mul", {above, lowering.scalar("mul/y", 255, above)});
    Value rest =
        lowering.named_op("sub", "Sub", {lowering.scalar("sub/x", static_cast<double>(n_pixels), least), least});
    const Value is_nothing = lowering.raw_op("Equal", "Equal", {rest, lowering.scalar("Equal/y", 0, rest)},
                                             DType::kBool, {{"T", DType::kFloat32}});
    rest = lowering.raw_op("Select", "Select", {is_nothing, lowering.op("OnesLike", {rest}), rest}, rest.dtype,
                           {{"T", rest.dtype}});
    Value table = lowering.named_op("truediv", "RealDiv", {above, rest});
    table = lowering.op("Minimum", {table, lowering.scalar("Minimum/y", 255, table)});
    table = lowering.op("Maximum", {table, lowering.scalar("Maximum/y", 0, table)});
    return lowering.reshape(table, {kUnknown});
  }

  [[nodiscard]] float limit(int64_t n_pixels) const {
    return static_cast<float>(clip_limit * static_cast<double>(n_pixels) / static_cast<double>(kLevels));
  }

  // What is above the limit, dealt to all levels alike.
  static Value clipped(Lowering& lowering, const Value& counts, float limit) {
    const Value low = lowering.op("Minimum", {counts, lowering.scalar("Minimum/y", limit, counts)});
    Value excess = lowering.named_op("sub", "Sub", {counts, low});
    excess = lowering.op("Sum", {excess, lowering.ints("Sum/reduction_indices", {1})},
                         {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    excess = lowering.named_op("truediv", "RealDiv", {excess, lowering.scalar("truediv/y", kLevels, excess)});
    return lowering.named_op("add", "Add", {low, excess});
  }

  [[nodiscard]] Value interpolated(Lowering& lowering, const Shape& size, const Value& tables, const Value& level,
                                   const Value& images, const TileGrid& rows, const TileGrid& columns) const {
    const auto add = [&](const Value& a, const Value& b) { return lowering.named_op("index", "Add", {a, b}); };
    const auto mul = [&](const Value& a, const Value& b) { return lowering.named_op("mul", "Mul", {a, b}); };
    const Value pixel = add(add(level, channels(lowering, size)), images);
    const auto at = [&](TileGrid::Side vertical, TileGrid::Side horizontal) {
      Value index = add(pixel, vector(lowering, "rows", rows.tables(vertical, n_columns * size[3] * kLevels), 1));
      index = add(index, vector(lowering, "columns", columns.tables(horizontal, size[3] * kLevels), 2));
      return lowering.raw_op("Gather", "Gather", {tables, index}, DType::kFloat32,
                             {{"Tparams", DType::kFloat32}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
    };
    const Value right = weight(lowering, "right", columns.weights(TileGrid::Side::kAfter), 2);
    const Value left = weight(lowering, "left", columns.weights(TileGrid::Side::kBefore), 2);
    const auto between = [&](TileGrid::Side vertical) {
      return lowering.named_op(
          "add", "Add",
          {mul(at(vertical, TileGrid::Side::kBefore), left), mul(at(vertical, TileGrid::Side::kAfter), right)});
    };
    const Value bottom = weight(lowering, "bottom", rows.weights(TileGrid::Side::kAfter), 1);
    const Value top = weight(lowering, "top", rows.weights(TileGrid::Side::kBefore), 1);
    Value y = lowering.named_op(
        "add", "Add", {mul(between(TileGrid::Side::kBefore), top), mul(between(TileGrid::Side::kAfter), bottom)});
    y.shape = size;
    return y;
  }

  [[nodiscard]] double element(const Array& x, const Index& o) const {
    const TileGrid rows(x.size(1), n_rows);
    const TileGrid columns(x.size(2), n_columns);
    const auto value = [&](int64_t row, int64_t column) {
      const auto number = static_cast<float>(x[Index{o[0], row, column, o[3]}]);
      if (!scales()) return number;
      const auto first = static_cast<float>(low);
      return (number - first) / (static_cast<float>(high) - first) * 255.0F;
    };
    const auto level = [&](int64_t row, int64_t column) {
      const float number = value(row, column);
      return number > 0 ? static_cast<int64_t>(std::min(number, 255.0F)) : 0;  // 0 for what is no number, too
    };
    const int64_t pixel = level(o[1], o[2]);
    const auto table = [&](TileGrid::Side vertical, TileGrid::Side horizontal) {
      std::array<float, kLevels> counts{};
      for (const int64_t row : rows.pixels(rows.tables(vertical, 1)[static_cast<size_t>(o[1])])) {
        for (const int64_t column : columns.pixels(columns.tables(horizontal, 1)[static_cast<size_t>(o[2])]))
          counts.at(static_cast<size_t>(level(row, column))) += 1;
      }
      return table_value(counts, rows.size() * columns.size(), pixel);
    };
    const auto between = [&](TileGrid::Side vertical) {
      return table(vertical, TileGrid::Side::kBefore) *
                 columns.weights(TileGrid::Side::kBefore)[static_cast<size_t>(o[2])] +
             table(vertical, TileGrid::Side::kAfter) *
                 columns.weights(TileGrid::Side::kAfter)[static_cast<size_t>(o[2])];
    };
    const float top =
        between(TileGrid::Side::kBefore) * rows.weights(TileGrid::Side::kBefore)[static_cast<size_t>(o[1])];
    const float bottom =
        between(TileGrid::Side::kAfter) * rows.weights(TileGrid::Side::kAfter)[static_cast<size_t>(o[1])];
    const float y = top + bottom;
    if (!scales()) return y;
    return y / 255.0F * (static_cast<float>(high) - static_cast<float>(low)) + static_cast<float>(low);
  }

  [[nodiscard]] float table_value(std::array<float, kLevels>& counts, int64_t n_pixels, int64_t pixel) const {
    if (clip_limit > 0) {
      float excess = 0;
      for (float& count : counts) {
        excess += count - std::min(count, limit(n_pixels));
        count = std::min(count, limit(n_pixels));
      }
      for (float& count : counts) count += excess / static_cast<float>(kLevels);
    }
    float sum = 0;
    for (int64_t i = 0; i <= pixel; ++i) sum += counts.at(static_cast<size_t>(i));
    const float rest = static_cast<float>(n_pixels) - counts[0];
    return std::clamp((sum - counts[0]) * 255.0F / (rest == 0 ? 1.0F : rest), 0.0F, 255.0F);
  }
};

}  // namespace

const LayerSpec layer_contrast_limited_equalization =
    make_spec<Equalizer>("ContrastLimitedAdaptiveHistogramEqualization");

}  // namespace hoarfrost::keras
