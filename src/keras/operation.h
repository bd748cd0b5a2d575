// Operations as layers: what tf.keras' TFOpLambda and SlicingOpLambda and Keras 3's Operation nodes hold. Each
// operation is one row under Keras 3's class name and TensorFlow's function names; it sees its operands (tensors of the
// model, or constants of the call) as a layer sees its inputs, and is a layer without weights.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

// A tensor of the model, or a constant that takes the type of the tensors it meets.
struct Operand {
  std::optional<size_t> input;
  Tensor constant;        // float64
  bool is_float = false;  // written with a fraction: 2.0
};

// The call of one operation, while it is parsed. Arguments are found by position, then by name.
class OperationCall {
 public:
  OperationCall(const Config& config, bool is_keras3);
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] bool is_keras3() const { return is_keras3_; }

  // nullptr for none and for null.
  const Json* find(size_t position, Config::Names names);
  // Adds the argument to the operands, in the order of these calls. A list gives one operand per element with
  // operands(); with operand() it is one constant.
  void operand(size_t position, Config::Names names);
  void operands(size_t position, Config::Names names);
  void add(const Json& value);
  [[nodiscard]] const std::vector<Operand>& all() const { return operands_; }

  std::optional<int64_t> integer(size_t position, Config::Names names);
  std::optional<double> number(size_t position, Config::Names names);
  bool flag(size_t position, Config::Names names, bool fallback = false);
  // Whole numbers, one or a list; nullopt for none.
  std::optional<std::vector<int64_t>> integers(size_t position, Config::Names names);
  std::string text(size_t position, Config::Names names, std::string_view fallback);
  // Error{kUnsupported} for an argument that nobody asked for.
  void expect_all_read() const;

 private:
  const Config& config_;
  bool is_keras3_;
  std::vector<Json> positional_;
  Json named_;
  std::vector<bool> read_positions_;
  std::set<std::string> read_names_;
  std::vector<Operand> operands_;
};

struct OperationSpec {
  std::string_view name;       // Keras 3's class: "ExpandDims"
  std::string_view functions;  // TensorFlow's names as TFOpLambda writes them, separated by blanks: "expand_dims"
  std::shared_ptr<const Layer> (*parse)(OperationCall& call, std::string_view name);
};

std::span<const OperationSpec> unary_operations();
std::span<const OperationSpec> binary_operations();
std::span<const OperationSpec> activation_operations();
std::span<const OperationSpec> reduction_operations();
std::span<const OperationSpec> cumulative_operations();
std::span<const OperationSpec> normalization_operations();
std::span<const OperationSpec> shape_operations();
std::span<const OperationSpec> joining_operations();
std::span<const OperationSpec> rearrangement_operations();
std::span<const OperationSpec> index_operations();
std::span<const OperationSpec> placement_operations();
std::span<const OperationSpec> padding_operations();
std::span<const OperationSpec> product_operations();
std::span<const OperationSpec> filling_operations();
std::span<const OperationSpec> selection_operations();
std::span<const OperationSpec> image_operations();
std::span<const OperationSpec> window_operations();
std::span<const OperationSpec> fourier_operations();
std::span<const OperationSpec> matrix_operations();
std::span<const OperationSpec> factorization_operations();
std::span<const OperationSpec> scatter_operations();
std::span<const OperationSpec> derived_operations();

// Every operation; the one of this Keras 3 class, or of this TensorFlow function; nullptr for none.
std::vector<const OperationSpec*> all_operations();
const OperationSpec* find_operation_class(std::string_view class_name);
const OperationSpec* find_operation_function(std::string_view function);

// A Keras 3 Operation node: its constructor's arguments are the configuration. Errors as parse_layer.
std::shared_ptr<const Layer> parse_operation(const Config& config);
// A TFOpLambda of that function; SlicingOpLambda is one of `__operators__.getitem`.
std::shared_ptr<const Layer> parse_function(const Config& config, const std::string& function);

// The call that the configuration's `call_arguments` are, of that operation; for who has no TFOpLambda of it. Errors as
// parse_layer.
std::shared_ptr<const Layer> parse_call(const Config& config, const OperationSpec& operation, bool is_keras3);

// For operations: an object of theirs as the layer that parse gives.
template <typename T>
std::shared_ptr<const Layer> make_operation(T operation) {
  return std::make_shared<detail::Adapter<T>>(std::move(operation));
}

// Both in one type: the wider of two floats or of two integers, a float before an integer.
DType promoted(DType a, DType b);
Value cast_to(Lowering& lowering, const Value& x, DType dtype);

}  // namespace hoarfrost::keras
