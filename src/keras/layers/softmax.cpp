// Softmax: exp(x) over its sum along one axis or several. Keras 2.1 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Softmax {
  std::vector<int64_t> axes;
  static constexpr bool kPassesMask = true;

  static Softmax parse(const Config& config) { return {config.get_list({"axis"}, std::vector<int64_t>{-1})}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    (void)from_first(in[0].rank());
    return in;
  }

  // TensorFlow's op runs along the last axis: one other axis changes places with it, several take the sum's own nodes.
  Values lower(Lowering& lowering, const Values& in) const {
    if (in[0].mask) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(),
                  "a Softmax layer under a mask is not converted; use activation `softmax`, which takes none");
    }
    const int rank = in[0].shape.rank();
    const std::vector<int64_t> along = from_first(rank);
    if (along.size() > 1) return {lower_over_several(lowering, in[0], along)};
    if (along[0] == rank - 1) return {lowering.op("Softmax", {in[0]})};
    std::vector<int64_t> permutation;
    for (int64_t axis = 0; axis < rank; ++axis) permutation.push_back(axis);
    std::swap(permutation[static_cast<size_t>(along[0])], permutation.back());
    const auto transpose = [&](std::string_view name, const Value& x) {
      return lowering.named_op(name, "Transpose", {x, lowering.ints(fmt::format("{}/perm", name), permutation)},
                               {{"Tperm", DType::kInt32}});
    };
    return {transpose("transpose_1", lowering.op("Softmax", {transpose("transpose", in[0])}))};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> along = from_first(in[0].shape().rank());
    Shape group;
    for (const int64_t axis : along) group.push_back(in[0].size(static_cast<int>(axis)));
    const auto at = [=, x = in[0]](const Index& o) {
      double sum = 0;  // of exp(x_i - x_o): exp(x_o) / Σ exp(x_i) = 1 / Σ exp(x_i - x_o)
      for (int64_t i = 0; i < group.n_elements(); ++i) {
        const Index within = Index::at_offset(group, i);
        Index position = o;
        for (size_t k = 0; k < along.size(); ++k) position[static_cast<int>(along[k])] = within[static_cast<int>(k)];
        sum += std::exp(x[position] - x[o]);
      }
      return 1 / sum;
    };
    return {{in[0].shape(), at, static_cast<double>(group.n_elements())}};
  }

 private:
  std::vector<int64_t> from_first(int rank) const {
    std::vector<int64_t> result;
    for (const int64_t axis : axes) {
      if (axis < -rank || axis >= rank) {
        throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of the input's {}", axis, rank));
      }
      result.push_back(axis < 0 ? axis + rank : axis);
    }
    return result;
  }

  static Value lower_over_several(Lowering& lowering, const Value& x, const std::vector<int64_t>& along) {
    const auto reduce = [&](std::string_view op, const Value& v) {
      return lowering.op(op, {v, lowering.ints(fmt::format("{}/reduction_indices", op), along)},
                         {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    };
    const Value exponential = lowering.op("Exp", {lowering.named_op("sub", "Sub", {x, reduce("Max", x)})});
    return lowering.named_op("truediv", "RealDiv", {exponential, reduce("Sum", exponential)});
  }
};

}  // namespace

const LayerSpec layer_softmax = make_spec<Softmax>("Softmax");

}  // namespace hoarfrost::keras
