// What a Lambda's function does with its inputs, as a list of operations: those that TFOpLambda and Keras 3's Operation
// nodes have, and layers without weights.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keras/layer.h"
#include "keras/operation.h"
#include "python/value.h"

namespace hoarfrost::keras {

struct TraceStep {
  std::shared_ptr<const Layer> layer;
  std::vector<size_t> inputs;   // tensors of the trace
  std::vector<size_t> weights;  // of the layer, in its order: the trace's weights, counted from the first
};

class Trace {
 public:
  // The function's tensors are numbered from these on.
  explicit Trace(Shapes inputs, Version version, std::string layer_name)
      : n_inputs_(inputs.size()), shapes_(std::move(inputs)), version_(version), layer_name_(std::move(layer_name)) {}

  // Adds an operation on values: tensors, constants, lists of both. Its result is a tensor, or a list of tensors.
  // Throws Error{kUnsupported} for what the operation does not take, and past 2000 operations.
  python::Value add(const OperationSpec& operation, bool is_keras3, const std::vector<python::Value>& arguments,
                    const std::vector<std::pair<std::string, python::Value>>& keywords);
  // Adds a layer with this configuration, and with these of the trace's weights as its own: in its own order, or where
  // their names say so (weight_names), by the groups that Keras 3 files them in. Throws Error{kMismatch} for weights of
  // another number or shape.
  python::Value add_layer(const std::string& class_name, Json config, const std::vector<python::Value>& inputs,
                          const std::vector<python::Value>& weights = {});

  [[nodiscard]] const Shape& shape(const python::Value& tensor) const {
    return shapes_.at(static_cast<size_t>(tensor.integer));
  }
  // The tensor whose sizes this one holds (tf.shape's result); nullopt for others.
  [[nodiscard]] std::optional<python::Value> source_of_shape(const python::Value& tensor) const;
  [[nodiscard]] size_t n_inputs() const { return n_inputs_; }
  [[nodiscard]] const std::vector<TraceStep>& steps() const { return steps_; }
  [[nodiscard]] Version version() const { return version_; }
  // Equal for two traces that mean the same.
  [[nodiscard]] std::string meaning() const { return meaning_ + outputs_text(); }
  // Of the last inputs, which are a custom layer's weights.
  std::vector<std::string> weight_names;
  // The weights whose names begin with this path: "att" has those of "att/query/kernel".
  [[nodiscard]] std::vector<python::Value> weights_in(const std::string& path) const;
  // Whether Python 2's division was used, which is another one for whole numbers.
  bool has_classic_division = false;
  // Whether a random function stands as its distribution's mean (--random mean).
  bool random_is_mean = false;
  std::vector<size_t> outputs;

  // Sets the outputs: a tensor, or a list of tensors. Throws Error{kUnsupported} for anything else.
  void set_result(const python::Value& result);
  [[nodiscard]] Shapes output_shapes() const;
  Values lower(Lowering& lowering, const Values& in) const;
  Formulas reference(const Arrays& in) const;

 private:
  [[nodiscard]] std::vector<size_t> ordered_weights(const std::string& class_name, const std::vector<WeightSpec>& specs,
                                                    const std::vector<python::Value>& weights) const;
  python::Value add_step(TraceStep step, const std::string& said);
  [[nodiscard]] std::string outputs_text() const;

  size_t n_inputs_;
  Shapes shapes_;
  Version version_;
  std::string layer_name_;
  std::vector<TraceStep> steps_;
  std::map<size_t, size_t> shape_sources_;
  std::string meaning_;
};

// A constant as JSON, tensors as {"tensor": i} where `tensors` gets the i-th one's number. Throws Error{kUnsupported}
// for values that are neither.
Json json_of(const python::Value& value, std::vector<size_t>& tensors);
// And back; {"tensor": i} is tensor i.
python::Value value_of_json(const Json& json, int depth = 0);

}  // namespace hoarfrost::keras
