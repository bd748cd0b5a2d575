#include "evaluation/graph_difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluation/random_input.h"

namespace hoarfrost::evaluation {
namespace {

using graph::Node;

struct ToText {
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(float value) const { return fmt::format("{}", value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(DType value) const { return std::string(dtype_name(value)); }
  std::string operator()(const Shape& value) const { return value.to_string(); }
  std::string operator()(const Tensor& value) const {
    return fmt::format("{} {}", dtype_name(value.dtype()), value.shape().to_string());
  }
  std::string operator()(const graph::FunctionName& value) const { return value.name; }
  std::string operator()(const graph::EmptyList&) const { return "[]"; }
  template <typename T>
  std::string operator()(const std::vector<T>& values) const {
    std::vector<std::string> texts;
    for (const auto& value : values) texts.push_back((*this)(static_cast<T>(value)));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  }
};

std::string to_text(const graph::Attribute& attribute) { return std::visit(ToText{}, attribute); }

bool same_values(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  return a.dtype() == DType::kString ? a.strings() == b.strings() : std::ranges::equal(a.bytes(), b.bytes());
}

// The largest element-wise error of constants of one type, for people.
std::string error_text(const Tensor& a, const Tensor& b) {
  if (a.dtype() != DType::kFloat32 || b.dtype() != DType::kFloat32 || a.shape() != b.shape()) return "other values";
  double error = 0;
  const auto x = a.values<float>();
  const auto y = b.values<float>();
  for (size_t i = 0; i < x.size(); ++i) error = std::max(error, std::abs(double{x[i]} - double{y[i]}));
  return fmt::format("other values, up to {:.1e} apart", error);
}

std::string inputs_text(const Node& node) {
  std::vector<std::string> names;
  for (const auto& input : node.inputs) names.push_back(input.name());
  std::vector<std::string> controls;
  for (const auto* control : node.control_inputs) controls.push_back("^" + control->name());
  std::ranges::sort(controls);
  names.insert(names.end(), controls.begin(), controls.end());
  return fmt::format("{}", fmt::join(names, ", "));
}

void compare_attributes(const Node& a, const Node& b, std::vector<Difference>& found) {
  std::set<std::string> keys;
  for (const auto& [key, value] : a.attributes) keys.insert(key);
  for (const auto& [key, value] : b.attributes) keys.insert(key);
  for (const auto& key : keys) {
    if (key.starts_with('_')) continue;
    const auto in_a = a.attributes.find(key);
    const auto in_b = b.attributes.find(key);
    if (in_a == a.attributes.end() || in_b == b.attributes.end()) {
      found.push_back({a.name(), "attribute " + key, in_a == a.attributes.end() ? "" : to_text(in_a->second),
                       in_b == b.attributes.end() ? "" : to_text(in_b->second)});
      continue;
    }
    const auto* x = std::get_if<Tensor>(&in_a->second);
    const auto* y = std::get_if<Tensor>(&in_b->second);
    if (x != nullptr && y != nullptr) {
      if (!same_values(*x, *y))
        found.push_back({a.name(), "constant", to_text(in_a->second),
                         fmt::format("{}: {}", to_text(in_b->second), error_text(*x, *y))});
    } else if (to_text(in_a->second) != to_text(in_b->second)) {
      found.push_back({a.name(), "attribute " + key, to_text(in_a->second), to_text(in_b->second)});
    }
  }
}

}  // namespace

std::vector<Difference> differences(const graph::Graph& a, const graph::Graph& b) {
  std::vector<Difference> found;
  for (const auto& node : a.nodes()) {
    const Node* other = b.find(node->name());
    if (other == nullptr) {
      found.push_back({node->name(), "node", node->op(), ""});
      continue;
    }
    if (node->op() != other->op()) found.push_back({node->name(), "op", node->op(), other->op()});
    if (inputs_text(*node) != inputs_text(*other))
      found.push_back({node->name(), "inputs", inputs_text(*node), inputs_text(*other)});
    if (node->op() == other->op()) compare_attributes(*node, *other, found);
  }
  for (const auto& node : b.nodes()) {
    if (a.find(node->name()) == nullptr) found.push_back({node->name(), "node", "", node->op()});
  }
  return found;
}

namespace {

// NaN and infinity agree with themselves alone.
void compare_values(const Tensor& a, const Tensor& b, double tolerance, OutputDifference& result) {
  if (a.dtype() != DType::kFloat32) {
    if (!same_values(a, b)) result.agree = false;
    return;
  }
  const auto x = a.values<float>();
  const auto y = b.values<float>();
  double largest = 0;
  double error = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
      const bool same = x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]));
      if (!same) result.agree = false;
      continue;
    }
    largest = std::max(largest, std::abs(double{x[i]}));
    error = std::max(error, std::abs(double{x[i]} - double{y[i]}));
  }
  result.max_abs = std::max(result.max_abs, error);
  result.max_rel = std::max(result.max_rel, largest == 0 ? error : error / largest);
  if (error > tolerance * std::max(largest, 1e-30)) result.agree = false;
}

}  // namespace

OutputDifference compare_outputs(const graph::Graph& a, const graph::Signature& of_a, const graph::Graph& b,
                                 const graph::Signature& of_b, uint64_t seed, double tolerance) {
  OutputDifference result;
  if (of_a.inputs.size() != of_b.inputs.size() || of_a.outputs.size() != of_b.outputs.size()) {
    result.note = fmt::format("A has {} inputs and {} outputs, B {} and {}", of_a.inputs.size(), of_a.outputs.size(),
                              of_b.inputs.size(), of_b.outputs.size());
    return result;
  }
  constexpr double kSpread = 4;
  int64_t batch = 2;
  for (const auto& input : of_b.inputs) {  // the one that B takes, where it takes no other
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    if (shape.has_rank() && shape.rank() > 0 && shape[0] > 0) batch = shape[0];
  }
  const auto shapes = input_shapes(a, of_a, batch);
  const auto inputs = random_inputs(a, of_a, shapes, seed, kSpread);
  const auto outputs = runtime::Session(a, of_a).run(inputs);
  std::vector<Tensor> others;
  try {
    others = runtime::Session(b, of_b).run(inputs);
  } catch (const Error& error) {
    result.note = fmt::format("B does not take A's input: {}", error.what());
    return result;
  }
  result.agree = true;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].dtype() != others[i].dtype() || outputs[i].shape() != others[i].shape()) {
      result.agree = false;
      result.note = fmt::format("output {} is {} in A and {} in B", i, to_text(outputs[i]), to_text(others[i]));
      return result;
    }
    compare_values(outputs[i], others[i], tolerance, result);
  }
  return result;
}

}  // namespace hoarfrost::evaluation
