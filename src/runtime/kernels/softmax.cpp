// Softmax and LogSoftmax over the last axis, by oneDNN.
#include "runtime/kernels/primitive.h"

namespace hoarfrost::runtime {

std::unique_ptr<Kernel> make_softmax(const Operation& operation, const Site& site) {
  const bool is_log = operation.is("LogSoftmax");
  if ((!is_log && !operation.is("Softmax")) || !site.is_float(operation.inputs[0])) return nullptr;
  const Shape& shape = site.shape(operation.inputs[0]);
  if (shape.n_elements() == 0 || shape.rank() == 0) return nullptr;
  const dnnl::memory::desc rows({shape.n_elements() / shape.last(), shape.last()}, dnnl::memory::data_type::f32,
                                dnnl::memory::format_tag::ab);
  const auto make = [&](const auto& descriptor, const auto& primitive) {
    auto kernel = std::make_unique<PrimitiveKernel>(descriptor, primitive);
    kernel->bind_input(DNNL_ARG_SRC, 0, rows, site.engine);
    kernel->bind_output(DNNL_ARG_DST, 0, rows, site.engine);
    kernel->inputs = {{operation.inputs[0], {}}};
    kernel->output_layouts.resize(1);
    return kernel;
  };
  const auto how = dnnl::prop_kind::forward_inference;
  if (is_log) {
    const dnnl::logsoftmax_forward::primitive_desc descriptor({how, rows, 1}, user_scratchpad(), site.engine);
    return make(descriptor, dnnl::logsoftmax_forward(descriptor));
  }
  const dnnl::softmax_forward::primitive_desc descriptor({how, rows, 1}, user_scratchpad(), site.engine);
  return make(descriptor, dnnl::softmax_forward(descriptor));
}

}  // namespace hoarfrost::runtime
