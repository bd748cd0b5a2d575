// What the pooling layers share.
#pragma once

#include <string_view>

#include "keras/lowering.h"
#include "keras/window.h"

namespace hoarfrost::keras {

// [batch, space…, channels] -> [batch, space'…, channels]
Shapes infer_pooling(const Window& window, const Shapes& in);
// op is MaxPool, AvgPool, MaxPool3D or AvgPool3D; on one spatial axis ExpandDims and Squeeze stand around it,
// and Theano's padding before it.
Values lower_pooling(const Window& window, std::string_view op, Lowering& lowering, const Values& in);
Formulas max_pooling_reference(const Window& window, const Arrays& in);
// The mean of the cells that lie within the input: padding does not count.
Formulas average_pooling_reference(const Window& window, const Arrays& in);

// Pooling over all of space: [batch, space…, channels] -> [batch, channels], or [batch, 1…, channels] with keepdims.
struct GlobalPooling {
  int n_spatial_axes = 1;
  bool keeps_axes = false;
};
GlobalPooling parse_global_pooling(const Config& config, int n_spatial_axes);
Shapes infer_global_pooling(const GlobalPooling& pooling, const Shapes& in);
// op is Max, Mean or Sum.
Value lower_over_space(const GlobalPooling& pooling, std::string_view op, Lowering& lowering, const Value& x);
Formulas global_max_reference(const GlobalPooling& pooling, const Arrays& in);
// With a mask, the mean of the steps that count.
Formulas global_average_reference(const GlobalPooling& pooling, const Arrays& in);

}  // namespace hoarfrost::keras
