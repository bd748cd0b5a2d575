// UnsortedSegmentSum of float32, the gradient of a Gather: rows added where their indices say, in their order, so that
// the sums are the same whatever the threads are; each thread takes some of a row's columns.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "runtime/kernel.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

template <typename Index>
class SegmentSumKernel : public Kernel {
 public:
  SegmentSumKernel(std::string node, int64_t n_ids, int64_t n_segments, int64_t n_columns)
      : node_(std::move(node)), n_ids_(n_ids), n_segments_(n_segments), n_columns_(n_columns) {
    implementation = "own:segment_sum";
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* data = static_cast<const float*>(buffers.inputs[0]);
    const auto* ids = static_cast<const Index*>(buffers.inputs[1]);
    auto* sums = static_cast<float*>(buffers.outputs[0]);
    for (int64_t i = 0; i < n_ids_; ++i) {
      if (ids[i] < n_segments_) continue;
      throw Error(ErrorCode::kMismatch, fmt::format("node `{}`", node_),
                  fmt::format("id {} is none of {} segments", ids[i], n_segments_));
    }
    std::fill_n(sums, n_segments_ * n_columns_, 0.0F);
    parallel_parts(n_columns_, n_ids_ * n_columns_ * 8, [&](int64_t first, int64_t last) {
      for (int64_t i = 0; i < n_ids_; ++i) {
        if (ids[i] < 0) continue;  // drops its row
        float* sum = sums + static_cast<int64_t>(ids[i]) * n_columns_;
        const float* row = data + i * n_columns_;
        for (int64_t c = first; c < last; ++c) sum[c] += row[c];
      }
    });
  }

 private:
  std::string node_;
  int64_t n_ids_, n_segments_, n_columns_;
};

}  // namespace

std::unique_ptr<Kernel> make_segment_sum(const Operation& operation, const Site& site) {
  if (!operation.is("UnsortedSegmentSum") || !operation.is_plain()) return nullptr;
  const Value& data = site.value(operation.inputs[0]);
  const Value& ids = site.value(operation.inputs[1]);
  const Value& output = site.value(operation.outputs[0]);
  if (!site.is_float(operation.inputs[0]) || !ids.shape.is_static() || !output.shape.is_static()) return nullptr;
  if (data.is_constant() || ids.is_constant() || output.is_held() || output.shape.n_elements() == 0) return nullptr;
  const int64_t n_segments = output.shape[0], n_columns = output.shape.n_elements() / n_segments;
  std::unique_ptr<Kernel> kernel;
  const std::string& node = operation.node->name();
  if (ids.dtype == DType::kInt32)
    kernel = std::make_unique<SegmentSumKernel<int32_t>>(node, ids.shape.n_elements(), n_segments, n_columns);
  else if (ids.dtype == DType::kInt64)
    kernel = std::make_unique<SegmentSumKernel<int64_t>>(node, ids.shape.n_elements(), n_segments, n_columns);
  else
    return nullptr;
  kernel->inputs = {{operation.inputs[0], {}}, {operation.inputs[1], {}}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
