// AdditiveNoise: noise, in training only; at inference the identity. kapre 0.1 and 0.2.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AdditiveNoise {
  static constexpr bool kPassesMask = true;
  Augmentation augmentation;

  static AdditiveNoise parse(const Config& config) {
    if (config.get_string({"noise_type"}) != "white")
      config.unsupported("noise_type must be white, kapre knows no other");
    return {parse_augmentation(config, {"power", "random_gain"}, true)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_additive_noise = make_spec<AdditiveNoise>("AdditiveNoise");

}  // namespace hoarfrost::keras
