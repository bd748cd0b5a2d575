#include "keras/lowering.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace hoarfrost::keras {

std::string legal_name(std::string_view name) {
  // TensorFlow: [A-Za-z0-9.][A-Za-z0-9_.\-/>]*
  std::string legal(name);
  for (char& c : legal) {
    const bool allowed =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_.-/>").find(c) != std::string_view::npos;
    if (!allowed) c = '_';
  }
  if (!legal.empty() && std::string_view("_-/>").find(legal[0]) != std::string_view::npos) legal.insert(0, ".");
  return legal;
}

// As tf.Graph.unique_name of TensorFlow 2.15: compared without case, counted per asked name, and every prefix of a path
// is taken too.
std::string Lowering::unique_name(std::string_view name) {
  const auto key_of = [](std::string_view text) {
    std::string key(text);
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return key;
  };
  const std::string key = key_of(name);
  int count = names_in_use_[key]++;
  if (count == 0) return std::string(name);
  std::string candidate;
  do {
    candidate = fmt::format("{}_{}", name, count++);
  } while (names_in_use_.contains(key_of(candidate)));
  names_in_use_[key] = count;
  names_in_use_[key_of(candidate)] = 1;
  return candidate;
}

std::string Lowering::enter_scope(std::string_view name) {
  scope_ = unique_name(legal_name(name));
  return scope_;
}

void Lowering::set_layer(std::string scope, std::vector<Value> weights, std::vector<Tensor> values, bool is_trainable) {
  is_trainable_ = is_trainable;
  scope_ = std::move(scope);
  weights_ = std::move(weights);
  values_ = std::move(values);
}

graph::Node& Lowering::add(std::string_view name, std::string_view op, const std::vector<Value>& inputs) {
  std::string full = unique_name(scope_.empty() ? std::string(name) : fmt::format("{}/{}", scope_, name));
  std::vector<graph::Endpoint> endpoints;
  for (const Value& input : inputs) endpoints.push_back(frame_ == nullptr ? input.tensor : entered(input, full));
  graph::Node& node = graph_->add(std::string(op), std::move(full), std::move(endpoints));
  if (frame_ != nullptr) {
    frame_->nodes.insert(&node);
    if (node.inputs.empty() && frame_->pivot != nullptr) node.control_inputs.push_back(frame_->pivot);
  }
  return node;
}

std::string Lowering::set_frame(Frame* frame, std::string scope) {
  frame_ = frame;
  std::swap(scope, scope_);
  return scope;
}

// Named after the first node that reads it, as TensorFlow 1.15 does: `while/MatMul/Enter`.
graph::Endpoint Lowering::entered(const Value& input, const std::string& user) {
  if (frame_->nodes.contains(input.tensor.node)) return input.tensor;
  const auto [found, is_new] = frame_->entered.try_emplace(input.tensor);
  if (is_new) {
    graph::Node& enter = graph_->add("Enter", unique_name(user + "/Enter"), {input.tensor});
    enter.set("T", input.dtype)
        .set("frame_name", frame_->name)
        .set("is_constant", true)
        .set("parallel_iterations", int64_t{32});
    frame_->nodes.insert(&enter);
    found->second = enter.output();
  }
  return found->second;
}

Value Lowering::raw_op(std::string_view name, std::string_view op, const std::vector<Value>& inputs, DType result,
                       const Attributes& attributes) {
  graph::Node& node = add(name, op, inputs);
  for (const auto& [key, value] : attributes) node.set(key, value);
  return {node.output(), result};
}

Value Lowering::named_op(std::string_view name, std::string_view op, const std::vector<Value>& inputs,
                         const Attributes& attributes) {
  Value result = raw_op(name, op, inputs, inputs.at(0).dtype, attributes);
  result.tensor.node->set("T", inputs.at(0).dtype);
  return result;
}

Value Lowering::op(std::string_view op, const std::vector<Value>& inputs, const Attributes& attributes) {
  return named_op(op, op, inputs, attributes);
}

Value Lowering::constant(std::string_view name, Tensor tensor) {
  const DType dtype = tensor.dtype();
  const Shape shape = tensor.shape();
  graph::Node& node = add(name, "Const", {});
  node.set("dtype", dtype);
  node.set("value", std::move(tensor));
  return {node.output(), dtype, shape};
}

Value Lowering::scalar(std::string_view name, double value, const Value& like) {
  return constant(name, Tensor::scalar(value).cast(like.dtype));
}

Value Lowering::ints(std::string_view name, const std::vector<int64_t>& values) {
  return constant(name, Tensor::vector(std::vector<int32_t>(values.begin(), values.end())));
}

Value Lowering::int_scalar(std::string_view name, int64_t value) {
  return constant(name, Tensor::scalar(static_cast<int32_t>(value)));
}

Value Lowering::weight(size_t i) {
  if (i >= weights_.size())
    throw Error(ErrorCode::kMismatch, scope_, fmt::format("weight {} is missing; there are {}", i, weights_.size()));
  return weights_[i];
}

Values Lowering::inner(const Layer& layer, std::string_view name, size_t first, size_t n, const Values& in) {
  std::vector<size_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), first);
  return inner(layer, name, numbers, in);
}

Values Lowering::inner(const Layer& layer, std::string_view name, const std::vector<size_t>& numbers,
                       const Values& in) {
  std::string scope = unique_name(fmt::format("{}/{}", scope_, name));
  std::vector<Value> weights;
  std::vector<Tensor> values;
  for (const size_t number : numbers) {
    weights.push_back(weights_.at(number));
    values.push_back(values_.at(number));
  }
  std::swap(scope, scope_);
  std::swap(weights, weights_);
  std::swap(values, values_);
  Values result = layer.lower(*this, in);
  std::swap(scope, scope_);
  std::swap(weights, weights_);
  std::swap(values, values_);
  return result;
}

Value Lowering::reshape(const Value& x, const Shape& target) { return reshape_like(x, x, target); }

Value Lowering::reshape_like(const Value& x, const Value& like, const Shape& target) {
  const auto n_unknown = std::ranges::count(target.sizes(), kUnknown);
  if (n_unknown <= 1) {
    Value result =
        named_op("Reshape", "Reshape", {x, ints("Reshape/shape", target.sizes())}, {{"Tshape", DType::kInt32}});
    result.shape = target;
    return result;
  }
  // More unknown sizes than Reshape can find out: take those that stay in their place from the other's shape.
  const Value shape = raw_op("Shape", "Shape", {like}, DType::kInt32, {{"T", like.dtype}, {"out_type", DType::kInt32}});
  std::vector<Value> sizes;
  for (int axis = 0; axis < target.rank(); ++axis) {
    if (target[axis] >= 0) {
      sizes.push_back(int_scalar(fmt::format("Reshape/shape/{}", axis), target[axis]));
      continue;
    }
    if (axis >= like.shape.rank() || like.shape[axis] >= 0) {
      throw Error(ErrorCode::kUnsupported, scope_,
                  fmt::format("cannot reshape {} to {}: more than one size is unknown; give --input-shape",
                              x.shape.to_string(), target.to_string()));
    }
    sizes.push_back(raw_op("strided_slice", "StridedSlice",
                           {shape, ints("strided_slice/stack", {axis}), ints("strided_slice/stack_1", {axis + 1}),
                            ints("strided_slice/stack_2", {1})},
                           DType::kInt32,
                           {{"T", DType::kInt32},
                            {"Index", DType::kInt32},
                            {"shrink_axis_mask", int64_t{1}},
                            {"begin_mask", int64_t{0}},
                            {"end_mask", int64_t{0}},
                            {"ellipsis_mask", int64_t{0}},
                            {"new_axis_mask", int64_t{0}}}));
  }
  const Value packed = raw_op("Reshape/shape", "Pack", sizes, DType::kInt32,
                              {{"T", DType::kInt32}, {"N", static_cast<int64_t>(sizes.size())}, {"axis", int64_t{0}}});
  Value result = named_op("Reshape", "Reshape", {x, packed}, {{"Tshape", DType::kInt32}});
  result.shape = target;
  return result;
}

}  // namespace hoarfrost::keras
