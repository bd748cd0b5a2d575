// NetVLAD: how far a set of features is from learned centers, [batch, features in any number, depth] -> [batch, depth ·
// num_clusters] of length one (Arandjelović et al. 2016). TensorFlow Addons 0.23.
#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct NetVlad : ExpressionLayer {
  static NetVlad parse(const Config& config) {
    const int64_t n = config.get_int({"num_clusters"});
    const auto weights = [n](const Shapes& in) {
      return std::vector<WeightSpec>{
          {"cluster_centers", {1, in[0].last(), n}}, {"fc/kernel", {in[0].last(), n}}, {"fc/bias", {n}}};
    };
    return {{config,
             1,
             "a = tf.nn.softmax(tf.tensordot(x, w[1], axes=1) + w[2]); "
             "d = tf.einsum('btk,btf->bfk', a, x) - tf.reduce_sum(a, axis=1, keepdims=True) * w[0]; "
             "tf.nn.l2_normalize(tf.reshape(tf.nn.l2_normalize(d, 1), [-1, x.shape[-1] * n]), 1)",
             {{"n", n}},
             weights}};
  }
  Shapes infer(const Shapes& in) const {
    expect_rank(in.at(0), 3);
    return ExpressionLayer::infer(in);
  }
};

}  // namespace

const LayerSpec layer_net_vlad = make_spec<NetVlad>("Addons>NetVLAD");

}  // namespace hoarfrost::keras
