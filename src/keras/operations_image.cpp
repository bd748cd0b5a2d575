// Operations on images [batch, height, width, channels]: resizing, TensorFlow 1's too, patches, local response
// normalization.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/convolution.h"
#include "keras/image_resize.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

// TensorFlow 1's resizing (resize_bilinear_op.cc and resize_nearest_neighbor_op.cc of TensorFlow 2.15): output i lies
// at i · in / out of the input, at i · (in − 1) / (out − 1) with align_corners, or at (i + 0.5) · in / out − 0.5 with
// half-pixel centres. Neighbours outside the image are those of its border.
struct ResizeV1 {
  bool is_bilinear = true;
  bool aligns_corners = false;
  bool has_half_pixels = false;
  std::vector<std::optional<int64_t>> size;  // nullopt: the next operand

  Shapes infer(const Shapes& in) const {
    expect_rank(in.at(0), 4);
    return {{in[0][0], size[0].value_or(kUnknown), size[1].value_or(kUnknown), in[0][3]}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const std::string op = is_bilinear ? "ResizeBilinear" : "ResizeNearestNeighbor";
    Value sizes;
    if (in.size() == 1) {
      sizes = lowering.ints("resize/size", {*size[0], *size[1]});
    } else {
      Values parts;
      size_t next = 1;
      for (const auto& one : size)
        parts.push_back(one ? lowering.int_scalar("resize/size/0", *one)
                            : cast_to(lowering, in[next++], DType::kInt32));
      sizes = lowering.raw_op("resize/size", "Pack", parts, DType::kInt32,
                              {{"T", DType::kInt32}, {"N", int64_t{2}}, {"axis", int64_t{0}}});
    }
    const Value x = is_bilinear && !is_floating(in[0].dtype) ? cast_to(lowering, in[0], DType::kFloat32) : in[0];
    Attributes attributes{{"T", x.dtype}, {"align_corners", aligns_corners}};
    if (has_half_pixels) attributes.push_back({"half_pixel_centers", true});
    return {lowering.raw_op("resize/" + op, op, {x, sizes}, is_bilinear ? DType::kFloat32 : x.dtype, attributes)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    Shape out = infer({in[0].shape()})[0];
    size_t next = 1;
    for (const int axis : {1, 2}) {
      if (out[axis] == kUnknown) out[axis] = static_cast<int64_t>(in.at(next++).at_offset(0));
    }
    const auto at = [x = in[0], out, how = *this](const Index& o) {
      const auto [top, row] = how.place(o[1], x.size(1), out[1]);
      const auto [left, column] = how.place(o[2], x.size(2), out[2]);
      const auto pixel = [&](int64_t r, int64_t c) {
        return x[Index{o[0], std::clamp<int64_t>(r, 0, x.size(1) - 1), std::clamp<int64_t>(c, 0, x.size(2) - 1), o[3]}];
      };
      if (!how.is_bilinear) return pixel(top, left);
      const double above = pixel(top, left) * (1 - column) + pixel(top, left + 1) * column;
      const double below = pixel(top + 1, left) * (1 - column) + pixel(top + 1, left + 1) * column;
      return above * (1 - row) + below * row;
    };
    return {{out, at, is_bilinear ? 4.0 : 1.0}};
  }

 private:
  // The element before the place, and how far behind it the place is. In float32, as the kernels compute it, for it
  // decides which pixels are read.
  [[nodiscard]] std::pair<int64_t, double> place(int64_t i, int64_t in, int64_t out) const {
    const float scale = aligns_corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                                  : static_cast<float>(in) / static_cast<float>(out);
    const auto position = static_cast<float>(i);
    if (!is_bilinear) {
      const float at = has_half_pixels ? (position + 0.5F) * scale : position * scale;
      return {static_cast<int64_t>(aligns_corners ? std::round(at) : std::floor(at)), 0};
    }
    const float at = has_half_pixels ? (position + 0.5F) * scale - 0.5F : position * scale;
    const float before = std::floor(at);
    return {static_cast<int64_t>(before), static_cast<double>(at - before)};
  }
};

// The names of tf.image.ResizeMethod: 0, "ResizeMethod.BILINEAR", "bilinear".
std::string method_of(OperationCall& call) {
  const Json* given = call.find(2, {"method"});
  if (given == nullptr) return "bilinear";
  if (*given == 0) return "bilinear";
  if (*given == 1) return "nearest";
  std::string method = given->is_string() ? given->get<std::string>() : given->dump();
  method = method.substr(method.rfind('.') + 1);
  std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return method == "nearest_neighbor" ? "nearest" : method;
}

std::shared_ptr<const Layer> parse_resize_v1(OperationCall& call, std::string_view name) {
  call.operand(0, {"images"});
  ResizeV1 result;
  const Json* size = call.find(1, {"size"});
  if (size == nullptr || !size->is_array() || size->size() != 2)
    call.config().unsupported("resize to a size that is no pair is not converted");
  for (const Json& one : *size) {
    if (one.is_number_integer()) {
      if (one.get<int64_t>() < 1 || one.get<int64_t>() > (1 << 20)) call.config().fail("resize to less than a pixel");
      result.size.emplace_back(one.get<int64_t>());
    } else {
      result.size.emplace_back();
      call.add(one);
    }
  }
  const bool has_method = name == "ResizeImages";
  const std::string method = has_method ? method_of(call) : name == "ResizeBilinear" ? "bilinear" : "nearest";
  if (method != "bilinear" && method != "nearest")
    call.config().unsupported(
        fmt::format("TensorFlow 1's resize of method {} is not converted; bilinear and nearest are", method));
  result.is_bilinear = method == "bilinear";
  const size_t next = has_method ? 3 : 2;
  result.aligns_corners = call.flag(next, {"align_corners"});
  if (call.flag(has_method ? 4 : 9, {"preserve_aspect_ratio"}))
    call.config().unsupported("resize that keeps the images' own proportions is not converted");
  result.has_half_pixels = call.flag(has_method ? 9 : 4, {"half_pixel_centers"});
  if (result.aligns_corners && result.has_half_pixels)
    call.config().fail("align_corners and half_pixel_centers exclude each other");
  return make_operation(std::move(result));
}

// Each window's elements in a row, [batch, rows, columns, window · channels]: row by row of the window, each with its
// channels (tf.image.extract_patches of TensorFlow 2.15). As a convolution whose kernel has a single 1 for each, which
// every program runs.
struct Patches {
  Window window;

  Shapes infer(const Shapes& in) const {
    expect_rank(in.at(0), 4);
    if (in[0][3] == kUnknown)
      throw Error(ErrorCode::kUnsupported, "", "patches of an unknown number of channels are not converted");
    return {slide(window, in[0], window.n_cells() * in[0][3])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const int64_t channels = in[0].shape[3];
    const int64_t n = window.n_cells() * channels;
    if (n > kMost)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("patches of {} elements are not converted; {} are", n, kMost));
    Tensor kernel(DType::kFloat32, {window.size[0], window.size[1], channels, n});
    const auto values = kernel.mutable_values<float>();
    std::ranges::fill(values, 0.0F);
    for (int64_t i = 0; i < n; ++i) values[static_cast<size_t>(i * n + i)] = 1;
    const Value weights = lowering.constant("ExtractPatches/kernel", kernel.cast(in[0].dtype));
    const Operation convolve = [&](const Value& x, const std::string& padding) {
      return lower_conv(lowering, "ExtractPatches", x, weights, window.strides, padding);
    };
    return {lower_dilated(lowering, "ExtractPatches", in[0], window, convolve)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    const auto at = [x = in[0], w = window](const Index& o) {
      const int64_t channels = x.size(3), cell = o[3] / channels;
      Index i{o[0], 0, 0, o[3] % channels};
      for (const int axis : {1, 2}) {
        const auto a = static_cast<size_t>(axis - 1);
        const int64_t along = axis == 1 ? cell / w.size[1] : cell % w.size[1];
        i[axis] = o[axis] * w.strides[a] - zeros_around(w, a, x.size(axis)).first + along * w.dilation[a];
        if (i[axis] < 0 || i[axis] >= x.size(axis)) return 0.0;
      }
      return x[i];
    };
    return {{out, at, 1}};
  }

 private:
  static constexpr int64_t kMost = 4096;  // a kernel of 67 MB
};

std::vector<int64_t> pair_of(OperationCall& call, size_t position, Config::Names names, std::vector<int64_t> fallback) {
  auto given = call.integers(position, names).value_or(std::move(fallback));
  if (given.size() == 1) given.push_back(given[0]);
  if (given.size() == 4 && given[0] == 1 && given[3] == 1) given = {given[1], given[2]};
  if (given.size() != 2 || given[0] < 1 || given[1] < 1 || given[0] > 4096 || given[1] > 4096)
    call.config().unsupported(fmt::format("`{}` must be two numbers of 1 or more", *names.begin()));
  return given;
}

std::shared_ptr<const Layer> parse_patches(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"images"});
  const size_t first = call.is_keras3() ? 9 : 1;
  Patches result;
  result.window.size = pair_of(call, first, {"sizes", "size", "ksizes"}, {});
  result.window.strides = pair_of(call, first + 1, {"strides"}, result.window.size);
  result.window.dilation = pair_of(call, first + 2, {"rates", "dilation_rate"}, {1, 1});
  const std::string padding = call.text(first + 3, {"padding"}, "valid");
  if (padding != "SAME" && padding != "VALID" && padding != "same" && padding != "valid")
    call.config().fail(fmt::format("padding must be SAME or VALID, found {}", padding));
  result.window.padding = padding == "SAME" || padding == "same" ? Padding::kSame : Padding::kValid;
  if (call.text(9, {"data_format"}, "channels_last") != "channels_last")
    call.config().unsupported("patches of images with their channels first are not converted");
  if (result.window.is_dilated() && std::ranges::any_of(result.window.strides, [](int64_t s) { return s > 1; }))
    call.config().unsupported("patches with both strides and rates are not converted");
  return make_operation(std::move(result));
}

// x / (bias + alpha · Σ x²)^beta, the sum over the channels from `radius` before to as many behind (Krizhevsky et al.,
// ImageNet Classification with Deep Convolutional Neural Networks, 2012).
struct ResponseNormalization {
  int64_t radius;
  double bias, alpha, beta;

  Shapes infer(const Shapes& in) const {
    expect_rank(in.at(0), 4);
    return {in[0]};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lowering.op("LRN", {in[0]},
                        {{"depth_radius", radius},
                         {"bias", static_cast<float>(bias)},
                         {"alpha", static_cast<float>(alpha)},
                         {"beta", static_cast<float>(beta)}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], how = *this](const Index& o) {
      double squares = 0;
      for (int64_t c = std::max<int64_t>(0, o[3] - how.radius); c <= std::min(x.size(3) - 1, o[3] + how.radius); ++c)
        squares += x[o.with(3, c)] * x[o.with(3, c)];
      return x[o] / std::pow(how.bias + how.alpha * squares, how.beta);
    };
    return {{in[0].shape(), at, static_cast<double>(2 * radius + 1)}};
  }
};
std::shared_ptr<const Layer> parse_response_normalization(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"input"});
  const auto radius = call.integer(1, {"depth_radius"}).value_or(5);
  if (radius < 0 || radius > (1 << 20)) call.config().fail(fmt::format("a depth_radius of {}", radius));
  return make_operation(ResponseNormalization{radius, call.number(2, {"bias"}).value_or(1),
                                              call.number(3, {"alpha"}).value_or(1),
                                              call.number(4, {"beta"}).value_or(0.5)});
}

struct Resize {
  ImageResize resize;
  Shapes infer(const Shapes& in) const { return infer_image_size(resize, in); }
  Values lower(Lowering& lowering, const Values& in) const {
    const bool is_nearest = resize.interpolation == Interpolation::kNearest;
    if (!is_nearest && !is_floating(in[0].dtype))
      throw Error(ErrorCode::kUnsupported, "",
                  "resizing images of whole numbers is not converted, but for nearest; cast them first");
    return {lower_image_resize(resize, lowering, is_nearest ? in[0] : cast_to(lowering, in[0], DType::kFloat32))};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {image_resize_reference(resize, in[0])};
  }
};
std::shared_ptr<const Layer> parse_resize(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"images"});
  const bool is_3 = call.is_keras3();
  const auto size = call.integers(is_3 ? 9 : 1, {"size"});
  const std::string method = call.text(is_3 ? 9 : 2, {"interpolation", "method"}, "bilinear");
  if (!size || size->size() != 2 || (*size)[0] < 1 || (*size)[1] < 1)
    call.config().unsupported("resize to a size that is no constant pair is not converted");
  if (call.flag(3, {"preserve_aspect_ratio"}))
    call.config().unsupported("resize that keeps the images' own proportions is not converted");
  const Json as_layer{{"name", call.config().name()}, {"interpolation", method}};
  const Config named(as_layer, call.config().class_name(), call.config().version());
  Resize result{{(*size)[0], (*size)[1], parse_interpolation(named, "interpolation", "bilinear"),
                 call.flag(is_3 ? 9 : 4, {"antialias"}), Fit::kStretch, 0}};
  if (call.flag(9, {"crop_to_aspect_ratio"})) result.resize.fit = Fit::kCrop;
  if (call.text(9, {"data_format"}, "channels_last") != "channels_last")
    call.config().unsupported("resize of images with their channels first is not converted");
  if (call.flag(9, {"pad_to_aspect_ratio"})) result.resize.fit = Fit::kPad;
  if (call.text(9, {"fill_mode"}, "constant") != "constant")
    call.config().unsupported("resize with a fill_mode other than constant is not converted");
  result.resize.fill = call.number(9, {"fill_value"}).value_or(0);
  return make_operation(result);
}

}  // namespace

std::span<const OperationSpec> image_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Resize", "image.resize", parse_resize},
      {"ResizeImages", "compat.v1.image.resize compat.v1.image.resize_images image.resize_images", parse_resize_v1},
      {"ResizeBilinear", "compat.v1.image.resize_bilinear image.resize_bilinear", parse_resize_v1},
      {"ResizeNearestNeighbor", "compat.v1.image.resize_nearest_neighbor image.resize_nearest_neighbor",
       parse_resize_v1},
      {"ExtractPatches", "image.extract_patches compat.v1.extract_image_patches extract_image_patches", parse_patches},
      {"LocalResponseNormalization",
       "nn.local_response_normalization nn.lrn compat.v1.nn.lrn compat.v1.nn.local_response_normalization",
       parse_response_normalization},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
