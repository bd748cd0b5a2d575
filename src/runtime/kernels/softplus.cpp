// Softplus of float32. oneDNN's soft_relu is 2e-6 off below -10, where log(1 + exp(x)) itself is smaller.
#include <algorithm>
#include <cmath>

#include "runtime/kernel.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

class SoftplusKernel : public Kernel {
 public:
  explicit SoftplusKernel(int64_t n) : n_(n) { implementation = "own:softplus"; }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* out = static_cast<float*>(buffers.outputs[0]);
    constexpr int64_t kBytesOfWork = 64;  // an element costs as much as moving so many
    parallel_parts(n_, n_ * kBytesOfWork, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) out[i] = std::max(x[i], 0.0F) + std::log1p(std::exp(-std::abs(x[i])));
    });
  }

 private:
  int64_t n_;
};

}  // namespace

std::unique_ptr<Kernel> make_softplus(const Operation& operation, const Site& site) {
  if (!operation.is("Softplus") || !site.is_float(operation.inputs[0])) return nullptr;
  auto kernel = std::make_unique<SoftplusKernel>(site.shape(operation.inputs[0]).n_elements());
  kernel->inputs = {{operation.inputs[0], {}}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
