// Melspectrogram: kapre_spectrogram.h, its frequencies gathered in mel bands. kapre 0.1 and 0.2; Keras' MelSpectrogram
// is another layer.
#include "keras/kapre_spectrogram.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Melspectrogram : KapreSpectrogram {
  static Melspectrogram parse(const Config& config) { return {KapreSpectrogram::parse(config, true)}; }
};

}  // namespace

const LayerSpec layer_kapre_melspectrogram = make_spec<Melspectrogram>("Melspectrogram");

}  // namespace hoarfrost::keras
