// Frame: a sound in frames that may overlap. kapre 0.3 (tf.signal.frame of TensorFlow 2.15).
#include "keras/framing.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct SoundFrames {
  Framing framing;

  static SoundFrames parse(const Config& config) { return {Framing::parse(config)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {framing.infer(in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const { return {framing.lower(lowering, in[0])}; }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [framing = framing, x = in[0]](const Index& o) {
      return framing.is_first ? framing.element(x, o[0], o[1], o[2], o[3]) : framing.element(x, o[0], o[3], o[1], o[2]);
    };
    return {{framing.infer(in[0].shape()), at, 0}};
  }
};

}  // namespace

const LayerSpec layer_frame = make_spec<SoundFrames>("Frame");

}  // namespace hoarfrost::keras
