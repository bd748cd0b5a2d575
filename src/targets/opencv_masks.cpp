#include <hoarfrost/passes.h>

#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/opencv_rewrites.h"
#include "targets/opencv_rows.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

const std::set<std::string_view> kComparing{"Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual"};
// What puts truth values elsewhere as it does numbers; the value is the first input.
const std::set<std::string_view> kMoving{"Reshape",  "ExpandDims",  "Squeeze",  "Transpose", "StridedSlice",
                                         "Tile",     "BroadcastTo", "Identity", "Slice",     "ReverseV2",
                                         "GatherV2", "Unpack",      "Split"};
// What finite numbers may become infinite or no number by.
const std::set<std::string_view> kUnbounded{
    "Log",  "Log1p", "RealDiv", "Div",  "Reciprocal", "Inv",   "Rsqrt",    "Sqrt",  "Pow",   "Exp",   "Expm1", "Asin",
    "Acos", "Tan",   "Sinh",    "Cosh", "Acosh",      "Atanh", "DivNoNan", "Xdivy", "Xlogy", "While", "Switch"};

// Truth values as the float numbers zero and one.
class Masks {
 public:
  explicit Masks(Graph& graph) : graph_(graph), known_(passes::infer_known(graph)), rows_(graph) {}

  void run() {
    for (Node* node : graph::topological_order(graph_)) {
      const auto& op = node->op();
      if (op == "Cast") cast(*node);
      if (op == "Select" || op == "SelectV2") select(*node);
    }
  }

 private:
  [[nodiscard]] DType type_of(const Endpoint& x) const {
    const ops::Known* known = passes::find_known(known_, x);
    return known == nullptr ? DType::kInvalid : known->dtype;
  }
  Endpoint plus(const Node& near, const Endpoint& x, float number) {
    return rows_.make(near, "AddV2", {x, rows_.number(near, number)});
  }
  Endpoint times(const Node& near, const Endpoint& x, float number) {
    return rows_.make(near, "Mul", {x, rows_.number(near, number)});
  }
  Endpoint negated(const Node& near, const Endpoint& mask) { return plus(near, times(near, mask, -1), 1); }

  // One where x is above zero: what is smallest above it, 2^-149, is one after three steps, and no step overflows where
  // OpenCV joins it with the addition before it.
  Endpoint is_positive(const Node& near, Endpoint x) {
    for (const int power : {30, 60, 60}) {
      x = rows_.make(near, "ClipByValue",
                     {times(near, x, std::ldexp(1.0F, power)), rows_.number(near, 0), rows_.number(near, 1)});
    }
    return x;
  }

  // As float32: whole numbers that a Cast makes of floats lose what is behind the point.
  std::optional<Endpoint> number_of(const Endpoint& x) {
    const Tensor* value = passes::const_value(x);
    if (value != nullptr && type_of(x) != DType::kBool && dtype_size(value->dtype()) != 0)
      return value->dtype() == DType::kFloat32 ? x : rows_.constant(*x.node, value->cast(DType::kFloat32));
    if (type_of(x) == DType::kFloat32) return x;
    if (type_of(x) == DType::kBool) return mask_of(x);
    const Node& cast = *x.node;
    const bool is_whole = cast.op() == "Cast" && (type_of(x) == DType::kInt32 || type_of(x) == DType::kInt64) &&
                          type_of(cast.input(0)) == DType::kFloat32;
    if (!is_whole) return std::nullopt;
    const Endpoint from = cast.input(0);
    const Endpoint up = rows_.make(cast, "Floor", {rows_.make(cast, "Relu", {from})});
    const Endpoint down = rows_.make(cast, "Floor", {rows_.make(cast, "Relu", {times(cast, from, -1)})});
    return rows_.make(cast, "AddV2", {up, times(cast, down, -1)});
  }

  std::optional<Endpoint> mask_of(const Endpoint& x) {
    if (const auto found = masks_.find(x); found != masks_.end()) return found->second;
    const auto made = make_mask(*x.node, x.index);
    if (made) masks_[x] = *made;
    return made;
  }

  std::optional<Endpoint> make_mask(Node& node, int index) {
    const auto& op = node.op();
    if (const Tensor* value = passes::const_value(node.output()))
      return rows_.constant(node, value->cast(DType::kFloat32));
    if (kComparing.contains(op)) return compared(node);
    if (op == "Cast") {
      const auto number = number_of(node.input(0));
      return number ? std::optional(is_positive(node, rows_.make(node, "Abs", {*number}))) : std::nullopt;
    }
    if (op == "LogicalNot") {
      const auto mask = mask_of(node.input(0));
      return mask ? std::optional(negated(node, *mask)) : std::nullopt;
    }
    if (op == "LogicalAnd" || op == "LogicalOr") return both(node, op == "LogicalOr");
    if (op == "Any" || op == "All") return over_axes(node, op == "All");
    if (kMoving.contains(op)) return moved(node, index);
    return std::nullopt;
  }

  std::optional<Endpoint> compared(const Node& node) {
    const auto a = number_of(node.input(0)), b = number_of(node.input(1));
    if (!a || !b) return std::nullopt;
    const auto& op = node.op();
    const bool is_swapped = op == "Less" || op == "GreaterEqual";
    const Endpoint from = is_swapped ? *b : *a, what = is_swapped ? *a : *b;
    const Tensor* number = passes::const_value(what);
    const Endpoint difference = number != nullptr && number->n_elements() == 1
                                    ? plus(node, from, static_cast<float>(-Reader(*number)[0]))
                                    : rows_.make(node, "Sub", {from, what});
    if (op == "Greater" || op == "Less") return is_positive(node, difference);
    if (op == "LessEqual" || op == "GreaterEqual") return negated(node, is_positive(node, difference));
    const Endpoint differs = is_positive(node, rows_.make(node, "Abs", {difference}));
    return op == "NotEqual" ? differs : negated(node, differs);
  }

  std::optional<Endpoint> both(const Node& node, bool is_or) {
    const auto a = mask_of(node.input(0)), b = mask_of(node.input(1));
    if (!a || !b) return std::nullopt;
    if (!is_or) return rows_.make(node, "Mul", {*a, *b});
    return negated(node, rows_.make(node, "Mul", {negated(node, *a), negated(node, *b)}));
  }

  std::optional<Endpoint> over_axes(const Node& node, bool is_all) {
    auto mask = mask_of(node.input(0));
    if (!mask) return std::nullopt;
    if (is_all) mask = negated(node, *mask);
    const Endpoint sum = rows_.make(node, "Sum", {*mask, node.input(1)});
    sum.node->set("Tidx", node.get_or<DType>("Tidx", DType::kInt32))
        .set("keep_dims", node.get_or<bool>("keep_dims", false));
    const Endpoint any = is_positive(node, sum);
    return is_all ? negated(node, any) : any;
  }

  // Another node of its kind, of numbers.
  std::optional<Endpoint> moved(const Node& node, int index) {
    const size_t place = node.op() == "Split" ? 1 : 0;
    const auto mask = mask_of(node.input(place));
    if (!mask) return std::nullopt;
    std::vector<Endpoint> inputs = node.inputs;
    inputs[place] = *mask;
    Node& made = graph_.add(node.op(), graph_.unique_name(node.name() + "/numbers"), std::move(inputs));
    made.attributes = node.attributes;
    made.set(node.op() == "GatherV2" ? "Tparams" : "T", DType::kFloat32);
    return made.output(index);
  }

  // Whole numbers become floats again, and truth values numbers.
  void cast(Node& node) {
    const DType from = type_of(node.input(0));
    if (type_of(node.output()) != DType::kFloat32 || passes::const_value(node.input(0)) != nullptr) return;
    if (from != DType::kBool && from != DType::kInt32 && from != DType::kInt64) return;
    const auto number = number_of(node.inputs[0]);
    if (!number) return;
    node.set_op("Identity");
    node.inputs = {*number};
    node.attributes = {{"T", DType::kFloat32}};
  }

  // What is not chosen is multiplied by zero, which only leaves nothing of it where it is finite.
  [[nodiscard]] static bool is_finite(const Endpoint& x) {
    std::deque<const Node*> open{x.node};
    std::set<const Node*> seen;
    while (!open.empty()) {
      const Node& node = *open.front();
      open.pop_front();
      if (!seen.insert(&node).second || passes::const_value({const_cast<Node*>(&node), 0}) != nullptr) continue;
      const bool is_scaled = node.op() == "RealDiv" && passes::const_value(node.input(1)) != nullptr;
      if (kUnbounded.contains(node.op()) && !is_scaled) return false;
      for (const Endpoint& input : node.inputs) open.push_back(input.node);
    }
    return true;
  }

  void select(Node& node) {
    const ops::Known *condition = passes::find_known(known_, node.input(0)),
                     *result = passes::find_known(known_, node.output());
    if (condition == nullptr || result == nullptr || result->dtype != DType::kFloat32) return;
    if (!condition->shape.is_static() || !result->shape.has_rank() || !is_finite(node.inputs[1]) ||
        !is_finite(node.inputs[2]))
      return;
    auto mask = mask_of(node.inputs[0]);
    if (!mask) return;
    if (node.op() == "Select" && condition->shape != result->shape) {  // one truth value for each of the first axis
      std::vector<int64_t> sizes(static_cast<size_t>(result->shape.rank()), 1);
      sizes[0] = condition->shape.n_elements();
      mask = rows_.reshape(node, *mask, Shape(sizes));
    }
    const Endpoint chosen = rows_.make(node, "Mul", {*mask, node.inputs[1]});
    const Endpoint other = rows_.make(node, "Mul", {negated(node, *mask), node.inputs[2]});
    node.set_op("AddV2");
    node.inputs = {chosen, other};
    node.attributes = {{"T", DType::kFloat32}};
  }

  Graph& graph_;
  ops::KnownMap known_;
  Rows rows_;
  std::map<Endpoint, Endpoint> masks_;
};

}  // namespace

void rewrite_masks(Graph& graph) { Masks(graph).run(); }

}  // namespace hoarfrost::targets::opencv
