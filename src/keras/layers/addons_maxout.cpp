// Maxout: the largest of each group of features, num_units of them (Goodfellow et al. 2013). Feature i is in group i
// modulo num_units. TensorFlow Addons 0.23.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AddonsMaxout : ExpressionLayer {
  int64_t num_units = 1;
  int64_t axis = -1;

  static AddonsMaxout parse(const Config& config) {
    const int64_t units = config.get_int({"num_units"}), along = config.get_int({"axis"}, -1);
    if (units < 1) config.fail("`num_units` must be at least 1");
    return {{config,
             1,
             "a = axis % len(x.shape); s = [-1 if n == None else n for n in x.shape]; "
             "tf.reduce_max(tf.reshape(x, s[:a] + [x.shape[a] // n_units, n_units] + s[a + 1:]), axis=a)",
             {{"n_units", units}, {"axis", along}}},
            units,
            along};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const int64_t last = axis < 0 ? axis + in[0].rank() : axis;
    if (last < 1 || last >= in[0].rank())
      throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of {}'s features", axis, in[0].to_string()));
    if (in[0][static_cast<int>(last)] % num_units != 0)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("num_units {} does not divide axis {} of {}", num_units, axis, in[0].to_string()));
    return ExpressionLayer::infer(in);
  }
};

}  // namespace

const LayerSpec layer_addons_maxout = make_spec<AddonsMaxout>("Addons>Maxout");

}  // namespace hoarfrost::keras
