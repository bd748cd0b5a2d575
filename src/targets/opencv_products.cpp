#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <set>

#include "passes/edit.h"
#include "targets/opencv_rewrites.h"
#include "targets/opencv_rows.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr int64_t kMostElements = int64_t{1} << 22;  // of a constant made larger
constexpr int64_t kMostProducts = 4096;              // of one number each

const std::set<std::string_view> kBinary{"BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum"};

class Products {
 public:
  Products(Graph& graph, bool has_one_input) : graph_(graph), rows_(graph), has_one_input_(has_one_input) {}

  void run() {
    for (Node* node : graph::topological_order(graph_)) {
      const Shape* shape = rows_.shape_of(node->output());
      if (shape == nullptr || shape->n_elements() == 0 || node->inputs.size() != 2) continue;
      const auto& op = node->op();
      if (op == "MatMul" || op == "BatchMatMul" || op == "BatchMatMulV2") multiply(*node, *shape);
      if (kBinary.contains(op)) combine(*node, *shape);
    }
  }

 private:
  // ---- elementwise

  void combine(Node& node, const Shape& shape) {
    const bool is_of_values = !is_const(node.inputs[0]) && !is_const(node.inputs[1]);
    const bool is_bound = node.op() == "Maximum" || node.op() == "Minimum";
    if (is_const(node.inputs[0]) && is_const(node.inputs[1])) return;
    if (is_bound && is_leaky(node)) return;
    if (node.op() == "Mul" && node.inputs[0] == node.inputs[1]) {  // no sizes are asked for
      node.set_op("Square");
      node.inputs.pop_back();
      return;
    }
    const bool is_asked_alone = is_of_values && node.op() == "Mul" && !has_one_input_;
    if (is_bound || is_asked_alone || !is_read(node, shape)) apart(node, shape, is_asked_alone);
  }

  // LeakyRelu as max(x, alpha x), which the importer knows.
  static bool is_leaky(const Node& node) {
    for (const size_t i : {0, 1}) {
      const Node& mul = *node.inputs[i].node;
      const auto& x = node.inputs[1 - i];
      if (mul.op() == "Mul" && mul.inputs.size() == 2 && (mul.inputs[0] == x || mul.inputs[1] == x))
        return node.op() == "Maximum";
    }
    return false;
  }

  // Two values of one shape, a number for each channel of a picture, and constants that are one number or one for each
  // channel.
  [[nodiscard]] bool is_read(const Node& node, const Shape& shape) const {
    for (const size_t i : {0, 1}) {
      const Tensor* value = passes::const_value(node.inputs[i]);
      const Endpoint other = node.inputs[1 - i];
      if (value == nullptr) continue;
      if (value->n_elements() == 1) return rows_.shape_of(other) != nullptr && *rows_.shape_of(other) == shape;
      if (i == 0 && node.op() == "RealDiv") return true;  // refused elsewhere
      const bool is_vector = value->shape().last() == value->n_elements() && shape.last() == value->n_elements();
      if (rows_.shape_of(other) == nullptr || *rows_.shape_of(other) != shape || !is_vector) return false;
      const bool is_bias = node.op() == "BiasAdd" && other.node->op() == "MatMul";
      return is_bias || (shape.rank() == 2 && shape[0] == 1) || (shape.rank() == 4 && Rows::is_channels_first(other)) ||
             (shape.rank() == 5 && Rows::is_channels_first(other) && node.op() == "BiasAdd");
    }
    const Shape *a = rows_.shape_of(node.inputs[0]), *b = rows_.shape_of(node.inputs[1]);
    if (a == nullptr || b == nullptr) return true;
    if (*a == *b)
      return shape.rank() < 4 || Rows::is_channels_first(node.inputs[0]) == Rows::is_channels_first(node.inputs[1]);
    const auto is_gate = [](const Shape& s) { return s.rank() == 4 && s[1] * s[2] == 1; };
    return node.op() == "Mul" && a->rank() == 4 && b->rank() == 4 && (*a)[0] == (*b)[0] && (*a)[3] == (*b)[3] &&
           (is_gate(*a) || is_gate(*b)) && Rows::is_channels_first(node.inputs[0]) &&
           Rows::is_channels_first(node.inputs[1]);
  }

  static bool is_const(const Endpoint& x) { return passes::const_value(x) != nullptr; }

  // Both as rows of the result's size.
  void apart(Node& node, const Shape& shape, bool is_asked_alone) {
    std::vector<Endpoint> rows;
    for (const Endpoint& input : node.inputs) {
      const auto row = spread(node, input, shape);
      if (!row) return;
      rows.push_back(*row);
    }
    if (is_const(rows[0]) && node.op() != "Sub" && node.op() != "RealDiv") std::swap(rows[0], rows[1]);
    const auto result = joined(node, rows, shape.n_elements(), is_asked_alone);
    if (result) rows_.become(node, *result, shape);
  }

  std::optional<Endpoint> joined(Node& node, const std::vector<Endpoint>& rows, int64_t n, bool is_asked_alone) {
    const auto& op = node.op();
    const bool is_of_values = !is_const(rows[0]) && !is_const(rows[1]);
    if (op == "Maximum" || op == "Minimum") return bound(node, rows, n);
    if (is_asked_alone) return product(node, rows, n);
    if (is_const(rows[0])) return std::nullopt;
    if (op == "Mul" || op == "RealDiv" || op == "Sub") return rows_.make(node, op.c_str(), rows);
    const Endpoint sum = rows_.make(node, is_of_values ? "AddN" : "AddV2", rows);
    if (is_of_values) sum.node->set("N", 2);
    return sum;
  }

  // The one after the other, and the largest of each column.
  std::optional<Endpoint> bound(Node& node, std::vector<Endpoint> rows, int64_t n) {
    const bool is_least = node.op() == "Minimum";
    for (Endpoint& row : rows) {
      if (is_const(row)) row = rows_.constant(node, passes::const_value(row)->copied().reshaped({1, n}));
    }
    rows.push_back(rows_.constant(node, Tensor::scalar<int32_t>(1)));
    Endpoint both = rows_.make(node, "ConcatV2", rows);
    both.node->set("Tidx", DType::kInt32).set("N", 2);
    if (is_least) both = rows_.make(node, "Mul", {both, rows_.number(node, -1)});
    const Endpoint most = rows_.largest(node, both, 2, n);
    return is_least ? rows_.make(node, "Mul", {most, rows_.number(node, -1)}) : most;
  }

  // Mul asks OpenCV for sizes, which of a graph with several inputs it cannot tell; products of matrices do not ask.
  std::optional<Endpoint> product(Node& node, const std::vector<Endpoint>& rows, int64_t n) {
    if (n > kMostProducts) return std::nullopt;
    const Endpoint a = rows_.reshape(node, rows[0], {n, 1, 1}), b = rows_.reshape(node, rows[1], {n, 1, 1});
    return rows_.reshape(node, rows_.make(node, "BatchMatMul", {a, b}), {1, n});
  }

  // Which element of `from` stands at each place of `to`.
  static Selection broadcast_places(const Shape& from, const Shape& to) {
    Selection places(static_cast<size_t>(to.n_elements()));
    for (size_t k = 0; k < places.size(); ++k) {
      int64_t rest = static_cast<int64_t>(k), step = 1, place = 0;
      for (int i = 1; i <= to.rank(); ++i) {
        const int64_t at = rest % to[-i];
        rest /= to[-i];
        if (i > from.rank()) continue;
        place += from[-i] == 1 ? 0 : at * step;
        step *= from[-i];
      }
      places[k] = place;
    }
    return places;
  }

  std::optional<Endpoint> spread(const Node& node, const Endpoint& x, const Shape& shape) {
    if (shape.n_elements() > kMostElements) return std::nullopt;
    const Tensor* value = passes::const_value(x);
    const Shape* from = value != nullptr ? &value->shape() : rows_.shape_of(x);
    if (from == nullptr || (value != nullptr && value->dtype() != DType::kFloat32)) return std::nullopt;
    const Selection places = broadcast_places(*from, shape);
    if (value == nullptr) {
      const auto row = rows_.row_of(node, x);
      return row ? rows_.select(node, *row, from->n_elements(), places) : std::nullopt;
    }
    if (value->n_elements() == 1 && node.op() != "Maximum" && node.op() != "Minimum") return x;
    const Tensor given = value->aligned();
    std::vector<float> all;
    for (const int64_t place : places) all.push_back(given.values<float>()[static_cast<size_t>(place)]);
    return rows_.constant(node, Tensor::vector(all));
  }

  // ---- products of matrices

  struct Factor {
    Endpoint x;
    Shape shape;  // [batches, rows, columns] as the product takes it
  };

  void multiply(Node& node, const Shape& shape) {
    const bool is_plain = node.op() == "MatMul" && !is_const(node.inputs[0]) && is_const(node.inputs[1]) &&
                          !flag(node, "transpose_a") && !flag(node, "transpose_b");
    if (is_plain || (is_const(node.inputs[0]) && is_const(node.inputs[1]))) return;
    const Shape batches(std::vector<int64_t>(shape.sizes().begin(), shape.sizes().end() - 2));
    const auto a = factor(node, 0, batches), b = factor(node, 1, batches);
    if (!a || !b) return;
    std::optional<Endpoint> product;
    if (is_const(b->x)) {
      product = by_constant(node, *a, *b);
    } else if (is_const(a->x)) {  // (A B)' = B' A'
      const auto turned = by_constant(node, turned_factor(node, *b), turned_factor(node, *a));
      if (turned) product = rows_.transpose(node, *turned, {0, 2, 1});
    } else {
      product = rows_.make(node, "BatchMatMul", {a->x, b->x});
    }
    if (product) rows_.become(node, rows_.reshape(node, *product, {1, shape.n_elements()}), shape);
  }

  static bool flag(const Node& node, const char* key) { return node.get_or<bool>(key, false); }

  // Of three axes, its batches those of the result.
  std::optional<Factor> factor(const Node& node, size_t place, const Shape& batches) {
    const Endpoint x = node.inputs[place];
    const Tensor* value = passes::const_value(x);
    const Shape* from = value != nullptr ? &value->shape() : rows_.shape_of(x);
    if (from == nullptr || from->rank() < 2) return std::nullopt;
    Shape whole = batches;
    whole.push_back((*from)[-2]);
    whole.push_back((*from)[-1]);
    const auto row = spread(node, x, whole);
    if (!row) return std::nullopt;
    Factor result{*row, {batches.n_elements(), (*from)[-2], (*from)[-1]}};
    const char* key = place == 0 ? "transpose_a" : "transpose_b";
    const bool is_turned = flag(node, key) || flag(node, place == 0 ? "adj_x" : "adj_y");
    if (value != nullptr)
      result.x = rows_.constant(node, passes::const_value(*row)->copied().reshaped(result.shape));
    else
      result.x = rows_.reshape(node, result.x, result.shape);
    return is_turned ? turned_factor(node, result) : result;
  }

  Factor turned_factor(const Node& node, const Factor& factor) {
    Factor result{factor.x, {factor.shape[0], factor.shape[2], factor.shape[1]}};
    const Tensor* value = passes::const_value(factor.x);
    if (value == nullptr) {
      result.x = rows_.transpose(node, factor.x, {0, 2, 1});
      return result;
    }
    Tensor turned(DType::kFloat32, result.shape);
    const auto from = value->values<float>();
    const auto to = turned.mutable_values<float>();
    const int64_t rows = factor.shape[1], columns = factor.shape[2];
    for (int64_t i = 0; i < static_cast<int64_t>(to.size()); ++i) {
      const int64_t batch = i / (rows * columns), row = i % (rows * columns) / columns, column = i % columns;
      to[static_cast<size_t>((batch * columns + column) * rows + row)] = from[static_cast<size_t>(i)];
    }
    result.x = rows_.constant(node, std::move(turned));
    return result;
  }

  // [b, m, n] of [b, m, k] and a constant [b, k, n]: each row of all batches times the matrices along a diagonal.
  std::optional<Endpoint> by_constant(const Node& node, const Factor& a, const Factor& b) {
    const int64_t batches = a.shape[0], m = a.shape[1], k = a.shape[2], n = b.shape[2];
    if (batches * k > kMostElements / (batches * n)) return std::nullopt;
    Tensor matrix(DType::kFloat32, {batches * k, batches * n});
    const auto from = passes::const_value(b.x)->values<float>();
    const auto to = matrix.mutable_values<float>();
    for (int64_t i = 0; i < batches * k; ++i) {
      for (int64_t j = 0; j < n; ++j)
        to[static_cast<size_t>(i * batches * n + i / k * n + j)] = from[static_cast<size_t>(i * n + j)];
    }
    Endpoint x = batches == 1 ? a.x : rows_.transpose(node, a.x, {1, 0, 2});
    x = rows_.make(node, "MatMul", {rows_.reshape(node, x, {m, batches * k}), rows_.constant(node, std::move(matrix))});
    x = rows_.reshape(node, x, {m, batches, n});
    return batches == 1 ? rows_.reshape(node, x, {1, m, n}) : rows_.transpose(node, x, {1, 0, 2});
  }

  Graph& graph_;
  Rows rows_;
  bool has_one_input_;
};

}  // namespace

void rewrite_products(Graph& graph, bool has_one_input) { Products(graph, has_one_input).run(); }

}  // namespace hoarfrost::targets::opencv
