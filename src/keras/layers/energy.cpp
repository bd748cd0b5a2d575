// Energy: the sum of squares of each frame of a sound, as if a frame lasted ref_duration. kapre 0.3, which saves
// neither sample_rate nor ref_duration, and takes its defaults for them when it loads a model.
#include "keras/framing.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Energy {
  Framing framing;
  double factor = 1;
  bool is_by_default = false;

  static Energy parse(const Config& config) {
    Energy layer{Framing::parse(config)};
    layer.is_by_default = !config.has("sample_rate") || !config.has("ref_duration");
    const double seconds = static_cast<double>(layer.framing.length) / config.get_float({"sample_rate"}, 22050.0);
    layer.factor = config.get_float({"ref_duration"}, 0.1) / seconds;
    return layer;
  }

  // [batch, frames, channels], or with channels first [batch, channels, frames]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const Shape frames = framing.infer(in[0]);
    return {{frames[0], frames[1], frames[framing.is_first ? 2 : 3]}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (is_by_default)
      lowering.note(
          "kapre saves neither Energy's sample_rate nor its ref_duration: taken as 22050 and 0.1, as kapre "
          "itself takes them");
    const Value squares = lowering.op("Square", {framing.lower(lowering, in[0])});
    const Value sum = lowering.op("Sum", {squares, lowering.ints("Sum/reduction_indices", {framing.is_first ? 3 : 2})},
                                  {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    return {lowering.named_op("mul", "Mul", {sum, lowering.scalar("mul/y", factor, sum)})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [layer = *this, x = in[0]](const Index& o) {
      double sum = 0;
      for (int64_t i = 0; i < layer.framing.length; ++i) {
        const double value = layer.framing.is_first ? layer.framing.element(x, o[0], o[1], o[2], i)
                                                    : layer.framing.element(x, o[0], o[2], o[1], i);
        sum += value * value;
      }
      return sum * layer.factor;
    };
    return {{infer({in[0].shape()})[0], at, static_cast<double>(framing.length)}};
  }
};

}  // namespace

const LayerSpec layer_energy = make_spec<Energy>("Energy");

}  // namespace hoarfrost::keras
