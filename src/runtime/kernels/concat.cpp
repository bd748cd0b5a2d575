// ConcatV2 and Concat: by oneDNN where the parts lie in blocks of channels, else by copying rows.
#include <algorithm>
#include <cstring>

#include "runtime/kernels/primitive.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

class ConcatKernel : public Kernel {
 public:
  // Each part gives `row_bytes[i]` bytes to each of the output's `n_rows` rows.
  ConcatKernel(std::vector<size_t> row_bytes, int64_t n_rows) : row_bytes_(std::move(row_bytes)), n_rows_(n_rows) {
    implementation = "own:concat";
    for (const size_t n : row_bytes_) total_ += n;
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    auto* target = static_cast<std::byte*>(buffers.outputs[0]);
    parallel_parts(n_rows_, static_cast<int64_t>(total_) * n_rows_, [&](int64_t first, int64_t last) {
      for (auto row = static_cast<size_t>(first); row < static_cast<size_t>(last); ++row) {
        std::byte* at = target + row * total_;
        for (size_t i = 0; i < row_bytes_.size(); ++i) {
          std::memcpy(at, static_cast<const std::byte*>(buffers.inputs[i]) + row * row_bytes_[i], row_bytes_[i]);
          at += row_bytes_[i];
        }
      }
    });
  }

 private:
  std::vector<size_t> row_bytes_;
  int64_t n_rows_;
  size_t total_ = 0;
};

// All parts in blocks of one size, and joined along the channels: oneDNN copies whole blocks.
std::unique_ptr<Kernel> blocked(const std::vector<ValueId>& parts, ValueId output, int axis, const Site& site) {
  const Layout& layout = site.layout(parts[0]);
  const int block = channel_block(site.shape(parts[0]), layout);
  if (block <= 0) return nullptr;
  std::vector<dnnl::memory::desc> sources;
  for (const ValueId part : parts) {
    if (channel_block(site.shape(part), site.layout(part)) != block) return nullptr;
    sources.push_back(*site.layout(part));
  }
  const dnnl::concat::primitive_desc descriptor(dnnl_axis(axis, site.shape(output).rank()), sources, site.engine,
                                                user_scratchpad());
  if (is_ref(descriptor.impl_info_str())) return nullptr;
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::concat(descriptor));
  for (size_t i = 0; i < parts.size(); ++i) {
    kernel->bind_input(DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), i, sources[i], site.engine);
    kernel->inputs.push_back({parts[i], site.layout(parts[i])});
  }
  kernel->bind_output(DNNL_ARG_DST, 0, descriptor.dst_desc(), site.engine);
  kernel->output_layouts = {canonical(site.shape(output), descriptor.dst_desc())};
  return kernel;
}

}  // namespace

std::unique_ptr<Kernel> make_concat(const Operation& operation, const Site& site) {
  const bool is_v2 = operation.is("ConcatV2");
  if (!is_v2 && !operation.is("Concat")) return nullptr;
  const ValueId output = operation.outputs[0];
  const Value& axis_value = site.value(is_v2 ? operation.inputs.back() : operation.inputs.front());
  if (!axis_value.is_constant() || site.value(output).is_held()) return nullptr;
  std::vector<ValueId> parts(operation.inputs.begin() + (is_v2 ? 0 : 1), operation.inputs.end() - (is_v2 ? 1 : 0));
  const Shape& shape = site.shape(output);
  const auto axis = static_cast<int>(shape.normalized(static_cast<int>(Reader(axis_value.constant)[0])));
  if (site.is_float(output)) {
    if (auto kernel = blocked(parts, output, axis, site)) return kernel;
  }
  int64_t n_rows = 1;
  for (int i = 0; i < axis; ++i) n_rows *= shape[i];
  std::vector<size_t> row_bytes;
  for (const ValueId part : parts) {
    if (site.value(part).is_held()) return nullptr;
    int64_t n = 1;
    for (int i = axis; i < shape.rank(); ++i) n *= site.shape(part)[i];
    row_bytes.push_back(static_cast<size_t>(n) * dtype_size(site.value(part).dtype));
  }
  auto kernel = std::make_unique<ConcatKernel>(std::move(row_bytes), n_rows);
  for (const ValueId part : parts) kernel->inputs.push_back({part, {}});
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
