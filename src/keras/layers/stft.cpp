// STFT: kapre_stft.h. kapre 0.3.
#include "keras/kapre_stft.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ComplexStft : Stft {
  static ComplexStft parse(const Config& config) { return {Stft::parse(config, true)}; }
};

}  // namespace

const LayerSpec layer_stft = make_spec<ComplexStft>("STFT");

}  // namespace hoarfrost::keras
