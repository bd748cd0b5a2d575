// TFOpLambda: a call of a TensorFlow function within a functional model ("math.multiply"). tf.keras 2.4 to 2.15.
#include "keras/layers/registry.h"
#include "keras/operation.h"

namespace hoarfrost::keras {

const LayerSpec layer_tf_op_lambda = {
    {"TFOpLambda"}, [](const Config& config) { return parse_function(config, config.get_string({"function"})); }};

}  // namespace hoarfrost::keras
