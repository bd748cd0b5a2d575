// Pad and PadV2 with constant paddings, of any type with a fixed size: rows are copied between values of the padding.
#include <algorithm>
#include <cstring>

#include "runtime/kernel.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

class PadKernel : public Kernel {
 public:
  PadKernel(const Shape& input, const Shape& output, std::vector<int64_t> before, std::vector<std::byte> value)
      : input_(input), output_(output), before_(std::move(before)), value_(std::move(value)) {
    implementation = "own:pad";
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    auto* y = static_cast<std::byte*>(buffers.outputs[0]);
    const int64_t n_rows = output_.n_elements() / output_.last();
    const auto row_bytes = static_cast<size_t>(output_.last()) * value_.size();
    parallel_parts(n_rows, n_rows * static_cast<int64_t>(row_bytes), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) pad_row(x, y + static_cast<size_t>(row) * row_bytes, row);
    });
  }

 private:
  void fill(std::byte* target, int64_t n) const {
    const bool is_zero = std::ranges::all_of(value_, [](std::byte b) { return b == std::byte{0}; });
    if (is_zero) {
      std::memset(target, 0, static_cast<size_t>(n) * value_.size());
      return;
    }
    for (int64_t i = 0; i < n; ++i) std::ranges::copy(value_, target + static_cast<size_t>(i) * value_.size());
  }

  void pad_row(const std::byte* x, std::byte* target, int64_t row) const {
    int64_t source = 0;  // the row of x, or -1
    int64_t stride = 1;
    for (int i = output_.rank() - 2; i >= 0 && source >= 0; --i) {
      const int64_t at = row % output_[i] - before_[static_cast<size_t>(i)];
      row /= output_[i];
      source = at < 0 || at >= input_[i] ? -1 : source + at * stride;
      stride *= input_[i];
    }
    if (source < 0) return fill(target, output_.last());
    const int64_t before = before_.back();
    const auto n_bytes = static_cast<size_t>(input_.last()) * value_.size();
    fill(target, before);
    target += static_cast<size_t>(before) * value_.size();
    std::memcpy(target, x + static_cast<size_t>(source) * n_bytes, n_bytes);
    fill(target + n_bytes, output_.last() - before - input_.last());
  }

  Shape input_, output_;
  std::vector<int64_t> before_;
  std::vector<std::byte> value_;
};

}  // namespace

std::unique_ptr<Kernel> make_pad(const Operation& operation, const Site& site) {
  const bool is_v2 = operation.is("PadV2");
  if (!is_v2 && !operation.is("Pad")) return nullptr;
  const Value& input = site.value(operation.inputs[0]);
  const Value& output = site.value(operation.outputs[0]);
  const Value& paddings = site.value(operation.inputs[1]);
  if (input.is_held() || output.is_held() || !paddings.is_constant() || output.shape.rank() == 0) return nullptr;
  if (output.shape.n_elements() == 0 || input.shape.n_elements() == 0) return nullptr;
  std::vector<std::byte> value(dtype_size(input.dtype));
  if (is_v2) {
    const Value& given = site.value(operation.inputs[2]);
    if (!given.is_constant()) return nullptr;
    const auto bytes = given.constant.bytes();
    std::ranges::copy(bytes, value.begin());
  }
  const Reader reader(paddings.constant);
  std::vector<int64_t> before;
  for (int i = 0; i < output.shape.rank(); ++i) before.push_back(static_cast<int64_t>(reader[2 * i]));
  auto kernel = std::make_unique<PadKernel>(input.shape, output.shape, std::move(before), std::move(value));
  kernel->inputs = {{operation.inputs[0], {}}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
