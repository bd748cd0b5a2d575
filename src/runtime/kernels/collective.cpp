// CollectiveReduce: every element's sum over the processes, in double precision and in the order of ranks, so that all
// of them have the same bits.
#include <algorithm>

#include "distributed/group.h"
#include "runtime/kernel.h"

namespace hoarfrost::runtime {
namespace {

class CollectiveKernel : public Kernel {
 public:
  CollectiveKernel(distributed::Group* group, int64_t n_elements)
      : group_(group), sums_(static_cast<size_t>(n_elements)) {
    implementation = "own:collective";
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::copy_n(static_cast<const float*>(buffers.inputs[0]), sums_.size(), sums_.begin());
    group_->sum(sums_);
    std::ranges::transform(sums_, static_cast<float*>(buffers.outputs[0]),
                           [](double sum) { return static_cast<float>(sum); });
  }

 private:
  distributed::Group* group_;
  std::vector<double> sums_;
};

}  // namespace

std::unique_ptr<Kernel> make_collective(const Operation& operation, const Site& site) {
  if (!operation.is("CollectiveReduce") || !operation.is_plain()) return nullptr;
  distributed::Group* group = group_of(*operation.node, site);
  const ValueId x = operation.inputs[0];
  if (group == nullptr || !site.is_float(x)) return nullptr;
  auto kernel = std::make_unique<CollectiveKernel>(group, site.shape(x).n_elements());
  kernel->inputs.push_back({x, {}});
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
