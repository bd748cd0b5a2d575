// FakeQuantWithMinMaxVars of float32, bit for bit as the op's reference has it. One with a range for each channel
// stands on weights, which are constants and folded before.
#include "ops/fake_quant.h"

#include "runtime/kernel.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

// No sum of a product is in it, which a processor might round once where TensorFlow rounds twice.
HOARFROST_LOOP(quantize_range, (const float* x, float* y, int64_t n, const ops::FakeQuantLevels& levels),
               (x, y, n, levels)) {
  const ops::FakeQuantLevels here = levels;
  for (int64_t i = 0; i < n; ++i) y[i] = here.by_division(x[i]);
}

class FakeQuantKernel : public Kernel {
 public:
  FakeQuantKernel(const graph::Node& node, int64_t n) : node_(node), n_(n) { implementation = "own:fake_quant"; }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    const auto range = [&](size_t i) { return *static_cast<const float*>(buffers.inputs[i]); };
    const ops::FakeQuantLevels levels = ops::fake_quant_levels(node_, range(1), range(2));
    constexpr int64_t kBytesOfWork = 12;  // an element costs as much as moving so many
    parallel_parts(n_, n_ * kBytesOfWork,
                   [&](int64_t first, int64_t last) { quantize_range(x + first, y + first, last - first, levels); });
  }

 private:
  const graph::Node& node_;
  int64_t n_;
};

}  // namespace

std::unique_ptr<Kernel> make_fake_quant(const Operation& operation, const Site& site) {
  if (!operation.is("FakeQuantWithMinMaxVars") || !site.is_float(operation.inputs[0])) return nullptr;
  auto kernel = std::make_unique<FakeQuantKernel>(*operation.node, site.shape(operation.inputs[0]).n_elements());
  for (const ValueId input : operation.inputs) kernel->inputs.push_back({input, {}});
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
