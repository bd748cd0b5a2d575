#include "targets/opencv_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets::opencv {

using graph::Endpoint;
using graph::Node;

namespace {

constexpr int64_t kMostSelected = int64_t{1} << 22;  // of a matrix that selects: 16 MB
constexpr int64_t kMostSlices = 64;                  // of a volume that is taken apart by them

// Of [1, 1, 1, C] and [1, 1, W, 1] the importer puts the last size second.
bool is_swapped(const Node& reshape) {
  const Tensor* sizes = passes::const_value(reshape.input(1));
  if (sizes == nullptr || sizes->n_elements() != 4) return false;
  const Reader reader(*sizes);
  return std::abs(reader[0]) == 1 && std::abs(reader[1]) == 1 && (reader[2] == 1 || reader[3] == 1);
}

Tensor numbers(const std::vector<int64_t>& values) { return Tensor::vector(values).cast(DType::kInt32); }

// A selection as [outer, n, inner] to [outer, m, inner], of which `inner` is the same for each of the n: as large as
// can be.
struct Regular {
  int64_t outer = 1, inner = 1;
  Selection middle;  // m numbers below n
};

bool is_order(const Endpoint& transpose, const std::vector<int64_t>& order) {
  const Tensor* value = transpose.node->op() == "Transpose" ? passes::const_value(transpose.node->input(1)) : nullptr;
  if (value == nullptr || value->n_elements() != static_cast<int64_t>(order.size())) return false;
  const Reader reader(*value);
  for (size_t i = 0; i < order.size(); ++i) {
    if (static_cast<int64_t>(reader[static_cast<int64_t>(i)]) != order[i]) return false;
  }
  return true;
}

// What to_four_axes made a picture of.
std::optional<Endpoint> behind_picture(Endpoint x) {
  if (x.node->op() == "Identity") x = x.node->input(0);
  if (!is_order(x, {0, 2, 3, 1}) || x.node->input(0).node->op() != "Reshape") return std::nullopt;
  const Endpoint channels = x.node->input(0).node->input(0);
  return is_order(channels, {0, 2, 1}) ? std::optional(channels.node->input(0)) : std::nullopt;
}

bool is_blockwise(const Selection& selection, int64_t block) {
  for (size_t k = 0; k < selection.size(); ++k) {
    const int64_t within = static_cast<int64_t>(k) % block, first = selection[k - static_cast<size_t>(within)];
    if (first < 0 ? selection[k] >= 0 : first % block != 0 || selection[k] != first + within) return false;
  }
  return true;
}

bool repeats(const Selection& selection, int64_t n, int64_t times) {
  const size_t period = selection.size() / static_cast<size_t>(times);
  const int64_t step = n / times;
  for (size_t k = 0; k < selection.size(); ++k) {
    const int64_t first = selection[k % period], round = static_cast<int64_t>(k / period);
    if (first >= step || selection[k] != (first < 0 ? -1 : first + round * step)) return false;
  }
  return true;
}

Regular regular(Selection selection, int64_t n) {
  Regular result;
  const auto largest = [&](auto holds) {
    const int64_t most = std::gcd(n, static_cast<int64_t>(selection.size()));
    for (int64_t d = most; d > 1; --d) {
      if (most % d == 0 && holds(d)) return d;
    }
    return int64_t{1};
  };
  result.inner = largest([&](int64_t d) { return is_blockwise(selection, d); });
  Selection blocks;
  for (size_t k = 0; k < selection.size(); k += static_cast<size_t>(result.inner))
    blocks.push_back(selection[k] < 0 ? -1 : selection[k] / result.inner);
  selection = std::move(blocks);
  n /= result.inner;
  result.outer = largest([&](int64_t d) { return repeats(selection, n, d); });
  selection.resize(selection.size() / static_cast<size_t>(result.outer));
  result.middle = std::move(selection);
  return result;
}

}  // namespace

Rows::Rows(graph::Graph& graph) : graph_(graph), known_(passes::infer_known(graph)) {}

Endpoint Rows::constant(const Node& near, Tensor value) {
  return graph_.add_const(graph_.unique_name(near.name() + "/constant"), std::move(value)).output();
}

Endpoint Rows::make(const Node& near, const char* op, std::vector<Endpoint> inputs) {
  Node& node = graph_.add(op, graph_.unique_name(near.name() + "/" + op), std::move(inputs));
  node.set("T", DType::kFloat32);
  return node.output();
}

Endpoint Rows::reshape(const Node& near, const Endpoint& x, const Shape& shape) {
  const Endpoint result = make(near, "Reshape", {x, constant(near, numbers(shape.sizes()))});
  result.node->set("Tshape", DType::kInt32);
  return result;
}

Endpoint Rows::transpose(const Node& near, const Endpoint& x, const std::vector<int64_t>& order) {
  const Endpoint result = make(near, "Transpose", {x, constant(near, numbers(order))});
  result.node->set("Tperm", DType::kInt32);
  return result;
}

const Shape* Rows::shape_of(const Endpoint& x) const {
  const ops::Known* known = passes::find_known(known_, x);
  const bool is_it =
      known != nullptr && known->dtype == DType::kFloat32 && known->shape.has_rank() && known->shape.is_static();
  return is_it ? &known->shape : nullptr;
}

bool Rows::is_channels_first(const Endpoint& x) {
  const Node& node = *x.node;
  if (node.op() == "Reshape") return is_swapped(node);
  if (node.op() == "Transpose") {  // to_four_axes
    const Tensor* order = passes::const_value(node.input(1));
    return order != nullptr && order->n_elements() == 4 && node.input(0).node->op() == "Reshape";
  }
  for (const Endpoint& input : node.inputs) {
    if (passes::const_value(input) == nullptr) return is_channels_first(input);
  }
  return true;
}

// A product with a filter that takes one channel gives its places in their order; the rows of all channels are turned.
std::optional<Endpoint> Rows::row_of_volume(const Node& near, const Endpoint& x, const Shape& shape) {
  const int64_t n_channels = shape.last(), n_places = shape.n_elements() / n_channels;
  if (shape[0] != 1 || n_channels > kMostSlices) return std::nullopt;
  // What pictures behind it say stops at the products; the pooling, which changes nothing, says what stands before it.
  const Endpoint said = make(near, "MaxPool3D", {x});
  const std::vector<int64_t> ones(5, 1);
  said.node->set("padding", "VALID").set("data_format", "NDHWC").set("ksize", ones).set("strides", ones);
  std::vector<Endpoint> channels;
  for (int64_t c = 0; c < n_channels; ++c) {
    Tensor filter(DType::kFloat32, {1, 1, 1, n_channels, 1});
    filter.mutable_values<float>()[static_cast<size_t>(c)] = 1;
    const Endpoint channel = make(near, "Conv3D", {said, constant(near, std::move(filter))});
    channel.node->set("padding", "VALID").set("data_format", "NDHWC").set("strides", ones);
    channels.push_back(reshape(near, channel, {1, n_places}));
  }
  if (n_channels == 1) return channels[0];
  channels.push_back(constant(near, Tensor::scalar<int32_t>(1)));
  const Endpoint all = make(near, "ConcatV2", std::move(channels));
  all.node->set("Tidx", DType::kInt32).set("N", n_channels);
  return reshape(near, transpose(near, reshape(near, all, {1, n_channels, n_places}), {0, 2, 1}),
                 {1, shape.n_elements()});
}

std::optional<Endpoint> Rows::row_of(const Node& near, const Endpoint& x) {
  const Shape* shape = shape_of(x);
  if (shape == nullptr || shape->n_elements() == 0) return std::nullopt;
  if (const auto places = behind_picture(x)) return reshape(near, *places, {1, shape->n_elements()});
  if (shape->rank() == 5 && is_channels_first(x)) return row_of_volume(near, x, *shape);
  return reshape(near, x, {1, shape->n_elements()});
}

Endpoint Rows::permuted(const Node& near, const Endpoint& row, const Shape& shape, const std::vector<int64_t>& order) {
  bool is_kept = true;
  for (size_t i = 0; i < order.size(); ++i) is_kept = is_kept && order[i] == static_cast<int64_t>(i);
  if (is_kept) return row;
  Shape sizes = shape;
  std::vector<int64_t> places = order;
  while (sizes.rank() < 2 || sizes.rank() == 4) {
    places.push_back(sizes.rank());
    sizes.push_back(1);
  }
  const Endpoint turned = transpose(near, reshape(near, row, sizes), places);
  return reshape(near, turned, {1, shape.n_elements()});
}

std::optional<Endpoint> Rows::select(const Node& near, const Endpoint& row, int64_t n, const Selection& selection) {
  const auto n_selected = static_cast<int64_t>(selection.size());
  bool is_all = n == n_selected;
  for (int64_t k = 0; k < n_selected && is_all; ++k) is_all = selection[static_cast<size_t>(k)] == k;
  if (is_all) return row;
  const Regular parts = regular(selection, n);
  const int64_t from = n / parts.outer / parts.inner, to = static_cast<int64_t>(parts.middle.size());
  if (from > kMostSelected / to) return std::nullopt;
  Tensor matrix(DType::kFloat32, {from, to});
  for (int64_t k = 0; k < to; ++k) {
    const int64_t chosen = parts.middle[static_cast<size_t>(k)];
    if (chosen >= 0) matrix.mutable_values<float>()[static_cast<size_t>(chosen * to + k)] = 1;
  }
  if (parts.outer * parts.inner == 1) return make(near, "MatMul", {row, constant(near, std::move(matrix))});
  Endpoint x = row;
  if (parts.inner > 1) x = transpose(near, reshape(near, x, {parts.outer, from, parts.inner}), {0, 2, 1});
  x = make(near, "MatMul", {reshape(near, x, {parts.outer * parts.inner, from}), constant(near, std::move(matrix))});
  if (parts.inner > 1) x = transpose(near, reshape(near, x, {parts.outer, parts.inner, to}), {0, 2, 1});
  return reshape(near, x, {1, n_selected});
}

Endpoint Rows::largest(const Node& near, const Endpoint& row, int64_t n, int64_t m) {
  if (n == 1) return row;
  const Endpoint places = picture(near, row, {1, n, 1, m});
  const Endpoint result = make(near, "Max", {places, constant(near, Tensor::vector<int32_t>({1, 2}))});
  result.node->set("Tidx", DType::kInt32).set("keep_dims", false);
  return result;
}

Endpoint Rows::picture(const Node& near, const Endpoint& row, const Shape& shape) {
  const Endpoint places = reshape(near, row, {shape[0], shape[1] * shape[2], shape[3]});
  return to_four_axes(graph_, graph_.unique_name(near.name() + "/picture"), places, shape);
}

void Rows::become(Node& node, const Endpoint& row, const Shape& shape) {
  const bool is_vector = shape.rank() == 4 && shape[0] * shape[1] * shape[2] == 1;
  const bool is_ordered = shape.rank() == 4 && !is_vector;
  node.inputs = {is_ordered ? picture(node, row, shape) : row};
  node.attributes = {{"T", DType::kFloat32}};
  node.set_op(is_ordered ? "Identity" : "Reshape");
  if (is_ordered) return;
  node.inputs.push_back(constant(node, numbers(shape.sizes())));
  node.set("Tshape", DType::kInt32);
}

}  // namespace hoarfrost::targets::opencv
