// Identity: its input. tf.keras 2.11 to Keras 3.15.
#include "keras/identity.h"

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Identity {
  bool passes_mask = true;  // not in Keras 2

  static Identity parse(const Config& config) { return {config.version().major >= 3}; }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& /*lowering*/, const Values& in) const { return in; }  // no node is left

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_identity = make_spec<Identity>("Identity");

}  // namespace hoarfrost::keras
