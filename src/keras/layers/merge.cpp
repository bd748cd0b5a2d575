// Merge with mode dot or cos, Keras 1.2's; its other modes are read as Add, Multiply, Average, Maximum and Concatenate
// (legacy/keras1_merge.cpp). dot sums the products along one axis of either input (K.batch_dot); cos divides that by
// the norms' product, at least 1e-7 (K.epsilon()), and has one more axis, 1.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

constexpr double kEpsilon = 1e-7;

struct Merge {
  bool is_cosine = false;
  std::vector<int64_t> axes;

  static Merge parse(const Config& config) {
    const std::string mode = config.get_string({"mode"});
    if (mode != "dot" && mode != "cos")
      config.unsupported(fmt::format("mode `{}`; rebuild the model with Add, Multiply or Concatenate", mode));
    Merge layer{mode == "cos", config.get_ints({"dot_axes"}, 2, -1)};
    return layer;
  }

  // [batch, n], [batch, n] -> [batch, 1]; [batch, a, n], [batch, b, n] -> [batch, a, b]
  Shapes infer(const Shapes& in) const {
    const Shape dot = dot_shape(in);
    if (!is_cosine) return {dot};
    std::vector<int64_t> sizes = dot.sizes();
    sizes.insert(sizes.begin() + 1, 1);
    return {Shape(sizes)};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Value y = product(lowering, in[0], in[1], axis(in[0].shape, 0), axis(in[1].shape, 1));
    if (!is_cosine) return {y};
    const Value first = product(lowering, in[0], in[0], axis(in[0].shape, 0), axis(in[0].shape, 0));
    const Value second = product(lowering, in[1], in[1], axis(in[1].shape, 1), axis(in[1].shape, 1));
    Value norm = lowering.op("Sqrt", {lowering.named_op("mul", "Mul", {first, second})});
    norm = lowering.op("Maximum", {norm, lowering.scalar("Maximum/y", kEpsilon, in[0])});
    y = lowering.named_op("div", "RealDiv", {y, norm});
    return {lowering.op("ExpandDims", {y, lowering.int_scalar("ExpandDims/dim", 1)}, {{"Tdim", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shapes shapes{in[0].shape(), in[1].shape()};
    const int a = axis(shapes[0], 0);
    const int b = axis(shapes[1], 1);
    const auto sum = [](const Array& x, const Index& at_x, int along_x, const Array& y, const Index& at_y,
                        int along_y) {
      double result = 0;
      for (int64_t k = 0; k < x.size(along_x); ++k) result += x[at_x.with(along_x, k)] * y[at_y.with(along_y, k)];
      return result;
    };
    const auto at = [=, x = in[0], y = in[1], cosine = is_cosine](const Index& o) {
      const int first = cosine ? 2 : 1;  // behind the batch, and behind the axis that cos adds
      Index at_x{o[0], 0};
      Index at_y{o[0], 0};
      if (x.shape().rank() == 3) {
        at_x.push_back(0);
        at_y.push_back(0);
        at_x[3 - a] = o[first];
        at_y[3 - b] = o[first + 1];
      }
      const double dot = sum(x, at_x, a, y, at_y, b);
      if (!cosine) return dot;
      // The norms are products of an input with itself: element [i, j] of x·xᵀ, not [i, i].
      Index other_x = at_x;
      Index other_y = at_y;
      if (x.shape().rank() == 3) {
        other_x[3 - a] = o[first + 1];
        other_y[3 - b] = o[first];
      }
      const double norms = sum(x, at_x, a, x, other_x, a) * sum(y, other_y, b, y, at_y, b);
      return dot / std::max(std::sqrt(norms), kEpsilon);
    };
    return {{infer(shapes)[0], at, static_cast<double>(in[0].size(a) * (is_cosine ? 3 : 1))}};
  }

 private:
  int axis(const Shape& shape, size_t i) const { return static_cast<int>(shape.normalized(static_cast<int>(axes[i]))); }

  Shape dot_shape(const Shapes& in) const {
    expect_inputs(in, 2);
    if (in[0].rank() != in[1].rank() || in[0].rank() < 2 || in[0].rank() > 3) {
      throw Error(
          ErrorCode::kUnsupported, "",
          fmt::format("dot and cos of {} and {}: both must have 2 axes or 3", in[0].to_string(), in[1].to_string()));
    }
    const int a = axis(in[0], 0);
    const int b = axis(in[1], 1);
    const bool agrees = in[0][a] == in[1][b] || in[0][a] == kUnknown || in[1][b] == kUnknown;
    if (a == 0 || b == 0 || !agrees)
      throw Error(
          ErrorCode::kMismatch, "",
          fmt::format("{} and {} do not meet along axes {} and {}", in[0].to_string(), in[1].to_string(), a, b));
    if (in[0].rank() == 2) return {in[0][0], 1};
    if (is_cosine && in[0][3 - a] != in[1][3 - b])
      throw Error(ErrorCode::kMismatch, "", "cos needs two inputs of one shape");
    return {in[0][0], in[0][3 - a], in[1][3 - b]};
  }

  static Value product(Lowering& lowering, const Value& x, const Value& y, int a, int b) {
    if (x.shape.rank() == 2) {
      const Value products = lowering.named_op("mul", "Mul", {x, y});
      return lowering.op("Sum", {products, lowering.int_scalar("Sum/reduction_indices", 1)},
                         {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    }
    return lowering.op("BatchMatMul", {x, y}, {{"adj_x", a != 2}, {"adj_y", b == 2}});
  }
};

}  // namespace

const LayerSpec layer_merge = make_spec<Merge>("Merge");

}  // namespace hoarfrost::keras
