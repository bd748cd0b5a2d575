// FNetEncoder: tokens mixed by the real part of their Fourier transform over steps and features, and a feed-forward
// network (Lee-Thorp et al. 2021). keras-nlp 0.5 to 0.6.4, keras-hub 0.32.0.
#include <hoarfrost/error.h>

#include <cmath>
#include <numbers>

#include "keras/call_arguments.h"
#include "keras/contraction.h"
#include "keras/layers/registry.h"
#include "keras/transformer_block.h"

namespace hoarfrost::keras {
namespace {

// Re Σ x[t, f] · exp(−2πi · (t · s / T + f · k / F)) of [batch, T, F]: with cosines and sines along both axes, C x C −
// S x S.
struct FourierMixing {
  Shapes infer(const Shapes& in) const {
    for (const int axis : {1, 2}) {
      if (in[0][axis] < 1)
        throw Error(ErrorCode::kUnsupported, "",
                    "a Fourier transform along an axis of unknown size is not converted; give --input-shape");
    }
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const auto product = [&](const char* name, double (*of)(double)) {
      const auto matrix = [&](int axis) {
        const int64_t n = x.shape[axis];
        Tensor values(DType::kFloat32, {n, n});
        for (int64_t i = 0; i < n * n; ++i)
          values.mutable_values<float>()[static_cast<size_t>(i)] = static_cast<float>(of(angle(i / n, i % n, n)));
        return lowering.constant(name, values.cast(x.dtype));
      };
      const Value features = lower_contraction(lowering, {"abc", "cd", "abd"}, x, matrix(2));
      return lower_contraction(lowering, {"ade", "db", "abe"}, features, matrix(1));
    };
    const Value even = product("cosines", [](double a) { return std::cos(a); });
    const Value odd = product("sines", [](double a) { return std::sin(a); });
    return {lowering.named_op("sub", "Sub", {even, odd})};
  }

  // Along the features first, which all frequencies of the steps share.
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int64_t n_steps = in[0].size(1), n_features = in[0].size(2);
    const auto along_features = [&](double (*of)(double)) {
      const auto at = [=, x = in[0]](const Index& o) {
        double sum = 0;
        for (int64_t f = 0; f < n_features; ++f) sum += x[o.with(2, f)] * of(angle(f, o[2], n_features));
        return sum;
      };
      return Array::of({in[0].shape(), at}, in[0]);
    };
    const auto at = [=, even = along_features([](double a) { return std::cos(a); }),
                     odd = along_features([](double a) { return std::sin(a); })](const Index& o) {
      double sum = 0;
      for (int64_t t = 0; t < n_steps; ++t) {
        const double a = angle(t, o[1], n_steps);
        sum += even[o.with(1, t)] * std::cos(a) - odd[o.with(1, t)] * std::sin(a);
      }
      return sum;
    };
    return {{in[0].shape(), at, 8.0 * static_cast<double>(n_steps + n_features)}};
  }

 private:
  static double angle(int64_t place, int64_t frequency, int64_t n) {
    return 2 * std::numbers::pi * static_cast<double>(place * frequency % n) / static_cast<double>(n);
  }
};

struct FNetEncoder {
  TransformerBlock block;

  static FNetEncoder parse(const Config& config) {
    (void)CallArguments::parse(config, {"inputs", "training"});
    return {TransformerBlock::parse(config, false)};
  }

  [[nodiscard]] Composition composed(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 3);
    Composition result(1, block.version);
    const size_t mixing_norm = block.norm_part(result, "mixing_layer_norm");
    const size_t output_norm = block.norm_part(result, "output_layer_norm");
    const size_t dense = block.dense_part(result, "intermediate_dense", block.intermediate_dim, block.activation);
    const size_t output = block.dense_part(result, "output_dense", in[0].last(), "linear");
    const size_t mixing = result.part("fourier", "", std::make_shared<detail::Adapter<FourierMixing>>(FourierMixing()));

    const size_t mixed = result.call(mixing, {0});
    const size_t y = result.call(mixing_norm, {result.sum(mixed, 0)});
    block.behind(result, output_norm, result.call(output, {result.call(dense, {y})}), y);
    return result;
  }
};

}  // namespace

const LayerSpec layer_fnet_encoder = make_spec<Composed<FNetEncoder>>("keras_hub>FNetEncoder", "keras_nlp>FNetEncoder");

}  // namespace hoarfrost::keras
