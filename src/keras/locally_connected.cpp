#include "keras/locally_connected.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/contraction.h"

namespace hoarfrost::keras {
namespace {

constexpr int64_t kLargestMatrix = int64_t{1}
                                   << 28;  // elements of implementation 2's and 3's matrix of inputs and outputs

// The sizes of one call, and where its elements lie in the order of the file.
struct Geometry {
  Shape in;   // [batch, space…, channels]
  Shape out;  // [batch, space…, filters]
  int64_t n_channels = 0;
  int64_t filters = 0;
  int64_t n_inputs = 0;     // elements of one example
  int64_t n_positions = 1;  // of the output
  bool is_channels_first = false;

  [[nodiscard]] int64_t n_outputs() const { return n_positions * filters; }
  [[nodiscard]] Shape in_space() const { return space(in); }
  [[nodiscard]] Shape out_space() const { return space(out); }
  [[nodiscard]] int64_t in_offset(int64_t position, int64_t channel) const {
    return is_channels_first ? channel * (n_inputs / n_channels) + position : position * n_channels + channel;
  }
  [[nodiscard]] int64_t out_offset(int64_t position, int64_t filter) const {
    return is_channels_first ? filter * n_positions + position : position * filters + filter;
  }
  [[nodiscard]] static Shape space(const Shape& shape) {
    return Shape(std::vector<int64_t>(shape.sizes().begin() + 1, shape.sizes().end() - 1));
  }
};

Shape with_channels_last(const Shape& shape) {
  std::vector<int64_t> sizes = shape.sizes();
  std::rotate(sizes.begin() + 1, sizes.begin() + 2, sizes.end());
  return Shape(sizes);
}

Shape with_channels_first(const Shape& shape) {
  std::vector<int64_t> sizes = shape.sizes();
  std::rotate(sizes.begin() + 1, sizes.end() - 1, sizes.end());
  return Shape(sizes);
}

Geometry geometry(const LocallyConnected& layer, const Shape& given) {
  expect_rank(given, static_cast<int>(layer.window.rank()) + 2);
  Geometry g;
  g.in = layer.is_channels_first ? with_channels_last(given) : given;
  for (int axis = 1; axis < g.in.rank(); ++axis) {
    if (g.in[axis] < 1)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("every size but the batch's must be known, found {}", given.to_string()));
  }
  g.out = slide(layer.window, g.in, layer.filters);
  g.n_channels = g.in.last();
  g.filters = layer.filters;
  g.n_inputs = g.in_space().n_elements() * g.n_channels;
  g.n_positions = g.out_space().n_elements();
  g.is_channels_first = layer.is_channels_first;
  if (layer.implementation != 1 && g.n_inputs > kLargestMatrix / std::max<int64_t>(g.n_outputs(), 1)) {
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("a matrix of {} inputs and {} outputs is too large", g.n_inputs, g.n_outputs()));
  }
  return g;
}

// visit(output position, input position, cell of the window), outputs in order and for each the inputs in order.
template <typename Visit>
void for_each_connection(const Window& window, const Geometry& g, Visit visit) {
  const Shape out = g.out_space();
  for (int64_t position = 0; position < g.n_positions; ++position) {
    const Index at = Index::at_offset(out, position);
    Index o{0};
    for (int axis = 0; axis < at.rank(); ++axis) o.push_back(at[axis]);
    o.push_back(0);
    Shape plane = g.in;
    plane[0] = 1;
    plane[-1] = 1;
    for_each_cell(window, g.in, o,
                  [&](const Index& i, int64_t cell) { visit(position, i.with(-1, 0).offset(plane), cell); });
  }
}

// Implementation 3: where in the matrix [outputs, inputs] the kernel's numbers lie, in their order.
std::vector<int64_t> places(const Window& window, const Geometry& g) {
  std::vector<int64_t> result;
  for_each_connection(window, g, [&](int64_t to, int64_t from, int64_t /*cell*/) {
    for (int64_t filter = 0; filter < g.filters; ++filter) {
      for (int64_t channel = 0; channel < g.n_channels; ++channel) {
        result.push_back(g.out_offset(to, filter) * g.n_inputs + g.in_offset(from, channel));
      }
    }
  });
  std::ranges::sort(result);
  return result;
}

int64_t n_connections(const Window& window, const Geometry& g) {
  int64_t n = 0;
  for_each_connection(window, g, [&](int64_t, int64_t, int64_t) { ++n; });
  return n;
}

// [in space…, 1, out space…, 1], or [1, in space…, 1, out space…]: one where an input lies in an output's window.
Tensor connections(const Window& window, const Geometry& g, DType dtype) {
  Shape shape;
  for (const Shape& space : {g.in_space(), g.out_space()}) {
    if (g.is_channels_first) shape.push_back(1);
    for (const int64_t size : space.sizes()) shape.push_back(size);
    if (!g.is_channels_first) shape.push_back(1);
  }
  Tensor result(DType::kFloat32, shape);
  const auto values = result.mutable_values<float>();
  std::ranges::fill(values, 0.0F);
  for_each_connection(window, g, [&](int64_t to, int64_t from, int64_t) {
    values[static_cast<size_t>(from * g.n_positions + to)] = 1;
  });
  return result.cast(dtype);
}

// One product for each position of the output: its window's inputs, [positions, batch, window · channels], times its
// kernel.
Value lower_by_position(const LocallyConnected& layer, const Geometry& g, Lowering& lowering, const Value& x) {
  const int64_t n_in = g.n_inputs / g.n_channels;
  const bool is_first = g.is_channels_first;
  std::vector<int64_t> from;
  for_each_connection(layer.window, g, [&](int64_t, int64_t position, int64_t) { from.push_back(position); });
  Value rows =
      lowering.reshape(x, is_first ? Shape{kUnknown, g.n_channels, n_in} : Shape{kUnknown, n_in, g.n_channels});
  rows = lower_transpose(lowering, rows, is_first ? std::vector<int64_t>{2, 0, 1} : std::vector<int64_t>{1, 0, 2});
  Value windows = lowering.raw_op("Gather", "Gather", {rows, lowering.ints("Gather/indices", from)}, x.dtype,
                                  {{"Tparams", x.dtype}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
  const int64_t n_cells = layer.window.n_cells();
  windows = lowering.reshape(windows, {g.n_positions, n_cells, kUnknown, g.n_channels});
  windows = lower_transpose(lowering, windows,
                            is_first ? std::vector<int64_t>{0, 2, 3, 1} : std::vector<int64_t>{0, 2, 1, 3});
  windows = lowering.reshape(windows, {g.n_positions, kUnknown, n_cells * g.n_channels});
  const Value y =
      lowering.named_op("MatMul", "BatchMatMul", {windows, lowering.weight(0)}, {{"adj_x", false}, {"adj_y", false}});
  return lower_transpose(lowering, y, is_first ? std::vector<int64_t>{1, 2, 0} : std::vector<int64_t>{1, 0, 2});
}

// The whole matrix of inputs and outputs: the kernel under its mask, or its numbers where they belong among zeros.
Value lower_as_matrix(const LocallyConnected& layer, const Geometry& g, Lowering& lowering, const Value& x) {
  const Value kernel = lowering.weight(0);
  Value matrix;
  if (layer.implementation == 2) {
    matrix = lowering.named_op("mul", "Mul",
                               {kernel, lowering.constant("mul/y", connections(layer.window, g, kernel.dtype))});
    matrix = lowering.reshape(matrix, {g.n_inputs, g.n_outputs()});
  } else {
    const std::vector<int64_t> where = places(layer.window, g);
    Tensor index(DType::kInt32, {g.n_outputs(), g.n_inputs});
    const auto numbers = index.mutable_values<int32_t>();
    std::ranges::fill(numbers, static_cast<int32_t>(where.size()));  // the zero behind the kernel
    for (size_t i = 0; i < where.size(); ++i) numbers[static_cast<size_t>(where[i])] = static_cast<int32_t>(i);
    const Value zero = lowering.constant("concat/zero", Tensor::vector(std::vector<double>{0}).cast(kernel.dtype));
    const Value all = lowering.named_op("concat", "ConcatV2", {kernel, zero, lowering.int_scalar("concat/axis", 0)},
                                        {{"N", int64_t{2}}, {"Tidx", DType::kInt32}});
    matrix = lowering.raw_op("Gather", "Gather", {all, lowering.constant("Gather/indices", index)}, kernel.dtype,
                             {{"Tparams", kernel.dtype}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
  }
  const Value flat = lowering.reshape(x, {kUnknown, g.n_inputs});
  return lowering.op("MatMul", {flat, matrix}, {{"transpose_a", false}, {"transpose_b", layer.implementation == 3}});
}

}  // namespace

LocallyConnected parse_locally_connected(const Config& config, size_t rank) {
  config.ignore({"input_dim", "input_length", "dilation_rate"});
  LocallyConnected layer;
  layer.filters = config.get_int({"filters", "nb_filter"});
  const std::string format = config.get_string({"data_format", "dim_ordering"}, "channels_last");
  layer.is_channels_first = format == "channels_first" || format == "th";
  layer.implementation = config.get_int({"implementation"}, 1);
  layer.use_bias = config.get_bool({"use_bias", "bias"}, true);
  layer.activation = Activation::parse(config);
  layer.window = parse_kernel(config, rank, {.theano = true, .channels_first = true});
  if (layer.filters < 1) config.fail(fmt::format("`filters` must be 1 or more, found {}", layer.filters));
  if (layer.implementation < 1 || layer.implementation > 3)
    config.fail(fmt::format("`implementation` must be 1, 2 or 3, found {}", layer.implementation));
  if (layer.window.padding == Padding::kCausal) config.fail("padding must be valid or same, found causal");
  if (layer.window.padding != Padding::kValid) {
    if (layer.implementation == 1) config.fail("padding `same` goes with implementation 2 or 3 only, in Keras too");
    layer.window.padding = Padding::kTheano;
    layer.window.before.clear();
    for (const int64_t size : layer.window.size) layer.window.before.push_back(size / 2);
  }
  return layer;
}

Shapes infer_locally_connected(const LocallyConnected& layer, const Shapes& in) {
  expect_inputs(in, 1);
  const Shape out = layer.activation.infer(geometry(layer, in[0]).out);
  return {layer.is_channels_first ? with_channels_first(out) : out};
}

std::vector<WeightSpec> locally_connected_weights(const LocallyConnected& layer, const Shapes& in) {
  const Geometry g = geometry(layer, in.at(0));
  Shape kernel;
  if (layer.implementation == 1) {
    kernel = {g.n_positions, layer.window.n_cells() * g.n_channels, g.filters};
  } else if (layer.implementation == 2) {
    for (const Shape& shape : {g.in, g.out}) {
      const Shape whole = layer.is_channels_first ? with_channels_first(shape) : shape;
      for (int axis = 1; axis < whole.rank(); ++axis) kernel.push_back(whole[axis]);
    }
  } else {
    kernel = {n_connections(layer.window, g) * g.n_channels * g.filters};
  }
  std::vector<WeightSpec> result{{"kernel", kernel}};
  if (!layer.use_bias) return result;
  Shape bias = g.out_space();
  bias.push_back(g.filters);
  result.push_back({"bias", bias});
  return result;
}

Values lower_locally_connected(const LocallyConnected& layer, Lowering& lowering, const Values& in) {
  const Geometry g = geometry(layer, in[0].shape);
  const Shape out = layer.is_channels_first ? with_channels_first(g.out) : g.out;
  Shape target = out;
  target[0] = kUnknown;
  Value y = layer.implementation == 1 ? lower_by_position(layer, g, lowering, in[0])
                                      : lower_as_matrix(layer, g, lowering, in[0]);
  y = lowering.reshape(y, target);
  if (layer.use_bias) {
    // Keras reads the bias in the order in which it lies in the file as [1, filters, space…] where the channels come
    // first.
    Value bias = lowering.weight(1);
    target[0] = 1;
    bias = lowering.reshape(bias, target);
    y = lowering.named_op("add", "Add", {y, bias});
  }
  y.shape = out;
  return {layer.activation.lower(lowering, y)};
}

Formulas locally_connected_reference(const LocallyConnected& layer, const Arrays& weights, const Arrays& in) {
  const Geometry g = geometry(layer, in[0].shape());
  const std::vector<int64_t> where = layer.implementation == 3 ? places(layer.window, g) : std::vector<int64_t>{};
  const auto at = [=, x = in[0]](const Index& o) {
    const Index last = Index::at_offset(g.out, 0);
    Index position;  // of the output, channels last
    for (int axis = 0; axis < last.rank() - 1; ++axis)
      position.push_back(o[layer.is_channels_first && axis > 0 ? axis + 1 : axis]);
    const int64_t filter = layer.is_channels_first ? o[1] : o[-1];
    position.push_back(filter);
    Shape plane = g.out;
    plane[0] = 1;
    const int64_t to = position.with(0, 0).offset(plane) / g.filters;
    const int64_t n_cells = layer.window.n_cells();
    const int64_t example = o[0] * g.n_inputs;
    double sum = layer.use_bias ? weights[1].at_offset(g.out_offset(to, filter)) : 0;
    for_each_cell(layer.window, g.in, position, [&](const Index& i, int64_t cell) {
      Shape space = g.in;
      space[0] = 1;
      const int64_t from = i.with(0, 0).with(-1, 0).offset(space) / g.n_channels;
      for (int64_t c = 0; c < g.n_channels; ++c) {
        const int64_t input = g.in_offset(from, c);
        int64_t k = 0;
        if (layer.implementation == 1)
          k = (to * n_cells * g.n_channels + (layer.is_channels_first ? c * n_cells + cell : cell * g.n_channels + c)) *
                  g.filters +
              filter;
        else if (layer.implementation == 2)
          k = input * g.n_outputs() + g.out_offset(to, filter);
        else
          k = std::ranges::lower_bound(where, g.out_offset(to, filter) * g.n_inputs + input) - where.begin();
        sum += x.at_offset(example + input) * weights[0].at_offset(k);
      }
    });
    return sum;
  };
  const Shape out = layer.is_channels_first ? with_channels_first(g.out) : g.out;
  return {layer.activation.reference({out, at, static_cast<double>(layer.window.n_cells() * g.n_channels)})};
}

}  // namespace hoarfrost::keras
