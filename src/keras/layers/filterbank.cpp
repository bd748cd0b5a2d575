// Filterbank: the frequencies of a spectrogram, [batch, frequencies, frames, channels], gathered in bands by a matrix
// that is the layer's weight. kapre 0.1 and 0.2, which do not save where the channels are: they are the last.
#include <fmt/format.h>

#include "keras/contraction.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Filterbank {
  static constexpr bool kPassesMask = true;
  int64_t n_bands = 0;
  bool is_trainable = false;
  Contraction contraction{"bftc", "fm", "bmtc"};

  static Filterbank parse(const Config& config) {
    config.ignore({"sr", "init", "fmin", "fmax", "bins_per_octave"});  // what the matrix began with
    const bool is_tf = config.version().is_tf_keras || config.version() >= Version{2, 4};
    const Filterbank layer{config.get_int({"n_fbs"}), config.get_bool({"trainable_fb"}) || is_tf};
    if (layer.n_bands < 1) config.fail(fmt::format("n_fbs must be 1 or more, found {}", layer.n_bands));
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    return {{in[0][0], n_bands, in[0][2], in[0][3]}};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    return {{"filterbank", {in[0][1], n_bands}, is_trainable}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_contraction(lowering, contraction, in[0], lowering.weight(0))};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    return {contraction_reference(contraction, in[0], weights[0])};
  }
};

}  // namespace

const LayerSpec layer_filterbank = make_spec<Filterbank>("Filterbank");

}  // namespace hoarfrost::keras
