// Functions of each element, by oneDNN, in whatever layout the value has.
#include "runtime/kernels/activation.h"
#include "runtime/kernels/primitive.h"

namespace hoarfrost::runtime {
namespace {

std::unique_ptr<Kernel> in_layout(const Operation& operation, const Activation& activation, const Layout& layout,
                                  const Site& site) {
  const auto desc = describe(site.shape(operation.outputs[0]), layout);
  const dnnl::eltwise_forward::primitive_desc descriptor(
      {dnnl::prop_kind::forward_inference, activation.algorithm, desc, activation.alpha, activation.beta},
      user_scratchpad(), site.engine);
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::eltwise_forward(descriptor));
  kernel->bind_input(DNNL_ARG_SRC, 0, desc, site.engine);
  kernel->bind_output(DNNL_ARG_DST, 0, desc, site.engine);
  kernel->inputs = {{operation.inputs[0], layout}};
  kernel->output_layouts = {layout};
  return kernel;
}

}  // namespace

std::unique_ptr<Kernel> make_eltwise(const Operation& operation, const Site& site) {
  if (!operation.is_plain()) return nullptr;
  const auto activation = activation_of(*operation.node);
  if (!activation || !site.is_float(operation.inputs[0])) return nullptr;
  const Layout& layout = site.layout(operation.inputs[0]);
  auto kernel = in_layout(operation, *activation, layout, site);
  if (is_ref(kernel->implementation) && layout) kernel = in_layout(operation, *activation, {}, site);
  return kernel;
}

}  // namespace hoarfrost::runtime
