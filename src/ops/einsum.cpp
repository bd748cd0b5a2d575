// Einsum of one or two inputs: sums of products over the axes whose label the output has not. "..." stands for the axes
// that are left, counted from the last, and they broadcast.
#include <map>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

using Labels = std::vector<int>;  // letters, or below 0 the axes of an ellipsis, -1 being the last

// The axes that a term names, "..." being n_ellipsis of them.
Labels labels_of(const Node& node, const std::string& term, int n_ellipsis) {
  Labels labels;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term.compare(i, 3, "...") == 0) {
      for (int axis = n_ellipsis; axis > 0; --axis) labels.push_back(-axis);
      i += 2;
    } else if (std::isalpha(static_cast<unsigned char>(term[i])) != 0) {
      labels.push_back(term[i]);
    } else {
      corrupt(node, "the equation `{}` is not understood at `{}`", node.get<std::string>("equation"), term[i]);
    }
  }
  return labels;
}

struct Contraction {
  std::vector<Labels> inputs;
  Labels output;
  std::map<int, int64_t> sizes;
};

// The terms of "ab,bc->ac", without spaces.
std::vector<std::string> terms_of(const Node& node, size_t n_inputs) {
  std::string equation = node.get<std::string>("equation");
  std::erase(equation, ' ');
  const size_t arrow = equation.find("->");
  if (arrow == std::string::npos) unsupported(node, "expected an equation with `->`, found `{}`", equation);
  std::vector<std::string> terms{""};
  for (const char c : equation.substr(0, arrow)) {
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  }
  if (terms.size() != n_inputs)
    corrupt(node, "the equation `{}` has {} terms for {} inputs", equation, terms.size(), n_inputs);
  terms.push_back(equation.substr(arrow + 2));
  return terms;
}

// Shapes have ranks.
Contraction sum_of(const Node& node, Knowns inputs) {
  const auto terms = terms_of(node, inputs.size());
  Contraction result;
  int n_ellipsis = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int rank = inputs[i].shape.rank();
    const bool has_ellipsis = terms[i].find("...") != std::string::npos;
    const int n_named = static_cast<int>(terms[i].size()) - (has_ellipsis ? 3 : 0);
    if (has_ellipsis ? n_named > rank : n_named != rank) {
      mismatch(node, "expected the axes `{}`, found shape {}", terms[i], inputs[i].shape.to_string());
    }
    n_ellipsis = std::max(n_ellipsis, rank - n_named);
    result.inputs.push_back(labels_of(node, terms[i], rank - n_named));
    for (int axis = 0; axis < rank; ++axis) {
      const int label = result.inputs.back()[static_cast<size_t>(axis)];
      const int64_t size = inputs[i].shape[axis];
      const auto [found, is_new] = result.sizes.try_emplace(label, size);
      const bool broadcasts = label < 0 && (size == 1 || found->second == 1);
      if (broadcasts)
        found->second = found->second == 1 ? size : found->second;
      else
        found->second = merged(node, found->second, size, "axes of one label to have one size,");
    }
  }
  result.output = labels_of(node, terms.back(), n_ellipsis);
  for (size_t i = 0; i < result.output.size(); ++i) {
    const int label = result.output[i];
    if (!result.sizes.contains(label) || std::ranges::count(result.output, label) > 1)
      corrupt(node, "its output `{}` is not of its inputs", terms.back());
  }
  return result;
}

std::vector<Known> infer_einsum(const Node& node, Knowns inputs) {
  need_at_least(node, inputs.size(), 1);
  if (inputs.size() > 2) unsupported(node, "expected at most 2 inputs, found {}", inputs.size());
  need_same_type(node, inputs);
  for (const Known& input : inputs) {
    if (!input.shape.has_rank()) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  }
  const Contraction sum = sum_of(node, inputs);
  Shape shape;
  for (const int label : sum.output) shape.push_back(sum.sizes.at(label));
  return {of_type(inputs[0].dtype, shape)};
}

// The strides of a tensor along `order`; a label that it has twice (a diagonal) steps along both.
Sizes strides_along(const Labels& order, const Labels& labels, const Shape& shape) {
  const Sizes own = strides_of(shape);
  Sizes result(order.size(), 0);
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t axis = 0; axis < labels.size(); ++axis) {
      if (labels[axis] == order[i] && shape.sizes()[axis] != 1) result[i] += own[axis];
    }
  }
  return result;
}

std::vector<Tensor> einsum(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_einsum(node, all)[0]);
  const Contraction sum = sum_of(node, all);
  Labels order = sum.output;
  for (const auto& [label, size] : sum.sizes) {
    if (std::ranges::count(order, label) == 0) order.push_back(label);
  }
  Sizes sizes;
  for (const int label : order) sizes.push_back(sum.sizes.at(label));
  const bool has_two = inputs.size() == 2;
  const std::array<Sizes, 3> strides{
      strides_along(order, sum.output, output.shape()), strides_along(order, sum.inputs[0], inputs[0].shape()),
      has_two ? strides_along(order, sum.inputs[1], inputs[1].shape()) : Sizes(order.size(), 0)};
  with_type<float, double, int32_t, int64_t>(node, output.dtype(), [&]<typename T>() {
    const T one{1};
    const T* a = inputs[0].values<T>().data();
    const T* b = has_two ? inputs[1].values<T>().data() : &one;
    std::vector<Sum<T>> sums(static_cast<size_t>(output.n_elements()));
    for_each_run<3>(sizes, strides, [&](const auto& offsets, const auto& steps, int64_t n) {
      Sum<T>* target = sums.data() + offsets[0];
      for (int64_t i = 0; i < n; ++i) {
        target[i * steps[0]] +=
            static_cast<Sum<T>>(a[offsets[1] + i * steps[1]]) * static_cast<Sum<T>>(b[offsets[2] + i * steps[2]]);
      }
    });
    std::ranges::transform(sums, output.mutable_values<T>().begin(), [](auto x) { return static_cast<T>(x); });
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> einsum_ops() {
  static constexpr OpSpec kOps[] = {{"Einsum", infer_einsum, through_float<einsum>}};
  return kOps;
}

}  // namespace hoarfrost::ops
