#include <algorithm>
#include <vector>

#include "passes/edit.h"
#include "targets/opencv_layouts.h"
#include "targets/opencv_rewrites.h"
#include "targets/opencv_rows.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr int kMostRounds = 8;  // each settles what the one before it has moved

class Settler {
 public:
  explicit Settler(Graph& graph) : graph_(graph) {}

  void settle_inputs(const graph::Signature& signature) {
    const Layouts layouts(graph_);
    Rows rows(graph_);
    for (const Endpoint& input : signature.inputs) {
      const Shape* shape = rows.shape_of(input);
      const bool is_row = shape != nullptr && (shape->rank() == 2 || shape->rank() == 3);
      if (!is_row || layouts.of(*input.node) != Layout::kChannelsLast) continue;
      std::vector<Node*> users;
      for (const auto& node : graph_.nodes()) users.push_back(node.get());
      Endpoint settled =
          rows.reshape(*input.node, forgotten(rows, *input.node, input, *shape), {1, shape->n_elements()});
      if (*shape != Shape{1, shape->n_elements()}) settled = rows.reshape(*input.node, settled, *shape);
      for (Node* user : users) std::ranges::replace(user->inputs, input, settled);
    }
  }

  // Whether something was said of a value that was not known, or of which too much was.
  bool settle() {
    const Layouts layouts(graph_);
    Rows rows(graph_);
    bool is_changed = false;
    for (Node* node : graph::topological_order(graph_)) {
      const auto& op = node->op();
      const bool is_ordered = op == "Slice" || op == "Split" || op == "ConcatV2";
      if (op != "Reshape" && !is_ordered) continue;
      for (Endpoint& input : node->inputs) {
        const Shape* shape = rows.shape_of(input);
        if (shape == nullptr || passes::const_value(input) != nullptr) continue;
        const Layout layout = layouts.of(is_ordered ? *node : *input.node);
        const bool is_picture = shape->rank() == 4 && Rows::is_channels_first(input);
        const bool is_vector = shape->rank() == 4 && ((*shape)[1] * (*shape)[2] == 1 || (*shape)[3] == 1);
        if (is_picture && layout != Layout::kChannelsLast && (is_ordered || !is_vector)) {
          input = said(rows, *node, input);
          is_changed = true;
        } else if (shape->rank() != 4 && shape->rank() > 1 && layout == Layout::kChannelsLast) {
          input = forgotten(rows, *node, input, *shape);
          is_changed = true;
        }
      }
    }
    return is_changed;
  }

 private:
  // A pooling of one by one says the order.
  static Endpoint said(Rows& rows, const Node& near, const Endpoint& x) {
    const std::vector<int64_t> ones(4, 1);
    const Endpoint pool = rows.make(near, "MaxPool", {x});
    pool.node->set("padding", "VALID").set("data_format", "NHWC").set("ksize", ones).set("strides", ones);
    return pool;
  }
  // Behind a Transpose of other than four axes, which here leaves them where they are, the importer knows of no order,
  // and behind a matrix that there is none.
  static Endpoint forgotten(Rows& rows, const Node& near, const Endpoint& x, const Shape& shape) {
    std::vector<int64_t> order;
    for (int i = 0; i < shape.rank(); ++i) order.push_back(i);
    const Shape matrix{shape.n_elements() / shape.last(), shape.last()};
    const Endpoint plain = rows.reshape(near, rows.transpose(near, x, order), matrix);
    return shape == matrix ? plain : rows.reshape(near, plain, shape);
  }

  Graph& graph_;
};

}  // namespace

void settle_layouts(Graph& graph, const graph::Signature& signature) {
  Settler settler(graph);
  settler.settle_inputs(signature);
  for (int round = 0; round < kMostRounds && settler.settle(); ++round) {
  }
}

}  // namespace hoarfrost::targets::opencv
