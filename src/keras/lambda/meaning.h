// What names, operators and calls in a Lambda's function mean: TensorFlow's, keras.backend's, Keras 3's and numpy's
// functions of a known list (docs/lambda.md), shapes, and Python's own len, range and the like. Everything else is
// refused.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keras/lambda/trace.h"
#include "python/interpret.h"

namespace hoarfrost::keras {

class Meaning final : public python::Semantics {
 public:
  explicit Meaning(Trace& trace) : trace_(&trace) {}

  // Each throws Error{kUnsupported}, naming what is not known.
  python::Value global(const std::string& name) override;
  python::Value attribute(const python::Value& object, const std::string& name) override;
  python::Value binary(std::string_view op, const python::Value& a, const python::Value& b) override;
  python::Value unary(std::string_view op, const python::Value& a) override;
  python::Value compare(std::string_view op, const python::Value& a, const python::Value& b) override;
  python::Value subscript(const python::Value& object, const python::Value& key) override;
  python::Value call(const python::Value& function, const std::vector<python::Value>& arguments,
                     const python::Keywords& keywords) override;

  // Who calls a function of the code that is an argument: of tf.cond, tf.while_loop.
  using Caller = std::function<python::Value(const python::Function&, std::vector<python::Value>)>;
  void set_caller(Caller caller) { caller_ = std::move(caller); }
  // Throws Error{kUnsupported} for what is no function, or where there is no code.
  python::Value call_back(const python::Value& function, std::vector<python::Value> arguments);

  // For the tables of functions: an operation by TensorFlow's name.
  python::Value operation(std::string_view function, const std::vector<python::Value>& arguments,
                          const python::Keywords& keywords = {});
  [[nodiscard]] Trace& trace() { return *trace_; }
  // The sizes of a tensor, None where they are not known.
  [[nodiscard]] python::Value shape_of(const python::Value& tensor) const;

 private:
  // What `key` takes of the result of tf.shape, where these sizes are known: a number, or an array of them.
  [[nodiscard]] std::optional<python::Value> known_sizes(const python::Value& shape, const python::Value& key) const;

  Trace* trace_;
  Caller caller_;
};

// Throws Error{kUnsupported}; function.cpp says the layer and shows the disassembly.
[[noreturn]] void refuse(const std::string& what);

// A call's arguments by the parameters of its function.
class BoundArguments {
 public:
  // parameters: separated by blanks, "x axis=-1 keepdims=False": what stands behind = is the default; "axis=None".
  // Throws Error{kUnsupported} for an argument that is none of them, and one that has no default and is not given.
  BoundArguments(std::string_view function, std::string_view parameters, const std::vector<python::Value>& given,
                 const python::Keywords& keywords);
  [[nodiscard]] const python::Value& operator[](std::string_view parameter) const;

 private:
  std::vector<std::pair<std::string, python::Value>> values_;
};

// A function by its whole name ("K.mean", "tf.nn.relu", "len"), called. nullopt for one that the family has not.
std::optional<python::Value> call_backend(Meaning& meaning, const std::string& name,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords);
std::optional<python::Value> call_tensorflow(Meaning& meaning, const std::string& name,
                                             const std::vector<python::Value>& arguments,
                                             const python::Keywords& keywords);
// tf.FUNCTION of functions: tf.cond, tf.while_loop, tf.function.
std::optional<python::Value> call_control(Meaning& meaning, const std::string& function,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords);
// tf.FUNCTION of images: resizing, blocks, borders, pooling.
std::optional<python::Value> call_image(Meaning& meaning, const std::string& function,
                                        const std::vector<python::Value>& arguments, const python::Keywords& keywords);
// Functions that make complex tensors (tf.signal's transforms, tf.complex), or are called with one among their
// arguments; nullopt for others. Throws Error{kUnsupported} for what is not known of complex numbers.
std::optional<python::Value> call_complex(Meaning& meaning, const std::string& name,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords);
python::Value complex_binary(Meaning& meaning, std::string_view op, const python::Value& a, const python::Value& b);
// [real part, imaginary part], both tensors.
python::Value complex_parts(Meaning& meaning, const python::Value& x);
// keras.layers.CLASS(…): a layer, a method by the name kCallsLayer; and what it gives when it is called. nullopt for
// what is none of keras.layers.
inline constexpr std::string_view kCallsLayer = "__call__";
std::optional<python::Value> make_layer(Meaning& meaning, const std::string& name,
                                        const std::vector<python::Value>& arguments, const python::Keywords& keywords);
python::Value call_layer(Meaning& meaning, const python::Value& layer, const std::vector<python::Value>& arguments,
                         const python::Keywords& keywords);
// keras.applications.MODEL.preprocess_input, of images with their channels last.
std::optional<python::Value> call_preprocessing(Meaning& meaning, const std::string& name,
                                                const std::vector<python::Value>& arguments,
                                                const python::Keywords& keywords);
std::optional<python::Value> call_builtin(Meaning& meaning, const std::string& name,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords);

// The value of a constant among names ("np.pi", "tf.float32"); nullopt for others.
std::optional<python::Value> constant_named(const std::string& name);
// The name under one root: "tensorflow.keras.backend.mean" -> "K.mean".
std::string canonical_name(std::string name);

}  // namespace hoarfrost::keras
