#include "training/builder.h"

#include <fmt/format.h>

#include <numeric>

namespace hoarfrost::training {

Endpoint Builder::finish(Node& node) {
  std::vector<ops::Known> inputs;
  for (const Endpoint& input : node.inputs) inputs.push_back(known_.at(input));
  auto outputs = ops::infer_node(node, inputs);
  for (size_t i = 0; i < outputs.size(); ++i)
    known_.emplace(Endpoint{&node, static_cast<int>(i)}, std::move(outputs[i]));
  return node.output();
}

Endpoint Builder::add(std::string_view op, std::vector<Endpoint> inputs, const Attributes& attributes) {
  const std::string base = scope_.empty() ? std::string(op) : fmt::format("{}/{}", scope_, op);
  std::string name = base;
  int& n_used = names_[base];  // so that long lists of equal names are not walked again and again
  while (graph_->find(name) != nullptr) name = fmt::format("{}_{}", base, ++n_used);
  Node& node = graph_->add(std::string(op), name, std::move(inputs));
  if (!node.inputs.empty()) node.set("T", dtype(node.inputs[0]));
  for (const auto& [key, value] : attributes) node.set(key, value);
  return finish(node);
}

Endpoint Builder::constant(Tensor value) {
  const DType type = value.dtype();
  return add("Const", {}, {{"dtype", type}, {"value", std::move(value)}});
}

Endpoint Builder::scalar(double value, DType dtype) { return constant(Tensor::scalar(value).cast(dtype)); }

Endpoint Builder::ints(const std::vector<int64_t>& values) {
  return constant(Tensor::vector(std::vector<int32_t>(values.begin(), values.end())));
}

Endpoint Builder::placeholder(std::string_view name, DType dtype, const Shape& shape) {
  Node& node = graph_->add("Placeholder", graph_->unique_name(name));
  node.set("dtype", dtype).set("shape", shape);
  return finish(node);
}

Endpoint Builder::reshape(Endpoint x, const Shape& shape) {
  if (this->shape(x) == shape) return x;
  return add("Reshape", {x, ints(shape.sizes())}, {{"Tshape", DType::kInt32}});
}

Endpoint Builder::reduce(std::string_view op, Endpoint x, const std::vector<int64_t>& axes, bool is_kept) {
  return add(op, {x, ints(axes)}, {{"keep_dims", is_kept}, {"Tidx", DType::kInt32}});
}

Endpoint Builder::reduce_all(std::string_view op, Endpoint x) {
  std::vector<int64_t> axes(static_cast<size_t>(shape(x).rank()));
  std::iota(axes.begin(), axes.end(), 0);
  return reduce(op, x, axes);
}

Endpoint Builder::cast(Endpoint x, DType wanted) {
  const DType from = dtype(x);
  if (from == wanted) return x;
  return add("Cast", {x}, {{"SrcT", from}, {"DstT", wanted}});
}

Endpoint Builder::unbroadcast(Endpoint x, const Shape& wanted) {
  const Shape& from = shape(x);
  if (from == wanted) return x;
  std::vector<int64_t> axes;
  const int n_new = from.rank() - wanted.rank();
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (axis < n_new || (wanted[axis - n_new] == 1 && from[axis] != 1)) axes.push_back(axis);
  }
  if (!axes.empty()) x = reduce("Sum", x, axes);
  return reshape(x, wanted);
}

Endpoint Builder::sum_of(std::vector<Endpoint> terms) {
  if (terms.size() == 1) return terms[0];
  if (terms.size() == 2) return add("Add", std::move(terms));
  const auto n = static_cast<int64_t>(terms.size());
  return add("AddN", std::move(terms), {{"N", n}});
}

}  // namespace hoarfrost::training
