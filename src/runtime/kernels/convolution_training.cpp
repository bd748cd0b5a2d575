// Convolutions whose filter is no constant, and the gradients of convolutions by input and by filter, by oneDNN: what
// training is made of. The filter passes between the kernels in TensorFlow's order and is reordered within each, in its
// scratchpad: it is small beside what the convolution reads. A bias goes along: added forward, its gradient summed with
// the filter's.
#include <algorithm>
#include <array>

#include "runtime/arena.h"
#include "runtime/kernels/convolution.h"
#include "runtime/kernels/epilogue.h"
#include "runtime/kernels/winograd_training.h"

namespace hoarfrost::runtime {
namespace {

using dnnl::algorithm;
using DataType = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;
using Forward = dnnl::convolution_forward;
using ByInput = dnnl::convolution_backward_data;
using ByFilter = dnnl::convolution_backward_weights;

enum class Direction { kForward, kByInput, kByFilter };

// One of the three directions between an input, a filter and an output.
struct Request {
  Direction direction;
  ValueId input, filter, output;  // the one that is computed is the operation's own output
};

std::optional<Request> request_of(const Operation& operation) {
  const auto is_any = [&](auto... ops) { return (operation.is(ops) || ...); };
  const auto& in = operation.inputs;
  if (is_any("Conv2D", "Conv3D", "DepthwiseConv2dNative"))
    return Request{Direction::kForward, in[0], in[1], operation.outputs[0]};
  if (is_any("Conv2DBackpropInput", "Conv3DBackpropInputV2", "DepthwiseConv2dNativeBackpropInput"))
    return Request{Direction::kByInput, operation.outputs[0], in[1], in[2]};
  if (is_any("Conv2DBackpropFilter", "Conv3DBackpropFilterV2", "DepthwiseConv2dNativeBackpropFilter"))
    return Request{Direction::kByFilter, in[0], operation.outputs[0], in[2]};
  return {};
}

// In which layouts input and output may lie, the first that has a kernel being taken.
struct Layouts {
  dnnl::memory::desc input, output;
};

std::vector<Layouts> candidates(const Convolution& c, bool prefers_blocked) {
  const auto any = [](const auto& desc) { return dnnl::memory::desc(desc.dims(), DataType::f32, Tag::any); };
  const auto blocked = [](const dnnl::memory::desc& desc) {
    const int n_dims = desc.data.ndims;
    const auto planes = n_dims == 5 ? Tag::ncdhw : Tag::nchw;
    return dnnl::memory::desc(desc.dims(), DataType::f32,
                              desc.data.dims[1] <= kFewChannels ? planes : own_block_tag(n_dims));
  };
  std::vector<Layouts> result{
      {blocked(c.source), blocked(c.target)}, {c.source, c.target}, {any(c.source), any(c.target)}};
  if (!prefers_blocked) std::swap(result[0], result[1]);
  return result;
}

// The primitive with its descriptors: what the three directions have in common.
struct Described {
  std::unique_ptr<PrimitiveKernel> kernel;
  dnnl::memory::desc input, filter, output;
};

class Describer {
 public:
  Describer(const Convolution& c, const Operation& operation, bool has_bias, const dnnl::engine& engine)
      : c_(c), operation_(operation), engine_(engine) {
    filter_ = {c.weights.dims(), DataType::f32, Tag::any};
    if (has_bias) bias_ = {{c.target.data.dims[1]}, DataType::f32, Tag::a};
  }

  // Throws dnnl::error where there is no such implementation.
  Described describe(Direction direction, const Layouts& layouts) const {
    const Forward::primitive_desc forward(forward_desc(layouts), epilogue(operation_), engine_);
    switch (direction) {
      case Direction::kForward:
        return finish(forward, Forward(forward), forward.src_desc(), forward.weights_desc(), forward.dst_desc());
      case Direction::kByInput: {
        const ByInput::primitive_desc descriptor({algorithm::convolution_direct, layouts.input, filter_, layouts.output,
                                                  c_.strides, c_.dilations, c_.paddings_before, c_.paddings_after},
                                                 user_scratchpad(), engine_, forward);
        return finish(descriptor, ByInput(descriptor), descriptor.diff_src_desc(), descriptor.weights_desc(),
                      descriptor.diff_dst_desc());
      }
      default: {
        const ByFilter::primitive_desc descriptor(by_filter_desc(layouts), user_scratchpad(), engine_, forward);
        return finish(descriptor, ByFilter(descriptor), descriptor.src_desc(), descriptor.diff_weights_desc(),
                      descriptor.diff_dst_desc());
      }
    }
  }

 private:
  [[nodiscard]] Forward::desc forward_desc(const Layouts& layouts) const {
    const auto how = dnnl::prop_kind::forward_training;
    if (!bias_) {
      return {how,
              algorithm::convolution_direct,
              layouts.input,
              filter_,
              layouts.output,
              c_.strides,
              c_.dilations,
              c_.paddings_before,
              c_.paddings_after};
    }
    return {how,
            algorithm::convolution_direct,
            layouts.input,
            filter_,
            *bias_,
            layouts.output,
            c_.strides,
            c_.dilations,
            c_.paddings_before,
            c_.paddings_after};
  }

  [[nodiscard]] ByFilter::desc by_filter_desc(const Layouts& layouts) const {
    const auto how = algorithm::convolution_direct;
    if (!bias_)
      return {how,          layouts.input,      filter_,          layouts.output, c_.strides,
              c_.dilations, c_.paddings_before, c_.paddings_after};
    return {how,          layouts.input,      filter_,          *bias_, layouts.output, c_.strides,
            c_.dilations, c_.paddings_before, c_.paddings_after};
  }

  template <typename Descriptor>
  static Described finish(const Descriptor& descriptor, const dnnl::primitive& primitive,
                          const dnnl::memory::desc& input, const dnnl::memory::desc& filter,
                          const dnnl::memory::desc& output) {
    return {std::make_unique<PrimitiveKernel>(descriptor, primitive), input, filter, output};
  }

  const Convolution& c_;
  const Operation& operation_;
  const dnnl::engine& engine_;
  dnnl::memory::desc filter_;
  std::optional<dnnl::memory::desc> bias_;
};

// The first of the layouts with a kernel that is none of oneDNN's plain loops, or those loops where there is nothing
// else.
std::optional<Described> find_kernel(const Describer& describer, Direction direction,
                                     const std::vector<Layouts>& layouts) {
  std::optional<Described> plain;
  for (const Layouts& each : layouts) {
    try {
      Described found = describer.describe(direction, each);
      if (!is_ref(found.kernel->implementation)) return found;
      plain = std::move(found);
    } catch (const dnnl::error&) {
      continue;  // oneDNN has no such implementation
    }
  }
  return plain;
}

std::unique_ptr<PrimitiveKernel> make_reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                                              const dnnl::engine& engine) {
  const dnnl::reorder::primitive_desc descriptor(engine, from, engine, to, user_scratchpad());
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::reorder(descriptor));
  kernel->bind_input(DNNL_ARG_FROM, 0, from, engine);
  kernel->bind_output(DNNL_ARG_TO, 0, to, engine);
  return kernel;
}

// A primitive with the reorder of its filter before it, or of its filter's gradient behind it.
class ConvolutionKernel : public Kernel {
 public:
  ConvolutionKernel(std::unique_ptr<PrimitiveKernel> primitive, std::unique_ptr<PrimitiveKernel> reorder,
                    Direction direction, size_t n_filter_bytes)
      : primitive_(std::move(primitive)), reorder_(std::move(reorder)), direction_(direction) {
    implementation = primitive_->implementation;
    filter_at_ = std::max(primitive_->scratchpad_bytes, reorder_->scratchpad_bytes);
    filter_at_ = (filter_at_ + kAlignment - 1) / kAlignment * kAlignment;
    scratchpad_bytes = filter_at_ + n_filter_bytes;
  }

  void run(const Buffers& buffers, const dnnl::stream& stream) override {
    void* filter = static_cast<std::byte*>(buffers.scratchpad) + filter_at_;
    if (direction_ == Direction::kByFilter) {
      void* const outputs[] = {filter, outputs_[1] ? buffers.outputs[1] : nullptr};
      primitive_->run({buffers.inputs, outputs, buffers.scratchpad}, stream);
      reorder_->run({&filter, buffers.outputs, buffers.scratchpad}, stream);
      return;
    }
    const size_t i_filter = direction_ == Direction::kForward ? 1 : 0;
    reorder_->run({buffers.inputs + i_filter, &filter, buffers.scratchpad}, stream);
    std::array<void*, 3> given{};
    for (size_t i = 0; i < inputs.size(); ++i) given[i] = i == i_filter ? filter : buffers.inputs[i];
    primitive_->run({given.data(), buffers.outputs, buffers.scratchpad}, stream);
  }

  void set_n_outputs(size_t n) { outputs_ = {true, n > 1}; }

 private:
  std::unique_ptr<PrimitiveKernel> primitive_, reorder_;
  Direction direction_;
  size_t filter_at_ = 0;
  std::array<bool, 2> outputs_{};
};

std::unique_ptr<Kernel> forward_or_by_input(const Request& r, const Operation& operation, const Convolution& c,
                                            Described found, const Site& site) {
  const bool is_forward = r.direction == Direction::kForward;
  const Layout input = canonical(site.shape(r.input), found.input),
               output = canonical(site.shape(r.output), found.output);
  PrimitiveKernel& primitive = *found.kernel;
  const Value& filter = site.value(r.filter);
  std::vector<Kernel::Use> uses;
  const auto read = [&](int argument, ValueId id, const dnnl::memory::desc& desc, const Layout& layout) {
    primitive.bind_input(argument, uses.size(), desc, site.engine);
    uses.push_back({id, layout});
  };
  if (is_forward) read(DNNL_ARG_SRC, r.input, found.input, input);
  if (filter.is_constant()) {
    primitive.bind_constant(DNNL_ARG_WEIGHTS, site.weights.get(filter.constant, c.weights, found.filter));
  } else {
    read(DNNL_ARG_WEIGHTS, r.filter, found.filter, {});
  }
  if (!is_forward) read(DNNL_ARG_DIFF_DST, r.output, found.output, output);
  if (is_forward && operation.bias_value)
    read(DNNL_ARG_BIAS, *operation.bias_value, row_major(site.shape(*operation.bias_value)), {});
  primitive.bind_output(is_forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, 0, is_forward ? found.output : found.input,
                        site.engine);
  std::unique_ptr<Kernel> result;
  if (filter.is_constant() || found.filter == c.weights) {
    result = std::move(found.kernel);
  } else {
    result =
        std::make_unique<ConvolutionKernel>(std::move(found.kernel), make_reorder(c.weights, found.filter, site.engine),
                                            r.direction, found.filter.get_size());
  }
  result->inputs = std::move(uses);
  result->output_layouts = {is_forward ? output : input};
  return result;
}

std::unique_ptr<Kernel> by_filter(const Request& r, const Operation& operation, const Convolution& c, Described found,
                                  const Site& site) {
  PrimitiveKernel& primitive = *found.kernel;
  primitive.bind_input(DNNL_ARG_SRC, 0, found.input, site.engine);
  primitive.bind_input(DNNL_ARG_DIFF_DST, 1, found.output, site.engine);
  primitive.bind_output(DNNL_ARG_DIFF_WEIGHTS, 0, found.filter, site.engine);
  if (operation.outputs.size() > 1)
    primitive.bind_output(DNNL_ARG_DIFF_BIAS, 1, row_major(site.shape(operation.outputs[1])), site.engine);
  const std::vector<Kernel::Use> uses{{r.input, canonical(site.shape(r.input), found.input)},
                                      {r.output, canonical(site.shape(r.output), found.output)}};
  std::unique_ptr<Kernel> result;
  if (found.filter == c.weights) {
    result = std::move(found.kernel);
  } else {
    auto kernel =
        std::make_unique<ConvolutionKernel>(std::move(found.kernel), make_reorder(found.filter, c.weights, site.engine),
                                            r.direction, found.filter.get_size());
    kernel->set_n_outputs(operation.outputs.size());
    result = std::move(kernel);
  }
  result->inputs = uses;
  result->output_layouts.resize(operation.outputs.size());
  return result;
}

std::unique_ptr<Kernel> make_winograd(const TrainedWinograd& what, Direction direction, const Operation& operation,
                                      const Site& site) {
  if (direction == Direction::kForward) return make_winograd_forward(what, operation, site);
  if (direction == Direction::kByInput) return make_winograd_by_input(what, site);
  return make_winograd_by_filter(what, operation, site);
}

}  // namespace

bool is_trained_convolution(const Operation& operation, const OperationList& list) {
  const auto r = request_of(operation);
  if (!r) return false;
  const auto format = operation.node->get_or<std::string>("data_format", "NHWC");
  if (format != "NHWC" && format != "NDHWC") return false;
  return std::ranges::all_of(std::array{r->input, r->filter, r->output}, [&](ValueId id) {
    const Value& value = list.values[static_cast<size_t>(id)];
    return value.dtype == DType::kFloat32 && value.shape.is_static() && value.shape.n_elements() > 0;
  });
}

std::unique_ptr<Kernel> make_convolution_training(const Operation& operation, const Site& site) {
  if (!is_trained_convolution(operation, site.list)) return nullptr;
  const Request r = *request_of(operation);
  const Shape &input = site.shape(r.input), &filter = site.shape(r.filter), &output = site.shape(r.output);
  const bool is_depthwise = operation.op().starts_with("Depthwise");
  const auto windows = convolution_windows(operation, input, filter);
  if (!is_depthwise && !site.value(r.filter).is_constant() && has_trained_winograd(input, filter, windows)) {
    if (auto kernel = make_winograd({r.input, r.filter, r.output, windows, site.strategy.prefers_blocked}, r.direction,
                                    operation, site))
      return kernel;
  }
  const Convolution c = describe_convolution(input, filter, output, is_depthwise, windows);
  const bool has_bias =
      operation.bias_value.has_value() || (r.direction == Direction::kByFilter && operation.outputs.size() > 1);
  const Describer describer(c, operation, has_bias, site.engine);
  auto found = find_kernel(describer, r.direction, candidates(c, site.strategy.prefers_blocked));
  if (!found) return nullptr;
  if (r.direction == Direction::kByFilter) return by_filter(r, operation, c, std::move(*found), site);
  return forward_or_by_input(r, operation, c, std::move(*found), site);
}

}  // namespace hoarfrost::runtime
