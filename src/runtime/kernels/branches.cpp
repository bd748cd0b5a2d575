// The branches of a cond up to their Merge, node by node: only those of the branch that is taken run.
#include "ops/interpret.h"
#include "runtime/kernel.h"
#include "runtime/kernels/tensor_at.h"

namespace hoarfrost::runtime {
namespace {

class BranchesKernel : public Kernel {
 public:
  BranchesKernel(const Operation& operation, const Site& site)
      : schedule_(operation.branches),
        merge_(const_cast<graph::Node*>(operation.node)),
        endpoints_(operation.branch_inputs) {
    implementation = "reference:branches";
    for (const ValueId id : operation.inputs) {
      values_.push_back(site.value(id));
      if (!values_.back().is_constant()) inputs.push_back({id, {}});
    }
    for (const ValueId id : operation.outputs) results_.push_back(site.value(id));
    output_layouts.resize(operation.outputs.size());
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::map<graph::Endpoint, Tensor> feeds;
    size_t n_read = 0;
    for (size_t i = 0; i < values_.size(); ++i) {
      feeds[endpoints_[i]] =
          values_[i].is_constant() ? values_[i].constant.aligned() : tensor_at(values_[i], buffers.inputs[n_read++]);
    }
    for (size_t i = values_.size(); i < endpoints_.size(); ++i) feeds[endpoints_[i]] = Tensor();
    const graph::Endpoint fetches[] = {merge_->output(0), merge_->output(1)};
    const std::vector<Tensor> outputs = ops::interpret(*schedule_, feeds, fetches);
    for (size_t i = 0; i < outputs.size(); ++i) store(outputs[i], results_[i], buffers.outputs[i], *merge_);
  }

 private:
  std::shared_ptr<const graph::Schedule> schedule_;
  graph::Node* merge_;
  std::vector<graph::Endpoint> endpoints_;
  std::vector<Value> values_;
  std::vector<Value> results_;
};

}  // namespace

std::unique_ptr<Kernel> make_branches(const Operation& operation, const Site& site) {
  if (operation.branches == nullptr) return nullptr;
  return std::make_unique<BranchesKernel>(operation, site);
}

}  // namespace hoarfrost::runtime
