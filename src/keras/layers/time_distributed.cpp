// TimeDistributed: a layer applied to every step of a sequence, [batch, time, …]. Keras 1.2 to 3.15. A model in it is
// taken apart while the file is read (architecture.cpp): each of its layers is then time-distributed.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

struct TimeDistributed {
  static constexpr bool kPassesMask = true;
  std::shared_ptr<const Layer> layer;

  static TimeDistributed parse(const Config& config) {
    config.ignore({"input_dim", "input_length"});
    return {parse_inner_layer(config, "layer")};
  }

  Shapes infer(const Shapes& in) const {
    Shapes result = layer->infer(steps(in));
    for (Shape& shape : result) shape = joined({in[0][0], in[0][1]}, shape);
    return result;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = layer->weights(steps(in));
    for (WeightSpec& spec : result) spec.name = "layer/" + spec.name;
    return result;
  }

  // Steps become examples, and examples steps again.
  Values lower(Lowering& lowering, const Values& in) const {
    Values inner;
    Shapes shapes;
    for (const Value& x : in) {
      shapes.push_back(x.shape);
      const Shape flat = steps({x.shape})[0];
      Value step = lowering.reshape(x, flat);
      step.shape = flat;
      inner.push_back(step);
    }
    const Shapes out = layer->infer(steps(shapes));
    Values result = lowering.inner(*layer, "layer", 0, lowering.n_weights(), inner);
    for (size_t i = 0; i < result.size(); ++i) {
      if (result[i].mask)
        throw Error(ErrorCode::kUnsupported, "",
                    "a layer that makes a mask (Masking, mask_zero) within TimeDistributed is not converted");
      result[i].shape = out.at(i);
      result[i] = lowering.reshape_like(result[i], in[0], joined({in[0].shape[0], in[0].shape[1]}, out.at(i)));
    }
    return result;
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    Arrays inner;
    for (const Array& x : in) inner.push_back(x.reshaped(steps({x.shape()})[0]));
    Formulas result = layer->reference(weights, inner);
    for (Formula& formula : result) {
      const Shape flat = formula.shape;
      formula.shape = joined({in[0].size(0), in[0].size(1)}, flat);
      formula.at = [at = formula.at, flat, shape = formula.shape](const Index& o) {
        return at(Index::at_offset(flat, o.offset(shape)));
      };
    }
    return result;
  }

 private:
  // [batch, time, …] -> [batch · time, …]
  static Shapes steps(const Shapes& in) {
    Shapes result;
    for (const Shape& shape : in) {
      if (shape.rank() < 2)
        throw Error(ErrorCode::kMismatch, "", fmt::format("expected [batch, time, …], found {}", shape.to_string()));
      std::vector<int64_t> sizes(shape.sizes().begin() + 1, shape.sizes().end());
      sizes[0] = shape[0] < 0 || shape[1] < 0 ? kUnknown : shape[0] * shape[1];
      result.emplace_back(std::move(sizes));
    }
    return result;
  }

  static Shape joined(std::vector<int64_t> front, const Shape& step) {
    front.insert(front.end(), step.sizes().begin() + 1, step.sizes().end());
    return Shape(std::move(front));
  }
};

}  // namespace

const LayerSpec layer_time_distributed = make_spec<TimeDistributed>("TimeDistributed");

}  // namespace hoarfrost::keras
