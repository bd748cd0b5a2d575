#include "keras/depthwise.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/convolution.h"

namespace hoarfrost::keras {
namespace {

Value depthwise_op(Lowering& lowering, std::string_view name, const Value& x, const Value& kernel, int64_t stride,
                   const std::string& padding) {
  return lowering.named_op(name, "DepthwiseConv2dNative", {x, kernel},
                           {{"strides", std::vector<int64_t>{1, stride, stride, 1}},
                            {"padding", padding},
                            {"data_format", std::string("NHWC")}});
}

Value lower_unequal_strides(Lowering& lowering, std::string_view name, const Value& x, const Value& kernel,
                            const Window& window) {
  Value padded = x;
  if (window.padding == Padding::kSame) {
    if (x.shape[1] < 0 || x.shape[2] < 0) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(),
                  fmt::format("a depthwise convolution with unequal strides and padding `same` needs to know its "
                              "input's size, found {}; give --input-shape",
                              x.shape.to_string()));
    }
    const Tensor paddings =
        pairs({{0, 0}, zeros_around(window, 0, x.shape[1]), zeros_around(window, 1, x.shape[2]), {0, 0}});
    padded = lowering.op("Pad", {x, lowering.constant("Pad/paddings", paddings)}, {{"Tpaddings", DType::kInt32}});
  }
  const Value y = depthwise_op(lowering, name, padded, kernel, 1, "VALID");
  return lowering.named_op(
      "strided_slice", "StridedSlice",
      {y, lowering.ints("strided_slice/stack", {0, 0, 0, 0}), lowering.ints("strided_slice/stack_1", {0, 0, 0, 0}),
       lowering.ints("strided_slice/stack_2", {1, window.strides[0], window.strides[1], 1})},
      {{"Index", DType::kInt32},
       {"begin_mask", int64_t{15}},
       {"end_mask", int64_t{15}},
       {"ellipsis_mask", int64_t{0}},
       {"new_axis_mask", int64_t{0}},
       {"shrink_axis_mask", int64_t{0}}});
}

}  // namespace

Value lower_depthwise(Lowering& lowering, std::string_view name, const Value& x, const Value& kernel,
                      const Window& window) {
  if (window.strides[0] != window.strides[1]) return lower_unequal_strides(lowering, name, x, kernel, window);
  return lower_dilated(lowering, name, x, window, [&](const Value& v, const std::string& padding) {
    return depthwise_op(lowering, name, v, kernel, window.strides[0], padding);
  });
}

Window as_row(const Window& window) {
  return {{1, window.size[0]},
          {window.strides[0], window.strides[0]},
          {1, window.dilation[0]},
          window.padding == Padding::kSame ? Padding::kSame : Padding::kValid};
}

double depthwise_element(const Window& window, const Array& kernel, const Array& x, const Index& out) {
  const int64_t multiplier = kernel.shape().last();
  const int64_t n_filters = x.shape().last() * multiplier;
  double sum = 0;
  for_each_cell(window, x.shape(), out, [&](const Index& position, int64_t cell) {
    sum += x[position.with(-1, out[-1] / multiplier)] * kernel.at_offset(cell * n_filters + out[-1]);
  });
  return sum;
}

}  // namespace hoarfrost::keras
