// MatMul and BatchMatMul: a dense layer (constant weights, all that was fused) by oneDNN's inner product, or by our own
// matrix-vector product for a single row; every other product by oneDNN's matmul.
#include "runtime/kernels/matmul.h"

#include <algorithm>

#include "runtime/kernels/epilogue.h"
#include "runtime/kernels/matrix_vector.h"

namespace hoarfrost::runtime {
namespace {

using DataType = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

bool is_batch_product(const Operation& operation) {
  return operation.is("BatchMatMul") || operation.is("BatchMatMulV2") || operation.is("BatchMatMulV3");
}

// The weights [K, N], or [N, K] when transposed, as oneDNN's (N, K) or, where the input is an image that was flattened,
// (N, C, space…).
dnnl::memory::desc dense_weights(const Operation& operation, const Site& site, bool is_transposed) {
  const Shape& shape = site.shape(operation.inputs[1]);
  const int64_t n = shape[is_transposed ? 0 : 1];
  const int64_t k = shape[is_transposed ? 1 : 0];
  const int64_t k_stride = is_transposed ? 1 : n;
  const int64_t n_stride = is_transposed ? k : 1;
  if (!operation.flattened) return {{n, k}, DataType::f32, Dims{n_stride, k_stride}};
  Shape image = *operation.flattened;
  image[0] = n;
  Dims strides(static_cast<size_t>(image.rank()), k_stride);
  for (int i = image.rank() - 2; i >= 1; --i)
    strides[static_cast<size_t>(i)] = strides[static_cast<size_t>(i) + 1] * image[i + 1];
  strides[0] = n_stride;
  std::rotate(strides.begin() + 1, strides.end() - 1, strides.end());
  return {dnnl_dims(image), DataType::f32, strides};
}

dnnl::memory::desc as_type(dnnl::memory::desc desc, DataType type) {
  desc.data.data_type = dnnl::memory::convert_to_c(type);
  return desc;
}

std::unique_ptr<Kernel> inner_product(const Operation& operation, const Site& site, bool is_transposed) {
  const ValueId input = operation.inputs[0];
  const Shape& output = site.shape(operation.outputs[0]);
  const Layout layout = operation.flattened ? site.layout(input) : Layout{};
  auto source = describe(site.shape(input), layout);
  const auto type = site.strategy.uses_bfloat16 ? DataType::bf16 : DataType::f32;
  if (source.data_type() != type) source = as_type(source, type);
  const auto weights = dense_weights(operation, site, is_transposed);
  const dnnl::memory::desc any_weights(weights.dims(), type, Tag::any);
  const auto target = row_major(output);
  const auto how = dnnl::prop_kind::forward_inference;
  const dnnl::inner_product_forward::desc desc =
      operation.bias.empty()
          ? dnnl::inner_product_forward::desc(how, source, any_weights, target)
          : dnnl::inner_product_forward::desc(how, source, any_weights, bias_desc(operation), target);
  const dnnl::inner_product_forward::primitive_desc descriptor(desc, epilogue(operation), site.engine);
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::inner_product_forward(descriptor));
  kernel->bind_input(DNNL_ARG_SRC, 0, source, site.engine);
  kernel->bind_output(DNNL_ARG_DST, 0, target, site.engine);
  kernel->bind_constant(DNNL_ARG_WEIGHTS,
                        site.weights.get(site.value(operation.inputs[1]).constant, weights, descriptor.weights_desc(),
                                         operation.scale, is_transposed ? site.shape(operation.inputs[1])[1] : 1));
  if (!operation.bias.empty()) kernel->bind_constant(DNNL_ARG_BIAS, site.weights.get(operation.bias));
  kernel->inputs = {{input, canonical(site.shape(input), source)}};
  kernel->output_layouts.resize(1);
  if (operation.addend) {
    kernel->inputs.push_back({*operation.addend, {}});
    kernel->in_place_input = 1;
  }
  return kernel;
}

// A matrix, or a batch of them, in row-major order, `is_transposed` on its way into the product.
dnnl::memory::desc matrix(const Shape& shape, bool is_transposed, int rank) {
  Dims dims = shape.sizes();
  dims.insert(dims.begin(), static_cast<size_t>(rank - shape.rank()), 1);
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * dims[i];
  if (is_transposed) {
    std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
    std::swap(strides[dims.size() - 1], strides[dims.size() - 2]);
  }
  return {dims, DataType::f32, strides};
}

std::unique_ptr<Kernel> product(const Operation& operation, const Site& site, bool a_transposed, bool b_transposed) {
  const ValueId ids[] = {operation.inputs[0], operation.inputs[1]};
  const Shape& output = site.shape(operation.outputs[0]);
  const auto a = matrix(site.shape(ids[0]), a_transposed, output.rank());
  const auto b = matrix(site.shape(ids[1]), b_transposed, output.rank());
  const auto c = matrix(output, false, output.rank());
  const dnnl::memory::desc bias =
      operation.bias_value ? matrix(site.shape(*operation.bias_value), false, 2) : dnnl::memory::desc();
  const auto desc = operation.bias_value ? dnnl::matmul::desc(a, b, bias, c) : dnnl::matmul::desc(a, b, c);
  const dnnl::matmul::primitive_desc descriptor(desc, epilogue(operation), site.engine);
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::matmul(descriptor));
  kernel->bind_input(DNNL_ARG_SRC, 0, a, site.engine);
  kernel->bind_input(DNNL_ARG_WEIGHTS, 1, b, site.engine);
  kernel->bind_output(DNNL_ARG_DST, 0, c, site.engine);
  kernel->inputs = {{ids[0], {}}, {ids[1], {}}};
  if (operation.bias_value) {
    kernel->bind_input(DNNL_ARG_BIAS, 2, bias, site.engine);
    kernel->inputs.push_back({*operation.bias_value, {}});
  }
  kernel->output_layouts.resize(1);
  return kernel;
}

bool is_empty(const Shape& shape) { return shape.n_elements() == 0; }

}  // namespace

bool is_trained_product(const Operation& operation, const OperationList& list) {
  if (!operation.is("MatMul")) return false;
  return std::ranges::all_of(operation.inputs, [&](ValueId id) {
    const Value& value = list.values[static_cast<size_t>(id)];
    return value.dtype == DType::kFloat32 && value.shape.is_static() && !is_empty(value.shape);
  });
}

std::unique_ptr<Kernel> make_matmul(const Operation& operation, const Site& site) {
  const bool is_batch = is_batch_product(operation);
  if (!is_batch && !operation.is("MatMul")) return nullptr;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    if (!site.is_float(operation.inputs[i]) || is_empty(site.shape(operation.inputs[i]))) return nullptr;
  }
  const bool a_transposed = operation.node->get_or<bool>(is_batch ? "adj_x" : "transpose_a", false);
  const bool b_transposed = operation.node->get_or<bool>(is_batch ? "adj_y" : "transpose_b", false);
  const bool is_dense =
      !is_batch && !a_transposed && site.value(operation.inputs[1]).is_constant() && !operation.bias_value;
  if (is_dense && !b_transposed && !operation.addend && !site.strategy.uses_bfloat16) {
    if (auto kernel = make_matrix_vector(operation, site)) return kernel;
  }
  if (is_dense) return inner_product(operation, site, b_transposed);
  if (!operation.is_plain() && !operation.bias_value) return nullptr;
  return product(operation, site, a_transposed, b_transposed);
}

}  // namespace hoarfrost::runtime
