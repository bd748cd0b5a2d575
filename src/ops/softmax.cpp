// Softmax and LogSoftmax over the last axis, the greatest logit taken off first so that nothing overflows.
#include <cmath>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_softmax(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& shape = inputs[0].shape;
  if (shape.has_rank() && shape.rank() < 1) mismatch(node, "expected logits with an axis, found a scalar");
  return infer_as_first(node, inputs);
}

template <typename T, bool is_log>
void softmax_row(const T* logits, T* out, int64_t n) {
  const double top = static_cast<double>(*std::max_element(logits, logits + n));
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(static_cast<double>(logits[i]) - top);
  for (int64_t i = 0; i < n; ++i) {
    const double x = static_cast<double>(logits[i]) - top;
    out[i] = static_cast<T>(is_log ? x - std::log(sum) : std::exp(x) / sum);
  }
}

template <bool is_log>
std::vector<Tensor> softmax(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_softmax(node, known(inputs))[0]);
  const int64_t n = output.shape().last();
  with_floats(node, output.dtype(), [&]<typename T>() {
    const T* logits = inputs[0].values<T>().data();
    T* out = output.mutable_values<T>().data();
    for (int64_t at = 0; at < output.n_elements(); at += n) softmax_row<T, is_log>(logits + at, out + at, n);
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> softmax_ops() {
  static constexpr OpSpec kOps[] = {
      {"Softmax", infer_softmax, through_float<softmax<false>>},
      {"LogSoftmax", infer_softmax, through_float<softmax<true>>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
