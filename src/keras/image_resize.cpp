#include "keras/image_resize.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/contraction.h"
#include "keras/convolution.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

// What is cut out of an image, and what is put around that, before it is resized.
struct Cut {
  int64_t top = 0, left = 0;              // cut away
  int64_t height = 0, width = 0;          // of what stays
  int64_t pad_rows = 0, pad_columns = 0;  // on either side
};

// a · b / c as the layers compute it: in float32, rounded towards zero.
int64_t share(int64_t a, int64_t b, int64_t c) {
  return static_cast<int64_t>(static_cast<float>(a * b) / static_cast<float>(c));
}

Cut cut_of(const ImageResize& resize, int64_t height, int64_t width) {
  Cut frame{.height = height, .width = width};
  const int64_t fit_height = share(width, resize.height, resize.width);
  const int64_t fit_width = share(height, resize.width, resize.height);
  if (resize.fit == Fit::kCrop) {
    frame.height = std::max<int64_t>(std::min(height, fit_height), 1);
    frame.width = std::max<int64_t>(std::min(width, fit_width), 1);
    frame.top = (height - frame.height) / 2;
    frame.left = (width - frame.width) / 2;
  } else if (resize.fit == Fit::kPad) {
    frame.pad_rows = (std::max(height, fit_height) - height) / 2;
    frame.pad_columns = (std::max(width, fit_width) - width) / 2;
  }
  return frame;
}

bool is_one_op(const ImageResize& resize) {
  return resize.interpolation == Interpolation::kNearest ||
         (resize.interpolation == Interpolation::kBilinear && !resize.antialias);
}

// The weights as a matrix [in, out].
Value matrix(const ImageResize& resize, int64_t in, int64_t out, Lowering& lowering, const Value& x) {
  Tensor weights(DType::kFloat32, {in, out});
  const auto values = weights.mutable_values<float>();
  std::ranges::fill(values, 0.0F);
  const auto samples = resampling(resize.interpolation, resize.antialias, in, out);
  for (size_t i = 0; i < samples.size(); ++i) {
    for (size_t k = 0; k < samples[i].weights.size(); ++k) {
      values[(static_cast<size_t>(samples[i].first) + k) * samples.size() + i] +=
          static_cast<float>(samples[i].weights[k]);
    }
  }
  return lowering.constant("MatMul/weights", weights.cast(x.dtype));
}

// [N, H, W, C]: rows, then columns, each as the last axis of a matrix product.
Value lower_products(const ImageResize& resize, Lowering& lowering, const Value& x, const Cut& frame,
                     int64_t channels) {
  const int64_t height = frame.height + 2 * frame.pad_rows;
  const int64_t width = frame.width + 2 * frame.pad_columns;
  const auto multiply = [&](const Value& v, int64_t in, int64_t out) {
    const Value rows = lowering.reshape(v, {kUnknown, in});
    return lowering.op("MatMul", {rows, matrix(resize, in, out, lowering, x)},
                       {{"transpose_a", false}, {"transpose_b", false}});
  };
  Value y = multiply(lower_transpose(lowering, x, {0, 2, 3, 1}), height, resize.height);
  y = lowering.reshape(y, {kUnknown, width, channels, resize.height});
  y = multiply(lower_transpose(lowering, y, {0, 3, 2, 1}), width, resize.width);
  y = lowering.reshape(y, {kUnknown, resize.height, channels, resize.width});
  return lower_transpose(lowering, y, {0, 1, 3, 2});
}

Value lower_pad(const ImageResize& resize, Lowering& lowering, const Value& x, const Cut& frame) {
  const std::string op = resize.fill == 0 ? "Pad" : "PadV2";
  Values inputs{x,
                lowering.constant(
                    op + "/paddings",
                    pairs({{0, 0}, {frame.pad_rows, frame.pad_rows}, {frame.pad_columns, frame.pad_columns}, {0, 0}}))};
  if (resize.fill != 0) inputs.push_back(lowering.scalar(op + "/constant_values", resize.fill, x));
  return lowering.op(op, inputs, {{"Tpaddings", DType::kInt32}});
}

}  // namespace

ImageResize parse_image_size(const Config& config) {
  ImageResize resize{.height = config.get_int({"height"}), .width = config.get_int({"width"})};
  constexpr int64_t kLargest = 1 << 20;
  if (resize.height < 1 || resize.width < 1 || resize.height > kLargest || resize.width > kLargest)
    config.fail(fmt::format("height and width must be 1 or more, found {} and {}", resize.height, resize.width));
  return resize;
}

Shapes infer_image_size(const ImageResize& resize, const Shapes& in) {
  expect_inputs(in, 1);
  expect_rank(in[0], 4);
  return {{in[0][0], resize.height, resize.width, in[0][3]}};
}

Value lower_crop(Lowering& lowering, const Value& x, int64_t top, int64_t left, int64_t height, int64_t width) {
  return strided_slice(lowering, x,
                       {.begin = {0, top, left, 0},
                        .end = {0, top + height, left + width, 0},
                        .begin_mask = 0b1001,
                        .end_mask = 0b1001});
}

Value lower_image_resize(const ImageResize& resize, Lowering& lowering, const Value& x) {
  Value y = x;
  if (resize.fit != Fit::kStretch || !is_one_op(resize)) {
    if (x.shape[1] == kUnknown || x.shape[2] == kUnknown || x.shape[3] == kUnknown) {
      throw Error(
          ErrorCode::kUnsupported, "",
          fmt::format(
              "how to bring an image to another size depends on its own, which {} leaves open; give --input-shape",
              x.shape.to_string()));
    }
    const Cut frame = cut_of(resize, x.shape[1], x.shape[2]);
    if (frame.height != x.shape[1] || frame.width != x.shape[2])
      y = lower_crop(lowering, y, frame.top, frame.left, frame.height, frame.width);
    if (frame.pad_rows + frame.pad_columns > 0) y = lower_pad(resize, lowering, y, frame);
    if (!is_one_op(resize)) return lower_products(resize, lowering, y, frame, x.shape[3]);
  }
  const bool is_bilinear = resize.interpolation == Interpolation::kBilinear;
  const std::string op = is_bilinear ? "ResizeBilinear" : "ResizeNearestNeighbor";
  return lowering.raw_op("resize/" + op, op, {y, lowering.ints("resize/size", {resize.height, resize.width})},
                         is_bilinear ? DType::kFloat32 : x.dtype,
                         {{"T", x.dtype}, {"align_corners", false}, {"half_pixel_centers", true}});
}

Formula image_resize_reference(const ImageResize& resize, const Array& x) {
  const Cut frame = cut_of(resize, x.size(1), x.size(2));
  const auto rows =
      resampling(resize.interpolation, resize.antialias, frame.height + 2 * frame.pad_rows, resize.height);
  const auto columns =
      resampling(resize.interpolation, resize.antialias, frame.width + 2 * frame.pad_columns, resize.width);
  const auto at = [=](const Index& o) {
    const Samples& row = rows[static_cast<size_t>(o[1])];
    const Samples& column = columns[static_cast<size_t>(o[2])];
    double sum = 0;
    for (size_t i = 0; i < row.weights.size(); ++i) {
      for (size_t k = 0; k < column.weights.size(); ++k) {
        const int64_t r = row.first + static_cast<int64_t>(i) - frame.pad_rows;
        const int64_t c = column.first + static_cast<int64_t>(k) - frame.pad_columns;
        const bool is_inside = r >= 0 && r < frame.height && c >= 0 && c < frame.width;
        sum += row.weights[i] * column.weights[k] *
               (is_inside ? x[Index{o[0], r + frame.top, c + frame.left, o[3]}] : resize.fill);
      }
    }
    return sum;
  };
  const size_t n_rows = rows.empty() ? 0 : rows[0].weights.size();
  const size_t n_columns = columns.empty() ? 0 : columns[0].weights.size();
  return {{x.size(0), resize.height, resize.width, x.size(3)}, at, static_cast<double>(n_rows * n_columns)};
}

Formula rounded_bilinear_reference(const ImageResize& resize, const Array& x) {
  const Cut frame = cut_of(resize, x.size(1), x.size(2));
  const auto rows = resampling(Interpolation::kBilinear, false, frame.height + 2 * frame.pad_rows, resize.height);
  const auto columns = resampling(Interpolation::kBilinear, false, frame.width + 2 * frame.pad_columns, resize.width);
  const auto value = [=](const Index& o, int64_t row, int64_t column) {
    const int64_t r = row - frame.pad_rows;
    const int64_t c = column - frame.pad_columns;
    const bool is_inside = r >= 0 && r < frame.height && c >= 0 && c < frame.width;
    return static_cast<float>(is_inside ? x[Index{o[0], r + frame.top, c + frame.left, o[3]}] : resize.fill);
  };
  const auto between = [](const Samples& samples, const auto& element) {
    const float first = element(samples.first);
    if (samples.weights.size() < 2) return first;
    return first + (element(samples.first + 1) - first) * static_cast<float>(samples.weights[1]);
  };
  const auto at = [=](const Index& o) {
    const Samples& column = columns[static_cast<size_t>(o[2])];
    return static_cast<double>(std::nearbyint(between(rows[static_cast<size_t>(o[1])], [&](int64_t row) {
      return between(column, [&](int64_t c) { return value(o, row, c); });
    })));
  };
  return {{x.size(0), resize.height, resize.width, x.size(3)}, at, 4};
}

}  // namespace hoarfrost::keras
