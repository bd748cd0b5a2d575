// Complex tensors between layers: TFOpLambda and TensorFlowOpLayer make them of tf.signal's transforms and take them
// apart again. Here one is two real tensors, its parts, outputs 0 and 1 of the layer that gives it.
#pragma once

#include <string>
#include <string_view>

#include "keras/layer.h"

namespace hoarfrost::keras {

// Whether the layer of that JSON, called with complex tensors or without, gives a complex one. TFOpLambda,
// SlicingOpLambda and TensorFlowOpLayer may.
bool gives_complex(const Json& layer, bool takes_complex, const Json& kwargs);
// Whether it may take one.
bool may_take_complex(std::string_view class_name);

// Whether the call is one of complex numbers: a function that makes them, or {"complex": [i, j]} among its arguments
// (the numbers of the inputs that are the parts).
bool is_complex_call(std::string_view function, const Config& config);
// That call of TensorFlow's function, followed as in a Lambda (keras.backend's and random functions are called so too);
// what is complex of its results is two outputs. Errors as parse_layer.
std::shared_ptr<const Layer> parse_complex_call(const Config& config, const std::string& function);

}  // namespace hoarfrost::keras
