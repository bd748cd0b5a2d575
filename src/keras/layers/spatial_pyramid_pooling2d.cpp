// SpatialPyramidPooling2D: means over grids of bins, one behind the other, [batch, height, width, channels] -> [batch,
// bins, channels]; what the bins do not divide is cut off below and on the right (He et al. 2014). TensorFlow Addons
// 0.23.
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct SpatialPyramidPooling2D : ExpressionLayer {
  static SpatialPyramidPooling2D parse(const Config& config) {
    const Json* given = config.find({"bins"});
    Json bins = Json::array();
    for (const Json& bin : given != nullptr && given->is_array() ? *given : Json::array())
      bins.push_back(bin.is_number() ? Json::array({bin, bin}) : bin);
    for (const Json& bin : bins) {
      if (!bin.is_array() || bin.size() != 2 || !bin[0].is_number_integer() || !bin[1].is_number_integer() ||
          bin[0] < 1 || bin[1] < 1)
        config.fail("`bins` must be a list of pairs of numbers from 1 on");
    }
    if (bins.empty()) config.fail("has no `bins`");
    const bool is_first = config.get_string({"data_format"}, "channels_last") == "channels_first";
    return {{config,
             1,
             "y = tf.transpose(x, [0, 2, 3, 1]) if is_first else x; h = y.shape[1]; v = y.shape[2]; c = y.shape[3]; "
             "z = tf.concat([tf.reshape(tf.reduce_mean(tf.reshape(y[:, :h // b[0] * b[0], :v // b[1] * b[1], :], "
             "[-1, b[0], h // b[0], b[1], v // b[1], c]), axis=[2, 4]), [-1, b[0] * b[1], c]) for b in bins], axis=1); "
             "tf.transpose(z, [0, 2, 1]) if is_first else z",
             {{"bins", bins}, {"is_first", is_first}}}};
  }
  Shapes infer(const Shapes& in) const {
    expect_rank(in.at(0), 4);
    for (int axis = 1; axis < 4; ++axis) {
      if (in[0][axis] < 1)
        throw Error(ErrorCode::kUnsupported, "", "pictures of unknown size are not converted; give --input-shape");
    }
    return ExpressionLayer::infer(in);
  }
};

}  // namespace

const LayerSpec layer_spatial_pyramid_pooling2d = make_spec<SpatialPyramidPooling2D>("Addons>SpatialPyramidPooling2D");

}  // namespace hoarfrost::keras
