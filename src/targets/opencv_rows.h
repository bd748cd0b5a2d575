// Values as rows [1, N] in TensorFlow's order of elements, which OpenCV's importer never reorders: what it does not
// know of four axes and more can be said of them by products, and by Transpose of three and of five axes, which it does
// as they stand.
#pragma once

#include <hoarfrost/graph.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ops/op.h"

namespace hoarfrost::targets::opencv {

// Which element of the input each element of the output is; -1 where it is none.
using Selection = std::vector<int64_t>;

class Rows {
 public:
  explicit Rows(graph::Graph& graph);

  graph::Endpoint constant(const graph::Node& near, Tensor value);
  graph::Endpoint number(const graph::Node& near, float value) { return constant(near, Tensor::scalar(value)); }
  // A node `op` of float32 near another one; its attributes beside T are the caller's.
  graph::Endpoint make(const graph::Node& near, const char* op, std::vector<graph::Endpoint> inputs);
  graph::Endpoint reshape(const graph::Node& near, const graph::Endpoint& x, const Shape& shape);
  // Of any number of axes but four.
  graph::Endpoint transpose(const graph::Node& near, const graph::Endpoint& x, const std::vector<int64_t>& order);

  // The sizes of a float32 value that are all known; nullptr otherwise.
  [[nodiscard]] const Shape* shape_of(const graph::Endpoint& x) const;
  // Whether OpenCV holds it with its channels before its space.
  [[nodiscard]] static bool is_channels_first(const graph::Endpoint& x);

  // x as [1, N]; nullopt where it is a volume of too many channels.
  std::optional<graph::Endpoint> row_of(const graph::Node& near, const graph::Endpoint& x);
  // A row's elements with their axes in another order, by a Transpose of five axes and more.
  graph::Endpoint permuted(const graph::Node& near, const graph::Endpoint& row, const Shape& shape,
                           const std::vector<int64_t>& order);
  // A row's elements by their numbers, as a product with zeros and ones that is as small as the selection is regular;
  // nullopt where it would have more than 2^22 elements.
  std::optional<graph::Endpoint> select(const graph::Node& near, const graph::Endpoint& row, int64_t n,
                                        const Selection& selection);
  // The largest of each column of [n, m], given as a row: a row [1, m].
  graph::Endpoint largest(const graph::Node& near, const graph::Endpoint& row, int64_t n, int64_t m);

  // The node gives the row's elements, under its own name and shape.
  void become(graph::Node& node, const graph::Endpoint& row, const Shape& shape);

 private:
  std::optional<graph::Endpoint> row_of_volume(const graph::Node& near, const graph::Endpoint& x, const Shape& shape);
  graph::Endpoint picture(const graph::Node& near, const graph::Endpoint& row, const Shape& shape);

  graph::Graph& graph_;
  ops::KnownMap known_;
};

}  // namespace hoarfrost::targets::opencv
