// Softmax: exp(x) over its sum along one axis or several. Keras 2.1 to 3.15. Under a mask, whose axes are the input's
// last ones, Keras 2.3 to 2.15 adds -1e9 (float16: half its least number) to what is masked; Keras 3 puts -1e9
// (float16: -3e4) in its place and 0 in the result's.
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
  bool replaces_masked = false;
  DType dtype = DType::kFloat32;
  static constexpr bool kPassesMask = true;

  static Softmax parse(const Config& config) {
    return {config.get_list({"axis"}, std::vector<int64_t>{-1}), config.version().major >= 3, config.dtype()};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    (void)from_first(in[0].rank());
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (!in[0].mask) return {lower_softmax(lowering, in[0])};
    const Value mask{in[0].mask, DType::kBool};
    Value x = in[0];
    const Value least = lowering.scalar("masked", masked_score(), x);
    if (replaces_masked) {
      x = select(lowering, mask, x,
                 lowering.raw_op("masked_scores", "Fill", {shape_of(lowering, x), least}, x.dtype,
                                 {{"T", x.dtype}, {"index_type", DType::kInt32}}));
      x.shape = in[0].shape;
      const Value y = lower_softmax(lowering, x);
      return {select(lowering, mask, y, lowering.named_op("zeros_like", "ZerosLike", {y}))};
    }
    const Value one = lowering.scalar("sub/x", 1, x);
    const Value kept = lowering.raw_op("Cast", "Cast", {mask}, x.dtype, {{"SrcT", DType::kBool}, {"DstT", x.dtype}});
    const Value adder = lowering.named_op("mul", "Mul", {lowering.named_op("sub", "Sub", {one, kept}), least});
    x = lowering.named_op("add", "Add", {x, adder});
    x.shape = in[0].shape;
    return {lower_softmax(lowering, x)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> along = from_first(in[0].shape().rank());
    Shape group;
    for (const int64_t axis : along) group.push_back(in[0].size(static_cast<int>(axis)));
    const auto at = [=, x = in[0], layer = *this](const Index& o) {
      if (layer.replaces_masked && layer.is_masked(x, o)) return 0.0;
      const double own = layer.score(x, o);
      double sum = 0;  // of exp(x_i - x_o): exp(x_o) / Σ exp(x_i) = 1 / Σ exp(x_i - x_o)
      for (int64_t i = 0; i < group.n_elements(); ++i) {
        const Index within = Index::at_offset(group, i);
        Index position = o;
        for (size_t k = 0; k < along.size(); ++k) position[static_cast<int>(along[k])] = within[static_cast<int>(k)];
        sum += std::exp(layer.score(x, position) - own);
      }
      return 1 / sum;
    };
    return {{in[0].shape(), at, static_cast<double>(group.n_elements())}};
  }

 private:
  double masked_score() const {
    if (dtype != DType::kFloat16) return -1e9;
    return replaces_masked ? -3e4 : -65504.0 / 2;
  }

  static bool is_masked(const Array& x, const Index& position) {
    if (x.mask == nullptr) return false;
    Index at;
    const int rank = x.mask->shape().rank();
    for (int axis = 0; axis < rank; ++axis)
      at.push_back(x.mask->size(axis) == 1 ? 0 : position[position.rank() - rank + axis]);
    return (*x.mask)[at] == 0;
  }

  // Added in float32, where -1e9 leaves little of a score.
  double score(const Array& x, const Index& position) const {
    if (!is_masked(x, position)) return x[position];
    return replaces_masked ? masked_score()
                           : static_cast<double>(static_cast<float>(x[position]) + static_cast<float>(masked_score()));
  }

  static Value shape_of(Lowering& lowering, const Value& x) {
    return lowering.raw_op("Shape", "Shape", {x}, DType::kInt32, {{"T", x.dtype}, {"out_type", DType::kInt32}});
  }

  // Select takes a condition of the same shape only, so that the mask is spread over the others first.
  static Value select(Lowering& lowering, const Value& mask, const Value& then, const Value& otherwise) {
    const Value all = lowering.raw_op("BroadcastTo", "BroadcastTo", {mask, shape_of(lowering, then)}, DType::kBool,
                                      {{"T", DType::kBool}, {"Tidx", DType::kInt32}});
    return lowering.raw_op("Select", "Select", {all, then, otherwise}, then.dtype, {{"T", then.dtype}});
  }

  // TensorFlow's op runs along the last axis: one other axis changes places with it, several take the sum's own nodes.
  Value lower_softmax(Lowering& lowering, const Value& x) const {
    const int rank = x.shape.rank();
    const std::vector<int64_t> along = from_first(rank);
    if (along.size() > 1) return lower_over_several(lowering, x, along);
    if (along[0] == rank - 1) return lowering.op("Softmax", {x});
    std::vector<int64_t> permutation;
    for (int64_t axis = 0; axis < rank; ++axis) permutation.push_back(axis);
    std::swap(permutation[static_cast<size_t>(along[0])], permutation.back());
    const auto transpose = [&](std::string_view name, const Value& v) {
      return lowering.named_op(name, "Transpose", {v, lowering.ints(fmt::format("{}/perm", name), permutation)},
                               {{"Tperm", DType::kInt32}});
    };
    return transpose("transpose_1", lowering.op("Softmax", {transpose("transpose", x)}));
  }

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
