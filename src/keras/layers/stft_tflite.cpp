// STFTTflite: kapre_stft.h, the real and the imaginary part along the last axis. kapre 0.3, which takes one example at
// a time.
#include "keras/kapre_stft.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct StftTflite : Stft {
  static StftTflite parse(const Config& config) { return {Stft::parse(config, false)}; }
};

}  // namespace

const LayerSpec layer_stft_tflite = make_spec<StftTflite>("STFTTflite");

}  // namespace hoarfrost::keras
