// ChannelSwap: channels in random order, in training only; at inference the identity. kapre 0.3.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ChannelSwap {
  Augmentation augmentation;

  static ChannelSwap parse(const Config& config) { return {parse_augmentation(config, {}, true)}; }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_channel_swap = make_spec<ChannelSwap>("ChannelSwap");

}  // namespace hoarfrost::keras
