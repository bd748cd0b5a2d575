#include "runtime/kernels/epilogue.h"

namespace hoarfrost::runtime {

dnnl::primitive_attr epilogue(const Operation& operation) {
  dnnl::primitive_attr attributes = user_scratchpad();
  dnnl::post_ops post_ops;
  if (operation.addend) post_ops.append_sum(1.0F);
  if (operation.activation) {
    post_ops.append_eltwise(1.0F, operation.activation->algorithm, operation.activation->alpha,
                            operation.activation->beta);
  }
  attributes.set_post_ops(post_ops);
  return attributes;
}

dnnl::memory::desc bias_desc(const Operation& operation) {
  if (operation.bias.empty()) return {};
  return {{static_cast<int64_t>(operation.bias.size())}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a};
}

}  // namespace hoarfrost::runtime
