// Spectrogram: kapre_spectrogram.h. kapre 0.1 and 0.2.
#include "keras/kapre_spectrogram.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Spectrogram : KapreSpectrogram {
  static Spectrogram parse(const Config& config) { return {KapreSpectrogram::parse(config, false)}; }
};

}  // namespace

const LayerSpec layer_spectrogram = make_spec<Spectrogram>("Spectrogram");

}  // namespace hoarfrost::keras
