// SlicingOpLambda: x[…] within a functional model. tf.keras 2.4 to 2.15.
#include "keras/layers/registry.h"
#include "keras/operation.h"

namespace hoarfrost::keras {

const LayerSpec layer_slicing_op_lambda = {{"SlicingOpLambda"}, [](const Config& config) {
                                             config.ignore({"function"});
                                             return parse_function(config, "__operators__.getitem");
                                           }};

}  // namespace hoarfrost::keras
