// What a Keras layer is here. A layer is a plain struct in layers/NAME.cpp that says all there is to know about it, in
// this order; make_spec turns it into a row of the registry:
//
//   struct MaxPooling2D {
//     static MaxPooling2D parse(const Config&);                        // every key, default and spelling of Keras 1,
//     2, 3 Shapes infer(const Shapes& in) const;                            // [N,H,W,C] -> [N,H',W',C]
//     std::vector<WeightSpec> weights(const Shapes& in) const;         // names, shapes, Keras' order (may be left out)
//     Values lower(Lowering&, const Values& in) const;                 // -> TensorFlow nodes, under Keras' node names
//     Formulas reference(const Arrays& weights, const Arrays& in) const;  // the meaning, as mathematics says it
//   };
//   const LayerSpec layer_max_pooling2d = make_spec<MaxPooling2D>("MaxPooling2D", "MaxPool2D");
//
// and one line HOARFROST_LAYER(max_pooling2d) in layers/layers.def declares, compiles and registers it.
#pragma once

#include <hoarfrost/graph.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keras/config.h"
#include "keras/formula.h"

namespace hoarfrost::keras {

class Lowering;
using Shapes = std::vector<Shape>;

// float16, bfloat16, float32 or float64.
bool is_floating(DType dtype);

// What flows between layers while they are lowered.
struct Value {
  graph::Endpoint tensor;
  DType dtype = DType::kFloat32;
  Shape shape =
      Shape::unknown_rank();  // set on what layers receive; on nodes made within a layer only where its author sets it
  graph::Endpoint mask = {};  // Keras' mask, bool [batch, time], where there is one
};
using Values = std::vector<Value>;
Values without_masks(Values values);

struct WeightSpec {
  std::string name;  // Keras' name within the layer: "kernel"
  Shape shape;
  bool is_trainable = true;  // Keras saves a model's trainable weights first
  std::string group = {};    // of Keras 3's files, where it is not the name's first part: "query_dense"
  bool is_also_own =
      false;  // Keras 3's files hold it a second time, in the layer's own group, before what is only there
  bool is_own_again = false;  // they hold it twice in the layer's own group, behind all trainable ones
};

// The groups, from the layer's own on, that hold a weight of that name in Keras 3's files: "query_dense",
// "forward_layer/cell"; "" where it is the layer's own.
std::string group_of(std::string_view name, std::string_view group);

// A layer with its configuration; the type behind it is the struct above.
class Layer {
 public:
  virtual ~Layer() = default;
  [[nodiscard]] virtual Shapes infer(const Shapes& in) const = 0;
  [[nodiscard]] virtual std::vector<WeightSpec> weights(const Shapes& in) const = 0;
  [[nodiscard]] virtual Values lower(Lowering& lowering, const Values& in) const = 0;
  [[nodiscard]] virtual Formulas reference(const Arrays& weights, const Arrays& in) const = 0;
  // Whether outputs keep the first input's mask when the layer sets none (Keras' supports_masking).
  [[nodiscard]] virtual bool passes_mask() const = 0;
  // Whether floating-point inputs are cast to the layer's own type before it sees them, as Keras' layers do.
  [[nodiscard]] virtual bool autocasts() const = 0;
};

struct LayerSpec {
  std::vector<std::string_view> class_names;  // Keras' name and its aliases, older ones too
  std::shared_ptr<const Layer> (*parse)(const Config& config);
};

namespace detail {
template <typename T>
class Adapter final : public Layer {
 public:
  explicit Adapter(T layer) : layer_(std::move(layer)) {}
  [[nodiscard]] Shapes infer(const Shapes& in) const override { return layer_.infer(in); }
  [[nodiscard]] std::vector<WeightSpec> weights([[maybe_unused]] const Shapes& in) const override {
    if constexpr (requires { layer_.weights(in); })
      return layer_.weights(in);
    else
      return {};
  }
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const override { return layer_.lower(lowering, in); }
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const override {
    return layer_.reference(weights, in);
  }
  [[nodiscard]] bool passes_mask() const override {
    if constexpr (requires { T::kPassesMask; })
      return T::kPassesMask;
    else if constexpr (requires { layer_.passes_mask; })  // where it hangs on the version of Keras
      return layer_.passes_mask;
    else
      return false;
  }
  [[nodiscard]] bool autocasts() const override {
    if constexpr (requires { T::kAutocasts; })
      return T::kAutocasts;
    else
      return true;
  }

 private:
  T layer_;
};
}  // namespace detail

template <typename T, size_t... N>
LayerSpec make_spec(const char (&... class_names)[N]) {
  return {{std::string_view(class_names)...}, [](const Config& config) -> std::shared_ptr<const Layer> {
            return std::make_shared<detail::Adapter<T>>(T::parse(config));
          }};
}

// The layer of that class, or nullptr. "keras.layers>Dense" and "Custom>Dense" name Dense where nothing else has the
// full name.
const LayerSpec* find_layer(std::string_view class_name);
// All of them, in layers.def's order.
std::vector<const LayerSpec*> all_layers();
// Parses one layer. Throws Error{kUnsupported} for an unknown class (saying what can be done), and for a configuration
// key that nobody read and that holds something (it might change the meaning).
std::shared_ptr<const Layer> parse_layer(const Config& config);

// For infer: throws Error{kMismatch} unless there are exactly n inputs, or the first has this rank.
void expect_inputs(const Shapes& in, size_t n);
void expect_rank(const Shape& in, int rank);

}  // namespace hoarfrost::keras
