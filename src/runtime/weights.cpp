#include "runtime/weights.h"

#include <cstring>

namespace hoarfrost::runtime {
namespace {

template <typename T>
void append(std::string& key, const T* values, size_t n) {
  key.append(reinterpret_cast<const char*>(values), n * sizeof(T));
}

std::string key_of(const Tensor& source, const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                   std::span<const float> scale, int64_t scale_stride) {
  std::string key;
  const std::byte* address = source.bytes().data();
  append(key, &address, 1);
  append(key, &from.data, 1);
  append(key, &to.data, 1);
  append(key, &scale_stride, 1);
  append(key, scale.data(), scale.size());
  return key;
}

void multiply(dnnl::memory& memory, std::span<const float> scale, int64_t stride) {
  auto* data = static_cast<float*>(memory.get_data_handle());
  const size_t n = memory.get_desc().get_size() / sizeof(float);
  for (size_t i = 0; i < n; ++i) data[i] *= scale[i / static_cast<size_t>(stride) % scale.size()];
}

}  // namespace

dnnl::memory Weights::get(const Tensor& source, const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                          std::span<const float> scale, int64_t scale_stride) {
  const std::string key = key_of(source, from, to, scale, scale_stride);
  if (const auto found = kept_.find(key); found != kept_.end()) return found->second.memory;
  const Tensor aligned = source.aligned();
  dnnl::memory plain(from, engine_, const_cast<std::byte*>(aligned.bytes().data()));
  if (!scale.empty()) {
    dnnl::memory scaled(from, engine_);
    std::memcpy(scaled.get_data_handle(), plain.get_data_handle(), from.get_size());
    multiply(scaled, scale, scale_stride);
    plain = scaled;
  }
  dnnl::memory result = plain;
  if (from != to) {
    result = dnnl::memory(to, engine_);
    dnnl::stream stream(engine_);
    dnnl::reorder(plain, result).execute(stream, plain, result);
    stream.wait();
  }
  const bool is_copy = from != to || !scale.empty();
  if (is_copy) source.release();
  kept_.emplace(key, Kept{is_copy ? source : aligned, result});
  return result;
}

std::shared_ptr<const Arena> Weights::packed(const Tensor& source, std::string_view kind, std::span<const float> scale,
                                             const std::function<Arena()>& pack) {
  std::string key(kind);
  const std::byte* address = source.bytes().data();
  append(key, &address, 1);
  append(key, scale.data(), scale.size());
  auto& found = packed_[key];
  if (found.memory == nullptr) {
    found = {source, std::make_shared<const Arena>(pack())};
    source.release();
  }
  return found.memory;
}

dnnl::memory Weights::get(std::span<const float> values) {
  std::string key = "vector";
  append(key, values.data(), values.size());
  if (const auto found = kept_.find(key); found != kept_.end()) return found->second.memory;
  const dnnl::memory result(
      {{static_cast<int64_t>(values.size())}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a}, engine_);
  std::memcpy(result.get_data_handle(), values.data(), values.size_bytes());
  return kept_.emplace(key, Kept{{}, result}).first->second.memory;
}

}  // namespace hoarfrost::runtime
