// AlibiBias: a bias for each head that falls with the distance of the key from the last one, added to attention's
// scores [batch, heads, queries, keys] (Press et al. 2022). keras-hub 0.32.0.
#include <hoarfrost/error.h>

#include <cmath>

#include "keras/layers/registry.h"
#include "keras/position.h"

namespace hoarfrost::keras {
namespace {

struct AlibiBias {
  double alibi_bias_max = 8;

  static AlibiBias parse(const Config& config) { return {config.get_float({"alibi_bias_max"}, 8.0)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    if (in[0][1] < 1) throw Error(ErrorCode::kMismatch, "", "the number of heads must be known: give --input-shape");
    return in;
  }

  // The distances -(keys - 1), …, 0 times each head's slope.
  Values lower(Lowering& lowering, const Values& in) const {
    const int64_t n_heads = in[0].shape[1];
    Tensor slopes(DType::kFloat32, {n_heads, 1, 1});
    for (int64_t h = 0; h < n_heads; ++h)
      slopes.mutable_values<float>()[static_cast<size_t>(h)] = static_cast<float>(slope(h, n_heads));
    const Value positions = lower_positions(lowering, in[0], 3, 0);
    const Value last = lowering.op("Max", {positions, lowering.ints("Max/reduction_indices", {0})},
                                   {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    const Value distances = lowering.named_op("sub", "Sub", {positions, last});
    const Value bias =
        lowering.named_op("mul", "Mul", {lowering.constant("slopes", slopes.cast(in[0].dtype)), distances});
    return {lowering.named_op("add", "Add", {in[0], bias})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], layer = *this](const Index& o) {
      return x[o] + layer.slope(o[1], x.size(1)) * static_cast<double>(o[3] - x.size(3) + 1);
    };
    return {{in[0].shape(), at, 2}};
  }

 private:
  // Of a power of two of heads, powers of the first slope; of another number, the greatest power's below it, and behind
  // them every second one of twice as many.
  [[nodiscard]] double slope(int64_t head, int64_t n_heads) const {
    int64_t n = 1;
    while (2 * n <= n_heads) n *= 2;
    if (head >= n) return slope(2 * (head - n), 2 * n);
    const double first = std::pow(2.0, -std::pow(2.0, -(std::log2(n) - std::log2(alibi_bias_max))));
    return std::pow(first, head + 1);
  }
};

}  // namespace

const LayerSpec layer_alibi_bias = make_spec<AlibiBias>("keras_hub>AlibiBias");

}  // namespace hoarfrost::keras
