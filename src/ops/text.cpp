// Text, element by element: its buckets (StringToHashBucketFast: FarmHash, StringToHashBucketStrong: SipHash), numbers
// as text (AsString), text joined (StringJoin), and ASCII's capitals made small (StringLower). TensorFlow 1.4 to 2.15.
#include "base/fingerprint.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

int64_t n_buckets_of(const Node& node) {
  const auto n = node.get<int64_t>("num_buckets");
  if (n < 1) mismatch(node, "expected 1 bucket or more, found {}", n);
  return n;
}

SipKey key_of(const Node& node) {
  const auto key = int_list(node, "key");
  if (key.size() != 2) mismatch(node, "expected a key of 2 numbers, found {}", key.size());
  return {static_cast<uint64_t>(key[0]), static_cast<uint64_t>(key[1])};
}

std::vector<Known> infer_hash(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  need_type(node, inputs[0], DType::kString);
  (void)n_buckets_of(node);
  return {of_type(DType::kInt64, inputs[0].shape)};
}

template <bool is_strong>
std::vector<Tensor> hash(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_hash(node, known(inputs))[0]);
  const auto n = static_cast<uint64_t>(n_buckets_of(node));
  const SipKey key = is_strong ? key_of(node) : SipKey{};
  std::ranges::transform(inputs[0].strings(), output.mutable_values<int64_t>().begin(), [&](const std::string& text) {
    return static_cast<int64_t>((is_strong ? sip_hash64(key, text) : fingerprint64(text)) % n);
  });
  return {output};
}

std::vector<Known> infer_as_string(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {of_type(DType::kString, inputs[0].shape)};
}

// Whole numbers alone: how TensorFlow rounds the others' digits is the C library's affair.
std::vector<Tensor> as_string(const Node& node, Tensors inputs) {
  (void)infer_as_string(node, known(inputs));
  if (node.get_or<int64_t>("width", -1) > 0) unsupported(node, "a width (filled up) is not supported");
  std::vector<std::string> texts;
  with_type<int32_t, int64_t, uint8_t, int8_t, int16_t, bool>(node, inputs[0].dtype(), [&]<typename T>() {
    for (const T x : inputs[0].values<T>()) texts.push_back(fmt::format("{}", x));
  });
  return {Tensor(inputs[0].shape(), std::move(texts))};
}

// Of one shape, but for scalars.
std::vector<Known> infer_join(const Node& node, Knowns inputs) {
  need_at_least(node, inputs.size(), 1);
  Shape shape;
  for (const Known& input : inputs) {
    need_type(node, input, DType::kString);
    if (!input.shape.has_rank()) return {of_type(DType::kString, Shape::unknown_rank())};
    if (input.shape.rank() == 0) continue;
    if (shape.rank() == 0) shape = input.shape;
    if (shape.rank() != input.shape.rank())
      mismatch(node, "expected texts of one shape, found {} and {}", shape.to_string(), input.shape.to_string());
    for (int axis = 0; axis < shape.rank(); ++axis)
      shape[axis] = merged(node, shape[axis], input.shape[axis], "texts of one shape, an axis of");
  }
  return {of_type(DType::kString, shape)};
}

std::vector<Tensor> join(const Node& node, Tensors inputs) {
  const Shape shape = infer_join(node, known(inputs))[0].shape;
  const auto separator = node.get_or<std::string>("separator", "");
  std::vector<std::string> texts(static_cast<size_t>(shape.n_elements()));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& parts = inputs[i].strings();
    for (size_t at = 0; at < texts.size(); ++at) {
      if (i > 0) texts[at] += separator;
      texts[at] += parts[inputs[i].shape().rank() == 0 ? 0 : at];
    }
  }
  return {Tensor(shape, std::move(texts))};
}

std::vector<Tensor> lower(const Node& node, Tensors inputs) {
  (void)infer_as_first(node, known(inputs));
  if (const auto encoding = node.get_or<std::string>("encoding", ""); !encoding.empty())
    unsupported(node, "the encoding `{}` is not supported: without one, ASCII's capitals become small", encoding);
  std::vector<std::string> texts = inputs[0].strings();
  for (std::string& text : texts) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return {Tensor(inputs[0].shape(), std::move(texts))};
}

std::vector<Known> infer_lower(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  need_type(node, inputs[0], DType::kString);
  return infer_as_first(node, inputs);
}

}  // namespace

std::span<const OpSpec> text_ops() {
  static constexpr OpSpec kOps[] = {
      {"StringToHashBucketFast", infer_hash, hash<false>},
      {"StringToHashBucketStrong", infer_hash, hash<true>},
      {"AsString", infer_as_string, as_string},
      {"StringJoin", infer_join, join},
      {"StringLower", infer_lower, lower},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
