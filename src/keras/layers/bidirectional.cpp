// Bidirectional: a recurrent layer from the first step and another from the last, merged. Keras 1.2 to 3.15, QKeras
// 0.9.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/recurrent.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

enum class Merge { kNone, kConcat, kSum, kMul, kAve };

struct Bidirectional {
  std::shared_ptr<const Layer> forward;
  std::shared_ptr<const Layer> backward;
  Merge merge = Merge::kConcat;
  bool return_sequences = false;
  bool return_state = false;

  static Bidirectional parse(const Config& config) {
    config.ignore({"input_dim", "input_length", "stateful", "return_sequences", "return_state", "num_constants"});
    read_call_arguments(config, "initial_state");
    Bidirectional result;
    const Json* layer = config.find({"layer"});
    const auto flag = [&](const char* key) {
      return layer != nullptr && layer->is_object() && layer->contains("config") && layer->at("config").is_object() &&
             layer->at("config").value(key, Json(false)) == true;
    };
    result.return_sequences = flag("return_sequences");
    result.return_state = flag("return_state");
    if (flag("time_major")) {
      config.unsupported(
          "a layer with time_major inside Bidirectional is not supported: rebuild the model with the batch first");
    }
    // TensorFlow's Keras and Keras 3 give zeros for masked steps of whole sequences here.
    const bool is_old = config.version() < Version{2, 4} && !config.version().is_tf_keras;
    const bool zero = !is_old && result.return_sequences;
    result.forward = parse_inner_layer(config, "layer", {{"zero_output_for_mask", zero}});
    if (config.find({"backward_layer"}) != nullptr)
      result.backward = parse_inner_layer(config, "backward_layer", {{"zero_output_for_mask", zero}});
    else
      result.backward =
          parse_inner_layer(config, "layer", {{"go_backwards", !flag("go_backwards")}, {"zero_output_for_mask", zero}});
    result.merge = parse_merge(config);
    return result;
  }

  Shapes infer(const Shapes& in) const {
    if (in.empty() || in.size() % 2 == 0)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected a sequence and states for both directions, found {} inputs", in.size()));
    Shapes ahead = forward->infer(half(in, 0));
    const Shapes back = backward->infer(half(in, 1));
    Shapes result{ahead[0]};
    if (merge == Merge::kConcat) result[0][-1] += back[0].last();
    if (merge == Merge::kNone) result.push_back(back[0]);
    result.insert(result.end(), ahead.begin() + 1, ahead.end());
    result.insert(result.end(), back.begin() + 1, back.end());
    return result;
  }

  // The groups of .keras files name the parts.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result;
    for (const WeightSpec& spec : forward->weights(half(in, 0)))
      result.push_back({"forward_layer/" + spec.name, spec.shape, spec.is_trainable});
    for (const WeightSpec& spec : backward->weights(half(in, 1)))
      result.push_back({"backward_layer/" + spec.name, spec.shape, spec.is_trainable});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shapes shapes = shapes_of(in);
    const size_t n = lowering.n_weights() / 2;
    const size_t n_ahead = forward->weights(half(shapes, 0)).size();
    const Values ahead = lowering.inner(*forward, "forward", 0, n_ahead, half(in, 0));
    Values back = lowering.inner(*backward, "backward", n_ahead, 2 * n - n_ahead, half(in, 1));
    if (return_sequences) {
      back[0] = lowering.raw_op("ReverseV2", "ReverseV2", {back[0], lowering.ints("ReverseV2/axis", {1})},
                                back[0].dtype, {{"T", back[0].dtype}, {"Tidx", DType::kInt32}});
    }
    Values result = merged(lowering, ahead[0], back[0]);
    for (Value& y : result) y.mask = return_sequences ? in[0].mask : graph::Endpoint{};
    result.insert(result.end(), ahead.begin() + 1, ahead.end());
    result.insert(result.end(), back.begin() + 1, back.end());
    return result;
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const Shapes shapes = shapes_of(in);
    const auto n_ahead = static_cast<std::ptrdiff_t>(forward->weights(half(shapes, 0)).size());
    const Formulas ahead = forward->reference({weights.begin(), weights.begin() + n_ahead}, half(in, 0));
    Formulas back = backward->reference({weights.begin() + n_ahead, weights.end()}, half(in, 1));
    if (return_sequences) {
      back[0].at = [at = back[0].at, last = back[0].shape[1] - 1](const Index& o) {
        return at(o.with(1, last - o[1]));
      };
    }
    Formulas result = merged(ahead[0], back[0]);
    result.insert(result.end(), ahead.begin() + 1, ahead.end());
    result.insert(result.end(), back.begin() + 1, back.end());
    return result;
  }

 private:
  static Merge parse_merge(const Config& config) {
    if (config.json().contains("merge_mode") && config.json().at("merge_mode").is_null()) return Merge::kNone;
    const std::string mode = config.get_string({"merge_mode"}, "concat");
    if (mode == "concat") return Merge::kConcat;
    if (mode == "sum") return Merge::kSum;
    if (mode == "mul") return Merge::kMul;
    if (mode == "ave") return Merge::kAve;
    config.unsupported(fmt::format("merge_mode `{}` is not known; there are concat, sum, mul, ave and null", mode));
  }

  // The sequence and the initial states of one direction.
  template <typename T>
  static std::vector<T> half(const std::vector<T>& in, size_t direction) {
    const size_t n = (in.size() - 1) / 2;
    std::vector<T> result{in[0]};
    for (size_t i = 0; i < n; ++i) result.push_back(in[1 + direction * n + i]);
    return result;
  }

  Values merged(Lowering& lowering, const Value& a, const Value& b) const {
    switch (merge) {
      case Merge::kNone:
        return {a, b};
      case Merge::kSum:
        return {lowering.named_op("add", "Add", {a, b})};
      case Merge::kMul:
        return {lowering.named_op("mul", "Mul", {a, b})};
      case Merge::kAve: {
        const Value sum = lowering.named_op("add", "Add", {a, b});
        return {lowering.named_op("truediv", "RealDiv", {sum, lowering.scalar("truediv/y", 2, sum)})};
      }
      case Merge::kConcat:
        break;
    }
    return {lowering.named_op("concat", "ConcatV2", {a, b, lowering.int_scalar("concat/axis", -1)},
                              {{"N", int64_t{2}}, {"Tidx", DType::kInt32}})};
  }

  [[nodiscard]] Formulas merged(const Formula& a, const Formula& b) const {
    if (merge == Merge::kNone) return {a, b};
    const double cost = a.cost + b.cost;
    if (merge == Merge::kSum) return {{a.shape, [=](const Index& o) { return a.at(o) + b.at(o); }, cost}};
    if (merge == Merge::kMul) return {{a.shape, [=](const Index& o) { return a.at(o) * b.at(o); }, cost}};
    if (merge == Merge::kAve) return {{a.shape, [=](const Index& o) { return (a.at(o) + b.at(o)) / 2; }, cost}};
    Shape shape = a.shape;
    shape[-1] += b.shape.last();
    const auto at = [=, n = a.shape.last()](const Index& o) {
      return o[-1] < n ? a.at(o) : b.at(o.with(-1, o[-1] - n));
    };
    return {{shape, at, cost / 2}};
  }
};

}  // namespace

const LayerSpec layer_bidirectional = make_spec<Bidirectional>("Bidirectional", "QBidirectional");

}  // namespace hoarfrost::keras
