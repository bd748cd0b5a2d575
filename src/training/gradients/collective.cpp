// CollectiveReduce: what each process adds reaches every process' sum, so its gradient is the sum of all of theirs.
#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

std::vector<Endpoint> reduce(const Flow& flow) { return {flow.alike("CollectiveReduce", {flow.dy()})}; }

}  // namespace

std::span<const GradientSpec> collective_gradients() {
  static constexpr GradientSpec kGradients[] = {{"CollectiveReduce", reduce}};
  return kGradients;
}

}  // namespace hoarfrost::training
