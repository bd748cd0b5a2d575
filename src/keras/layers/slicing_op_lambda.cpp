// SlicingOpLambda: x[…] within a functional model, and tf.boolean_mask. tf.keras 2.4 to 2.15.
#include "keras/layers/registry.h"
#include "keras/operation.h"

namespace hoarfrost::keras {

const LayerSpec layer_slicing_op_lambda = {
    {"SlicingOpLambda"}, [](const Config& config) {
      const Json* function = config.find({"function"});
      const bool is_mask = function != nullptr && *function == "compat.v1.boolean_mask";
      return parse_function(config, is_mask ? "compat.v1.boolean_mask" : "__operators__.getitem");
    }};

}  // namespace hoarfrost::keras
