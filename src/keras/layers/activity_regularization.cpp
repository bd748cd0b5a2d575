// ActivityRegularization: a term of the loss, and the identity. Keras 1.0 to 3.15.
#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ActivityRegularization {
  static constexpr bool kPassesMask = true;

  static ActivityRegularization parse(const Config& config) {
    config.ignore({"l1", "l2"});
    return {};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // No node is left.
  Values lower(Lowering& /*lowering*/, const Values& in) const { return in; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_activity_regularization = make_spec<ActivityRegularization>("ActivityRegularization");

}  // namespace hoarfrost::keras
