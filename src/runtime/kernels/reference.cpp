#include <fmt/format.h>

#include "ops/op.h"
#include "runtime/kernel.h"
#include "runtime/kernels/tensor_at.h"

namespace hoarfrost::runtime {
namespace {

// TensorFlow's meaning of the op in plain loops: slow, but there for every op.
class ReferenceKernel : public Kernel {
 public:
  ReferenceKernel(const Operation& operation, const Site& site) : node_(*operation.node) {
    implementation = fmt::format("reference:{}", node_.op());
    for (const ValueId id : operation.inputs) {
      const Value& value = site.value(id);
      if (!value.is_constant()) inputs.push_back({id, {}});
      arguments_.push_back({value, !value.is_constant(), value.is_constant() ? value.constant.aligned() : Tensor()});
    }
    for (const ValueId id : operation.outputs) results_.push_back(site.value(id));
    output_layouts.resize(operation.outputs.size());
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::vector<Tensor> tensors;
    size_t n_read = 0;
    for (const Argument& argument : arguments_) {
      tensors.push_back(argument.is_read ? tensor_at(argument.value, buffers.inputs[n_read++]) : argument.constant);
    }
    const std::vector<Tensor> results = ops::run_node(node_, tensors);
    for (size_t i = 0; i < results.size() && i < results_.size(); ++i) {
      store(results[i], results_[i], buffers.outputs[i], node_);
    }
  }

 private:
  struct Argument {
    Value value;
    bool is_read;
    Tensor constant;
  };

  const graph::Node& node_;

  std::vector<Argument> arguments_;
  std::vector<Value> results_;
};

}  // namespace

std::unique_ptr<Kernel> make_reference(const Operation& operation, const Site& site) {
  const ops::OpSpec* spec = ops::find_op(operation.node->op());
  if (!operation.is_plain() || spec == nullptr || spec->reference == nullptr) return nullptr;
  return std::make_unique<ReferenceKernel>(operation, site);
}

}  // namespace hoarfrost::runtime
