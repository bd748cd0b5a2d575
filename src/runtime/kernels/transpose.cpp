// Transpose of float32 by a constant permutation: oneDNN's reorder between two orders of strides.
#include "runtime/kernels/primitive.h"

namespace hoarfrost::runtime {

std::unique_ptr<Kernel> make_transpose(const Operation& operation, const Site& site) {
  if (!operation.is("Transpose") || !site.is_float(operation.inputs[0])) return nullptr;
  const Value& permutation = site.value(operation.inputs[1]);
  const Shape& input = site.shape(operation.inputs[0]);
  const Shape& output = site.shape(operation.outputs[0]);
  if (!permutation.is_constant() || output.n_elements() == 0 || output.rank() == 0) return nullptr;
  const auto row_major_strides = [](const Shape& shape) {
    Dims strides(static_cast<size_t>(shape.rank()), 1);
    for (int i = shape.rank() - 2; i >= 0; --i)
      strides[static_cast<size_t>(i)] = strides[static_cast<size_t>(i) + 1] * shape[i + 1];
    return strides;
  };
  const Dims from = row_major_strides(input);
  const Reader order(permutation.constant);
  Dims strides;
  for (int i = 0; i < output.rank(); ++i) strides.push_back(from[input.normalized(static_cast<int>(order[i]))]);
  const dnnl::memory::desc source(output.sizes(), dnnl::memory::data_type::f32, strides);
  const dnnl::memory::desc target(output.sizes(), dnnl::memory::data_type::f32, row_major_strides(output));
  const dnnl::reorder::primitive_desc descriptor(site.engine, source, site.engine, target, user_scratchpad());
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::reorder(descriptor));
  kernel->bind_input(DNNL_ARG_FROM, 0, source, site.engine);
  kernel->bind_output(DNNL_ARG_TO, 0, target, site.engine);
  kernel->inputs = {{operation.inputs[0], {}}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
