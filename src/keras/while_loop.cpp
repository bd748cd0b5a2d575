#include "keras/while_loop.h"

#include <fmt/format.h>

namespace hoarfrost::keras {

WhileLoop::WhileLoop(Lowering& lowering, std::string_view name, const Values& first, const Value& n_rounds)
    : lowering_(lowering) {
  const std::string scope = lowering.unique_name(fmt::format("{}/{}", lowering.scope(), name));
  frame_.name = scope + "/while_context";
  scope_before_ = lowering_.set_frame(&frame_, scope);
  Values entered;
  for (const Value& value : first) entered.push_back(enter(value));
  for (size_t i = 0; i < entered.size(); ++i) {
    // The second input is NextIteration's, which close() makes.
    Value merge = lowering_.raw_op("Merge", "Merge", {entered[i], entered[i]}, first[i].dtype,
                                   {{"T", first[i].dtype}, {"N", int64_t{2}}});
    merge.shape = first[i].shape;
    merges_.push_back(merge);
  }
  frame_.pivot = merges_[0].tensor.node;
  const Value less = lowering_.raw_op("Less", "Less", {merges_[0], n_rounds}, DType::kBool, {{"T", DType::kInt32}});
  const Value condition = lowering_.raw_op("LoopCond", "LoopCond", {less}, DType::kBool, {});
  for (const Value& merge : merges_) {
    switches_.push_back(lowering_.raw_op("Switch", "Switch", {merge, condition}, merge.dtype, {{"T", merge.dtype}}));
  }
  for (size_t i = 0; i < first.size(); ++i) {
    const Value inside{switches_[i].tensor.node->output(1), first[i].dtype, first[i].shape, {}};
    Value variable = lowering_.named_op("Identity", "Identity", {inside});
    variable.shape = first[i].shape;
    variables_.push_back(variable);
  }
  frame_.pivot = variables_[0].tensor.node;
}

WhileLoop::~WhileLoop() {
  if (is_open_) lowering_.set_frame(nullptr, scope_before_);
}

Value WhileLoop::enter(const Value& first) {
  graph::Node& node =
      lowering_.graph().add("Enter", lowering_.unique_name(lowering_.scope() + "/Enter"), {first.tensor});
  node.set("T", first.dtype)
      .set("frame_name", frame_.name)
      .set("is_constant", false)
      .set("parallel_iterations", int64_t{32});
  frame_.nodes.insert(&node);
  return {node.output(), first.dtype, first.shape, {}};
}

Values WhileLoop::close(const Values& next) {
  Values nexts{lowering_.named_op("add", "Add", {variables_[0], lowering_.int_scalar("add/y", 1)})};
  nexts.insert(nexts.end(), next.begin(), next.end());
  for (size_t i = 0; i < nexts.size(); ++i) {
    const Value back =
        lowering_.raw_op("NextIteration", "NextIteration", {nexts[i]}, nexts[i].dtype, {{"T", nexts[i].dtype}});
    merges_[i].tensor.node->inputs.at(1) = back.tensor;
  }
  Values result;
  for (const Value& part : switches_) {
    Value exit = lowering_.raw_op("Exit", "Exit", {part}, part.dtype, {{"T", part.dtype}});
    exit.shape = merges_[result.size()].shape;
    result.push_back(exit);
  }
  lowering_.set_frame(nullptr, scope_before_);
  is_open_ = false;
  return result;
}

}  // namespace hoarfrost::keras
