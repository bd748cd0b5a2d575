// Adds nodes to a graph whose shapes are all known, and knows theirs at once: what gradients and losses are written
// with.
#pragma once

#include <hoarfrost/graph.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/op.h"

namespace hoarfrost::training {

using graph::Endpoint;
using graph::Node;
using Attributes = std::vector<std::pair<std::string_view, graph::Attribute>>;

class Builder {
 public:
  // graph must outlive the Builder; every node of it is inferred here, so that its Placeholders must have static
  // shapes. Throws Error{kUnsupported} for an op that is not known.
  explicit Builder(graph::Graph& graph) : graph_(&graph), known_(ops::infer(graph)) {}

  // The scope of new nodes: "gradients/dense".
  void enter(std::string scope) { scope_ = std::move(scope); }

  // Output 0 of a new node `SCOPE/OP`, uniquified, whose attribute T is the first input's type unless it is given.
  Endpoint add(std::string_view op, std::vector<Endpoint> inputs, const Attributes& attributes = {});
  Endpoint constant(Tensor value);
  Endpoint scalar(double value, DType dtype);
  Endpoint ints(const std::vector<int64_t>& values);  // int32, as shapes and axes are given
  Endpoint placeholder(std::string_view name, DType dtype, const Shape& shape);

  [[nodiscard]] const ops::Known& known(Endpoint endpoint) const { return known_.at(endpoint); }
  [[nodiscard]] const Shape& shape(Endpoint endpoint) const { return known(endpoint).shape; }
  [[nodiscard]] DType dtype(Endpoint endpoint) const { return known(endpoint).dtype; }
  [[nodiscard]] graph::Graph& graph() { return *graph_; }

  // The same elements under another shape.
  Endpoint reshape(Endpoint x, const Shape& shape);
  // Sum, Mean or Max over these axes, which stay as ones where is_kept.
  Endpoint reduce(std::string_view op, Endpoint x, const std::vector<int64_t>& axes, bool is_kept = false);
  Endpoint reduce_all(std::string_view op, Endpoint x);
  Endpoint cast(Endpoint x, DType dtype);
  // x, which was broadcast from `shape`, summed back to it.
  Endpoint unbroadcast(Endpoint x, const Shape& shape);
  Endpoint sum_of(std::vector<Endpoint> terms);

 private:
  Endpoint finish(Node& node);
  graph::Graph* graph_;
  ops::KnownMap known_;
  std::string scope_;
  std::unordered_map<std::string, int> names_;
};

// An endpoint with arithmetic: gradients read as their formulas do. Numbers have the other side's type.
struct Term {
  Builder* builder;
  Endpoint at;
  operator Endpoint() const { return at; }  // NOLINT: a term is its endpoint
  [[nodiscard]] Term apply(std::string_view op) const { return {builder, builder->add(op, {at})}; }
  [[nodiscard]] Term number(double value) const { return {builder, builder->scalar(value, builder->dtype(at))}; }
};
inline Term binary(std::string_view op, const Term& a, const Term& b) {
  return {a.builder, a.builder->add(op, {a.at, b.at})};
}
inline Term operator*(const Term& a, const Term& b) { return binary("Mul", a, b); }
inline Term operator/(const Term& a, const Term& b) { return binary("RealDiv", a, b); }
inline Term operator+(const Term& a, const Term& b) { return binary("Add", a, b); }
inline Term operator-(const Term& a, const Term& b) { return binary("Sub", a, b); }
inline Term operator*(const Term& a, double b) { return a * a.number(b); }
inline Term operator+(const Term& a, double b) { return a + a.number(b); }
inline Term operator-(double a, const Term& b) { return b.number(a) - b; }
inline Term operator-(const Term& a) { return a.apply("Neg"); }

}  // namespace hoarfrost::training
