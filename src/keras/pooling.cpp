#include "keras/pooling.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <limits>

#include "keras/convolution.h"

namespace hoarfrost::keras {

Shapes infer_pooling(const Window& window, const Shapes& in) {
  expect_inputs(in, 1);
  return {slide(window, in[0], in[0].last())};
}

namespace {

// Theano's mean leaves out the padding, that of a VALID AvgPool over zeros does not: how much that one must grow, [1,
// space…, 1].
Tensor growth(const Window& window, const Shape& in, const Shape& out) {
  Shape shape = out;
  shape[0] = 1;
  shape[-1] = 1;
  Tensor result(DType::kFloat64, shape);
  const auto values = result.mutable_values<double>();
  Shape one = in;
  one[0] = 1;
  one[-1] = 1;
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t n = 0;
    for_each_cell(window, one, Index::at_offset(shape, static_cast<int64_t>(i)), [&](const Index&, int64_t) { ++n; });
    values[i] = static_cast<double>(window.n_cells()) / static_cast<double>(n);
  }
  return result;
}

}  // namespace

Values lower_pooling(const Window& window, std::string_view op, Lowering& lowering, const Values& in) {
  const auto around = [](const std::vector<int64_t>& sizes) {
    std::vector<int64_t> all{1};
    all.insert(all.end(), sizes.begin(), sizes.end());
    if (sizes.size() == 1) all.push_back(1);  // [batch, time, 1, channels]
    all.push_back(1);
    return all;
  };
  const bool is_sequence = window.rank() == 1;
  const bool is_mean = op.starts_with("Avg");
  const Shape out = slide(window, in[0].shape, in[0].shape.last());
  const bool grows = window.padding == Padding::kTheano && is_mean;
  for (int axis = 1; grows && axis + 1 < out.rank(); ++axis) {
    if (out[axis] == kUnknown) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(),
                  fmt::format("Theano's mean over windows that reach out of the input needs to know its size, found "
                              "{}; give --input-shape",
                              in[0].shape.to_string()));
    }
  }
  const Value padded =
      pad_ahead(lowering, in[0], window, is_mean ? std::optional<float>() : -std::numeric_limits<float>::infinity());
  const Value x = is_sequence ? expand_dims(lowering, "ExpandDims", padded, 2) : padded;
  const Value y = lowering.op(op, {x},
                              {{"ksize", around(window.size)},
                               {"strides", around(window.strides)},
                               {"padding", window.tensorflow_padding()},
                               {"data_format", std::string(window.rank() == 3 ? "NDHWC" : "NHWC")}});
  const Value pooled = is_sequence ? squeeze(lowering, "Squeeze", y, 2) : y;
  if (!grows) return {pooled};
  return {lowering.named_op("mul", "Mul",
                            {pooled, lowering.constant("mul/y", growth(window, in[0].shape, out).cast(in[0].dtype))})};
}

Formulas max_pooling_reference(const Window& window, const Arrays& in) {
  const auto at = [window, x = in[0]](const Index& o) {
    double greatest = -std::numeric_limits<double>::infinity();
    for_each_cell(window, x.shape(), o,
                  [&](const Index& position, int64_t) { greatest = std::max(greatest, x[position]); });
    return greatest;
  };
  return {{slide(window, in[0].shape(), in[0].shape().last()), at, static_cast<double>(window.n_cells())}};
}

Formulas average_pooling_reference(const Window& window, const Arrays& in) {
  const auto at = [window, x = in[0]](const Index& o) {
    double sum = 0;
    int64_t n = 0;
    for_each_cell(window, x.shape(), o, [&](const Index& position, int64_t) {
      sum += x[position];
      ++n;
    });
    return sum / static_cast<double>(n);
  };
  return {{slide(window, in[0].shape(), in[0].shape().last()), at, static_cast<double>(window.n_cells())}};
}

GlobalPooling parse_global_pooling(const Config& config, int n_spatial_axes) {
  refuse_channels_first(config);
  return {n_spatial_axes, config.get_bool({"keepdims"}, false)};
}

Shapes infer_global_pooling(const GlobalPooling& pooling, const Shapes& in) {
  expect_inputs(in, 1);
  expect_rank(in[0], pooling.n_spatial_axes + 2);
  if (!pooling.keeps_axes) return {{in[0][0], in[0].last()}};
  Shape out = in[0];
  for (int axis = 1; axis <= pooling.n_spatial_axes; ++axis) out[axis] = 1;
  return {out};
}

Value lower_over_space(const GlobalPooling& pooling, std::string_view op, Lowering& lowering, const Value& x) {
  const std::string name = fmt::format("{}/reduction_indices", op);
  std::vector<int64_t> axes;
  for (int axis = 1; axis <= pooling.n_spatial_axes; ++axis) axes.push_back(axis);
  const Value indices = axes.size() == 1 ? lowering.int_scalar(name, 1) : lowering.ints(name, axes);
  return lowering.op(op, {x, indices}, {{"keep_dims", pooling.keeps_axes}, {"Tidx", DType::kInt32}});
}

namespace {

// Calls visit(position) for each position of the space that output element o is taken from.
template <typename Visit>
void for_each_position(const Shape& in, const Index& o, Visit visit) {
  Shape space;
  for (int axis = 1; axis + 1 < in.rank(); ++axis) space.push_back(in[axis]);
  const int64_t n = space.n_elements();
  for (int64_t i = 0; i < n; ++i) {
    const Index within = Index::at_offset(space, i);
    Index position{o[0]};
    for (int axis = 0; axis < within.rank(); ++axis) position.push_back(within[axis]);
    position.push_back(o[-1]);
    visit(position);
  }
}

double n_positions(const Shape& in) {
  return static_cast<double>(in.n_elements()) / static_cast<double>(in[0] * in.last());
}

}  // namespace

Formulas global_max_reference(const GlobalPooling& pooling, const Arrays& in) {
  const auto at = [x = in[0]](const Index& o) {
    double greatest = -std::numeric_limits<double>::infinity();
    for_each_position(x.shape(), o, [&](const Index& position) { greatest = std::max(greatest, x[position]); });
    return greatest;
  };
  return {{infer_global_pooling(pooling, {in[0].shape()})[0], at, n_positions(in[0].shape())}};
}

Formulas global_average_reference(const GlobalPooling& pooling, const Arrays& in) {
  const auto at = [x = in[0]](const Index& o) {
    double sum = 0;
    double n = 0;
    for_each_position(x.shape(), o, [&](const Index& position) {
      const double weight = x.mask == nullptr ? 1 : (*x.mask)[{position[0], position[1]}];
      sum += weight * x[position];
      n += weight;
    });
    return sum / n;
  };
  return {{infer_global_pooling(pooling, {in[0].shape()})[0], at, n_positions(in[0].shape())}};
}

}  // namespace hoarfrost::keras
