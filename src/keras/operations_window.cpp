// Convolutions whose kernel is a constant of the call or another tensor: tf.nn.conv2d and its kin, Keras 3's Conv and
// DepthwiseConv. TensorFlow 2.15, Keras 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/convolution.h"
#include "keras/depthwise.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

// x [batch, space…, channels] with kernel [window…, channels, filters], or [window…, channels, multiplier] of a
// depthwise one.
struct Convolved {
  Window window;  // its size is the kernel's
  bool is_depthwise = false;

  Shapes infer(const Shapes& in) const {
    const Window w = window_for(in.at(1));
    const int channels = in[0].rank() - 1;
    if (in[0].rank() != in[1].rank() || !in[1].is_static() || in[0].last() != in[1][channels - 1])
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("a kernel of {} does not fit {}", in[1].to_string(), in[0].to_string()));
    return {slide(w, in[0], is_depthwise ? in[0].last() * in[1].last() : in[1].last())};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Window w = window_for(in[1].shape);
    const Value kernel = cast_to(lowering, in[1], in[0].dtype);
    if (is_depthwise) return {lower_depthwise(lowering, "depthwise", in[0], kernel, w)};
    return {lower_dilated(lowering, "convolution", in[0], w, [&](const Value& x, const std::string& padding) {
      return lower_conv(lowering, "convolution", x, kernel, w.strides, padding);
    })};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Window w = window_for(in[1].shape());
    const auto at = [=, x = in[0], kernel = in[1], depthwise = is_depthwise](const Index& o) {
      if (depthwise) return depthwise_element(w, kernel, x, o);
      const int64_t channels = x.shape().last(), filters = kernel.shape().last();
      double sum = 0;
      for_each_cell(w, x.shape(), o, [&](const Index& position, int64_t cell) {
        for (int64_t c = 0; c < channels; ++c)
          sum += x[position.with(-1, c)] * kernel.at_offset((cell * channels + c) * filters + o[-1]);
      });
      return sum;
    };
    const auto n = static_cast<double>(in[1].shape().n_elements() / std::max<int64_t>(1, in[1].shape().last()));
    return {{infer({in[0].shape(), in[1].shape()})[0], at, n}};
  }

 private:
  [[nodiscard]] Window window_for(const Shape& kernel) const {
    Window result = window;
    const auto rank = static_cast<size_t>(std::max(kernel.rank() - 2, 0));
    if (rank < 1 || rank > 3 || (is_depthwise && rank != 2))
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("a convolution with a kernel of {} is not converted", kernel.to_string()));
    for (size_t axis = 0; axis < rank; ++axis) result.size.push_back(kernel.sizes()[axis]);
    for (auto* list : {&result.strides, &result.dilation}) {
      if (list->size() == 1) list->resize(rank, list->front());
      if (list->size() == rank + 2) *list = {list->begin() + 1, list->end() - 1};
      if (list->size() != rank)
        throw Error(ErrorCode::kMismatch, "", fmt::format("{} strides or dilations for {} axes", list->size(), rank));
    }
    return result;
  }
};

std::vector<int64_t> steps_of(OperationCall& call, size_t position, Config::Names names) {
  const auto given = call.integers(position, names).value_or(std::vector<int64_t>{1});
  if (given.empty() || std::ranges::any_of(given, [](int64_t n) { return n < 1 || n > (1 << 20); }))
    call.config().fail(fmt::format("`{}` must be 1 or more", *names.begin()));
  return given;
}

std::shared_ptr<const Layer> parse_convolved(OperationCall& call, std::string_view name) {
  call.operand(0, {"input", "inputs", "value"});
  call.operand(1, {"filters", "filter", "kernel"});
  Convolved result;
  result.is_depthwise = name == "DepthwiseConv";
  const size_t first = call.is_keras3() ? 9 : 2;
  result.window.strides = steps_of(call, first, {"strides", "stride"});
  result.window.dilation = steps_of(call, first + 3, {"dilations", "dilation_rate"});
  std::string padding = call.text(first + 1, {"padding"}, "valid");
  std::ranges::transform(padding, padding.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (padding != "same" && padding != "valid")
    call.config().unsupported(
        fmt::format("a convolution with padding {} is not converted; same and valid are", padding));
  result.window.padding = padding == "same" ? Padding::kSame : Padding::kValid;
  const std::string format = call.text(first + 2, {"data_format"}, "channels_last");
  if (format != "channels_last" && format != "NHWC" && format != "NWC" && format != "NDHWC")
    call.config().unsupported("a convolution of channels first is not converted");
  (void)call.flag(9, {"use_cudnn_on_gpu"});
  const auto is_more = [](int64_t n) { return n > 1; };
  if (std::ranges::any_of(result.window.strides, is_more) && std::ranges::any_of(result.window.dilation, is_more))
    call.config().unsupported("a convolution with both strides and dilations is not converted");
  return make_operation(std::move(result));
}

}  // namespace

std::span<const OperationSpec> window_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Conv", "nn.conv2d compat.v1.nn.conv2d nn.conv1d compat.v1.nn.conv1d nn.convolution", parse_convolved},
      {"DepthwiseConv", "nn.depthwise_conv2d compat.v1.nn.depthwise_conv2d", parse_convolved},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
