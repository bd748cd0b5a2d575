// ActivityRegularization: a term of the loss, and the identity. Keras 1.0 to 3.15.
#include "keras/identity.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/penalty.h"

namespace hoarfrost::keras {
namespace {

struct ActivityRegularization {
  static constexpr bool kPassesMask = true;
  double l1 = 0;
  double l2 = 0;

  static ActivityRegularization parse(const Config& config) {
    return {config.get_float({"l1"}, 0.0), config.get_float({"l2"}, 0.0)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // In training a loss; no node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    if (lowering.is_training()) add_activity_loss(lowering, in[0], {l1, l2});
    return in;
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_activity_regularization = make_spec<ActivityRegularization>("ActivityRegularization");

}  // namespace hoarfrost::keras
