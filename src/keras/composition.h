// Layers that are made of other layers, called one on another's results: KerasHub's TransformerEncoder and its kin.
// Each part's weights, nodes and meaning are its own layer's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keras/lowering.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {

class Composition {
 public:
  Composition(size_t n_inputs, Version version) : n_inputs_(n_inputs), version_(version) {}

  // A part, which nothing has called yet. Its weights are NAME/…, in Keras 3's files in the group GROUP, both as they
  // are where these are empty; the parts' weights follow each other in the order of these calls. json: of parse_layer,
  // without the name.
  size_t part(const std::string& name, const std::string& group, const std::string& class_name, Json json);
  size_t part(std::string name, std::string group, std::shared_ptr<const Layer> layer);

  // Calls a part on tensors: the inputs are 0, 1, …, and each call gives another, which is the composition's result
  // until the next call. Masks go on as Keras passes them.
  size_t call(size_t part, std::vector<size_t> inputs);
  // The same tensor without Keras' mask, for who does not look at it.
  size_t without_mask(size_t tensor);
  // The sum of two tensors, which has no mask, as TensorFlow's has none.
  size_t sum(size_t a, size_t b);

  // As Layer's. in: as many as there are inputs.
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

 private:
  struct Part {
    std::string name;
    std::string group;
    std::shared_ptr<const Layer> layer;
  };
  struct Step {
    size_t part;
    std::vector<size_t> inputs;
    bool is_unmasking = false;
  };
  // The inputs' shapes, and behind them each step's result's.
  [[nodiscard]] Shapes shapes(const Shapes& in) const;
  // For each part, its weights where it is called on these shapes.
  [[nodiscard]] std::vector<std::vector<WeightSpec>> specs(const Shapes& all) const;

  size_t n_inputs_;
  Version version_;
  size_t output_ = 0;
  std::vector<Part> parts_;
  std::vector<Step> steps_;
};

// A layer whose composition its inputs' shapes say: T with its `parse` and `Composition composed(const Shapes& in)
// const`, for make_spec.
template <typename T>
struct Composed : T {
  static Composed parse(const Config& config) { return {T::parse(config)}; }
  [[nodiscard]] Shapes infer(const Shapes& in) const { return this->composed(in).infer(in); }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const { return this->composed(in).weights(in); }
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const {
    return this->composed(shapes_of(in)).lower(lowering, in);
  }
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const {
    return this->composed(shapes_of(in)).reference(weights, in);
  }
};

}  // namespace hoarfrost::keras
