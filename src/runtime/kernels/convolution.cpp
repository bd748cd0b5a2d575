// Conv2D, Conv3D and DepthwiseConv2dNative with all that was fused behind them, by oneDNN: direct, or Winograd where
// that is faster and as exact as it must be (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015).
#include "runtime/kernels/convolution.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>

#include "ops/window.h"
#include "runtime/kernels/epilogue.h"
#include "runtime/kernels/trial.h"
#include "runtime/kernels/winograd.h"

namespace hoarfrost::runtime {
namespace {

using dnnl::algorithm;
using Descriptor = dnnl::convolution_forward::primitive_desc;
using DataType = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

// The filter [k…, C / groups, out], or [kh, kw, C, multiplier] of a depthwise convolution, as oneDNN's (g)oi k….
dnnl::memory::desc weights_desc(const Shape& filter, int64_t n_groups, int64_t out_channels) {
  const int n_spatial = filter.rank() - 2;
  const int64_t in_per_group = out_channels == filter[-1] ? filter[-2] : 1;
  const int64_t out_per_group = out_channels / n_groups;
  Dims dims{out_per_group, in_per_group};
  Dims strides{1, out_channels};
  if (n_groups > 1) {
    dims.insert(dims.begin(), n_groups);
    strides.insert(strides.begin(), out_per_group);
  }
  int64_t stride = in_per_group * out_channels;
  const auto at = static_cast<std::ptrdiff_t>(strides.size());
  for (int i = n_spatial - 1; i >= 0; --i) {
    dims.insert(dims.begin() + at, filter[i]);
    strides.insert(strides.begin() + at, stride);
    stride *= filter[i];
  }
  return {dims, DataType::f32, strides};
}

Convolution describe_operation(const Operation& operation, const Site& site) {
  const Shape& input = site.shape(operation.inputs[0]);
  const Shape& filter = site.shape(operation.inputs[1]);
  return describe_convolution(input, filter, site.shape(operation.outputs[0]), operation.is("DepthwiseConv2dNative"),
                              convolution_windows(operation, input, filter));
}

dnnl::memory::desc any(const dnnl::memory::desc& desc) { return {desc.dims(), desc.data_type(), Tag::any}; }
dnnl::memory::desc any_bfloat16(const dnnl::memory::desc& desc) { return {desc.dims(), DataType::bf16, Tag::any}; }

std::optional<Descriptor> try_describe(algorithm how, const Convolution& c, const dnnl::memory::desc& source,
                                       const dnnl::memory::desc& target, const Operation& operation,
                                       const dnnl::engine& engine) {
  try {
    const auto bias = bias_desc(operation);
    const dnnl::memory::desc weights(c.weights.dims(), source.data_type(), Tag::any);
    const dnnl::convolution_forward::desc desc =
        operation.bias.empty()
            ? dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, how, source, weights, target,
                                              c.strides, c.dilations, c.paddings_before, c.paddings_after)
            : dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, how, source, weights, bias, target,
                                              c.strides, c.dilations, c.paddings_before, c.paddings_after);
    return Descriptor(desc, epilogue(operation), engine);
  } catch (const dnnl::error&) {
    return {};  // oneDNN has no such implementation
  }
}

std::optional<Descriptor> describe_blocked(algorithm how, const Convolution& c, const Operation& operation,
                                           const dnnl::engine& engine) {
  const int n_dims = c.source.data.ndims;
  const auto blocked = [&](const dnnl::memory::desc& desc) {
    return dnnl::memory::desc(desc.dims(), DataType::f32, own_block_tag(n_dims));
  };
  // Few channels: as oneDNN likes.
  const bool has_few_channels = c.source.data.dims[1] <= kFewChannels;
  auto result =
      try_describe(how, c, has_few_channels ? any(c.source) : blocked(c.source), blocked(c.target), operation, engine);
  if (result && is_ref(result->impl_info_str())) result.reset();
  return result;
}

}  // namespace

Convolution describe_convolution(const Shape& input, const Shape& filter, const Shape& output, bool is_depthwise,
                                 const std::vector<ops::WindowAxis>& windows) {
  Convolution result;
  result.n_groups = is_depthwise ? input.last() : input.last() / filter[-2];
  result.source = row_major(input);
  result.target = row_major(output);
  result.weights = weights_desc(filter, result.n_groups, output.last());
  for (const auto& window : windows) {
    result.strides.push_back(window.stride);
    result.dilations.push_back(window.dilation - 1);
    result.paddings_before.push_back(window.pad_before);
    result.paddings_after.push_back(window.pad_after);
  }
  return result;
}

dnnl::memory::format_tag own_block_tag(int n_dims) {
  const bool is_wide = dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core;
  if (n_dims == 5) return is_wide ? Tag::nCdhw16c : Tag::nCdhw8c;
  return is_wide ? Tag::nChw16c : Tag::nChw8c;
}

std::vector<ops::WindowAxis> convolution_windows(const Operation& operation, const Shape& input, const Shape& filter) {
  const ops::Layout layout{false, input.rank() - 2};
  auto sizes = ops::spatial_sizes(layout, input);
  const std::vector<int64_t> kernels(filter.sizes().begin(), filter.sizes().end() - 2);
  for (size_t i = 0; i < operation.paddings.size(); ++i)
    sizes[i] += operation.paddings[i].first + operation.paddings[i].second;
  auto windows = ops::windows_of(*operation.node, layout, sizes, kernels);
  for (size_t i = 0; i < operation.dilations.size(); ++i) windows[i].dilation = operation.dilations[i];
  for (size_t i = 0; i < operation.paddings.size(); ++i) {
    windows[i].pad_before += operation.paddings[i].first;
    windows[i].pad_after += operation.paddings[i].second;
  }
  return windows;
}

bool is_convolution_of_constants(const Operation& operation, const OperationList& list) {
  const auto value = [&](ValueId id) -> const Value& { return list.values[static_cast<size_t>(id)]; };
  const Value& input = value(operation.inputs[0]);
  const Value& filter = value(operation.inputs[1]);
  const Value& output = value(operation.outputs[0]);
  if (!filter.is_constant()) return false;
  for (const Value* each : {&input, &filter, &output}) {
    if (each->dtype != DType::kFloat32 || !each->shape.is_static() || each->shape.n_elements() == 0) return false;
  }
  const auto format = operation.node->get_or<std::string>("data_format", "NHWC");
  return format == "NHWC" || format == "NDHWC";
}

namespace {

std::unique_ptr<PrimitiveKernel> finish(const Descriptor& descriptor, const Convolution& c, const Operation& operation,
                                        const Site& site) {
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::convolution_forward(descriptor));
  const auto source = descriptor.src_desc();
  const auto target = descriptor.dst_desc();
  kernel->bind_input(DNNL_ARG_SRC, 0, source, site.engine);
  kernel->bind_output(DNNL_ARG_DST, 0, target, site.engine);
  kernel->inputs = {{operation.inputs[0], canonical(site.shape(operation.inputs[0]), source)}};
  kernel->output_layouts = {canonical(site.shape(operation.outputs[0]), target)};
  const Tensor& filter = site.value(operation.inputs[1]).constant;
  kernel->bind_constant(DNNL_ARG_WEIGHTS,
                        site.weights.get(filter, c.weights, descriptor.weights_desc(), operation.scale));
  if (!operation.bias.empty()) kernel->bind_constant(DNNL_ARG_BIAS, site.weights.get(operation.bias));
  if (operation.addend) {
    kernel->inputs.push_back({*operation.addend, kernel->output_layouts[0]});
    kernel->in_place_input = 1;
  }
  return kernel;
}

// oneDNN's Winograd convolution, in the blocked layout that it knows; nullptr where it has none.
std::unique_ptr<Kernel> winograd_primitive(const Convolution& c, const Operation& operation, const Site& site) {
  const bool is_possible = c.n_groups == 1 && c.weights.data.ndims == 4 && c.weights.data.dims[2] == 3 &&
                           c.weights.data.dims[3] == 3 && c.strides == Dims{1, 1} && c.dilations == Dims{0, 0} &&
                           c.source.data.dims[1] > 4;
  if (!is_possible || !site.strategy.prefers_blocked) return nullptr;
  const auto descriptor = describe_blocked(algorithm::convolution_winograd, c, operation, site.engine);
  return descriptor ? finish(*descriptor, c, operation, site) : nullptr;
}

// Winograd's, our own or else oneDNN's, where it is faster than `direct` by the clock and near enough by the numbers.
std::unique_ptr<Kernel> faster(std::unique_ptr<Kernel> direct, const Descriptor& descriptor, const Convolution& c,
                               const Operation& operation, const Site& site) {
  if (!site.strategy.tries_algorithms) return direct;
  const Layout input = direct->inputs[0].layout;
  const Layout output = direct->output_layouts[0];
  const auto windows = convolution_windows(operation, site.shape(operation.inputs[0]), site.shape(operation.inputs[1]));
  auto challenger = make_winograd(operation, windows, input, output, site);
  if (challenger == nullptr) challenger = winograd_primitive(c, operation, site);
  if (challenger == nullptr || challenger->inputs[0].layout != input || challenger->output_layouts[0] != output)
    return direct;
  const std::string key = fmt::format("{} for {} {} {}", challenger->implementation, operation.names.front(),
                                      site.shape(operation.outputs[0]).to_string(), omp_get_max_threads());
  const bool is_chosen = site.tuning.decided(
      key, [&] { return is_better(*challenger, *direct, descriptor.src_desc(), descriptor.dst_desc(), site.engine); });
  return is_chosen ? std::move(challenger) : std::move(direct);
}

}  // namespace

std::unique_ptr<Kernel> make_convolution(const Operation& operation, const Site& site) {
  if (!operation.is("Conv2D") && !operation.is("Conv3D") && !operation.is("DepthwiseConv2dNative")) return nullptr;
  if (!is_convolution_of_constants(operation, site.list)) return nullptr;
  const Convolution c = describe_operation(operation, site);
  if (site.strategy.uses_bfloat16) {
    const auto descriptor = try_describe(algorithm::convolution_direct, c, any_bfloat16(c.source),
                                         any_bfloat16(c.target), operation, site.engine);
    if (descriptor && !is_ref(descriptor->impl_info_str())) return finish(*descriptor, c, operation, site);
  }
  if (site.strategy.prefers_blocked) {
    if (const auto blocked = describe_blocked(algorithm::convolution_direct, c, operation, site.engine)) {
      return faster(finish(*blocked, c, operation, site), *blocked, c, operation, site);
    }
  }
  auto descriptor = try_describe(algorithm::convolution_direct, c, c.source, c.target, operation, site.engine);
  if (!descriptor || is_ref(descriptor->impl_info_str())) {
    descriptor = try_describe(algorithm::convolution_direct, c, any(c.source), any(c.target), operation, site.engine);
  }
  if (!descriptor) return nullptr;
  return faster(finish(*descriptor, c, operation, site), *descriptor, c, operation, site);
}

}  // namespace hoarfrost::runtime
