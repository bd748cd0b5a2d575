// Keras models written in C++, as Keras' functional API says them: the same words, the same defaults, the same names,
// and the same JSON that model.to_json() of Keras 2.15 gives. hoarfrost/layers.h has the layers.
//
//   #include <hoarfrost/layers.h>
//   using namespace hoarfrost::keras::layers;
//   using hoarfrost::keras::models::Model;
//
//   auto inputs = Input({32, 32, 3});
//   auto x = Conv2D(32, {3, 3}, {.padding = "same", .activation = "relu"})(inputs);
//   x = BatchNormalization()(x);
//   x = MaxPooling2D({2, 2})(x);
//   x = Flatten()(x);
//   Model model(inputs, Dense(10, {.activation = "softmax"})(x));
//
// What is built is a keras::Model like one that keras::load() reads: lower(), training and the rest take it. Layers,
// tensors and models are handles; copies are the same layer. Building is for one thread at a time.
#pragma once

#include <hoarfrost/keras.h>
#include <hoarfrost/tensor.h>

#include <concepts>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hoarfrost::keras {

namespace layers {
class Layer;
}

class Argument;
using Arguments = std::vector<std::pair<std::string, Argument>>;

// Something of Keras with arguments of its own: Object{"HeNormal", {{"seed", 7}}}, Object{"Adam", {{"learning_rate",
// 1e-4}}}. Those that are not said are Keras' defaults.
struct Object {
  std::string class_name;
  Arguments arguments = {};
};

// The value of an argument, as Python has it: a number, True or False, a string, None (nullptr), a tuple ({3, 3}), an
// Object or a layer. One that is not said stands for Keras' default.
class Argument {
 public:
  Argument() = default;
  Argument(std::nullptr_t) : json_("null") {}  // NOLINT(google-explicit-constructor): an argument is its value
  Argument(bool value) : json_(value ? "true" : "false") {}  // NOLINT
  template <std::integral T>
  Argument(T value) : json_(std::to_string(value)) {}  // NOLINT
  template <std::floating_point T>
  Argument(T value) : json_(text_of(value)) {}                              // NOLINT
  Argument(const char* text) : Argument(std::string_view(text)) {}          // NOLINT
  Argument(const std::string& text) : Argument(std::string_view(text)) {}   // NOLINT
  Argument(const std::filesystem::path& path) : Argument(path.string()) {}  // NOLINT
  Argument(std::string_view text);                                          // NOLINT
  Argument(std::initializer_list<Argument> items) : Argument(std::vector<Argument>(items)) {}
  Argument(const std::vector<Argument>& items);  // NOLINT
  Argument(const Object& object);                // NOLINT
  Argument(const layers::Layer& layer);          // NOLINT: as Bidirectional and TimeDistributed take one

  // What Keras' JSON says, as it stands.
  static Argument from_json(std::string text) {
    Argument result;
    result.json_ = std::move(text);
    return result;
  }

  [[nodiscard]] bool is_said() const { return !json_.empty(); }
  [[nodiscard]] const std::string& json() const { return json_; }  // "" when it is not said

 private:
  static std::string text_of(double value);
  std::string json_;
};

namespace layers {

using keras::Argument;
using keras::Arguments;
using keras::Object;

// What layers take and give: a symbolic tensor, or several. x[1] is the second of a layer that gives several, {x, y}
// what a merging layer takes.
class KerasTensor {
 public:
  KerasTensor(std::initializer_list<KerasTensor> tensors) : KerasTensor(std::vector<KerasTensor>(tensors)) {}
  KerasTensor(const std::vector<KerasTensor>& tensors);  // NOLINT(google-explicit-constructor): as Keras takes lists
  [[nodiscard]] size_t size() const { return parts_.size(); }
  // Throws Error{kInvalidArgument} beyond the last one.
  [[nodiscard]] KerasTensor operator[](size_t i) const;
  // Of the first one, with the batch; kUnknown where it is open.
  [[nodiscard]] const Shape& shape() const;

  // What follows is the builder's own.
  struct Node;  // a call of a layer
  struct Part {
    std::shared_ptr<const Node> node;
    size_t output = 0;
  };
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
  [[nodiscard]] bool is_list() const { return is_list_; }  // {x}, as a keyword argument may be, is not x
  explicit KerasTensor(std::vector<Part> parts) : parts_(std::move(parts)) {}

 private:
  std::vector<Part> parts_;
  bool is_list_ = false;
};

// Arguments of a call beside its inputs: {{"value", v}, {"use_causal_mask", true}}, {{"initial_state", {h, c}}}.
class CallArgument {
 public:
  CallArgument(KerasTensor tensors) : value_(std::move(tensors)) {}  // NOLINT(google-explicit-constructor)
  CallArgument(std::initializer_list<KerasTensor> tensors) : value_(KerasTensor(tensors)) {}
  template <typename T>
  requires(std::constructible_from<Argument, T> && !std::constructible_from<KerasTensor, T>) CallArgument(T&& value)
      : value_(Argument(std::forward<T>(value))) {}  // NOLINT
  [[nodiscard]] const std::variant<Argument, KerasTensor>& value() const { return value_; }

 private:
  std::variant<Argument, KerasTensor> value_;
};
using CallArguments = std::vector<std::pair<std::string, CallArgument>>;

// A layer of any class that `hoarfrost layers` lists, by Keras' class name and the keywords of its constructor:
//   Layer("Conv2D", {{"filters", 32}, {"kernel_size", {3, 3}}, {"padding", "same"}})
// A class that Keras 2.15 does not have takes its configuration as it is to stand in the JSON.
class Layer {
 public:
  // Throws Error{kInvalidArgument} for a keyword that the class has not, naming the nearest, or one that is missing.
  explicit Layer(const std::string& class_name, const Arguments& arguments = {});
  // The InputLayer of what Input() gave, for Sequential.
  Layer(const KerasTensor& input);  // NOLINT(google-explicit-constructor): as Keras takes it

  // Calls the layer: each call of it has the same weights. Throws Error{kMismatch | kCorrupt | kUnsupported} naming the
  // layer: shapes that do not meet, an argument that makes no sense, a class or an option that is not supported.
  KerasTensor operator()(const KerasTensor& inputs, const CallArguments& arguments = {}) const;

  [[nodiscard]] const std::string& name() const;        // `conv2d_1`: the `name` that was said, or Keras' own
  [[nodiscard]] const std::string& class_name() const;  // "Conv2D"

  struct State;
  [[nodiscard]] const std::shared_ptr<State>& state() const { return state_; }

 protected:
  explicit Layer(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

struct InputOptions {
  Argument name{};
  Argument dtype = "float32";
  Argument batch_size{};  // None: any
};
// The beginning of a functional model. shape: of one example, without the batch; nullptr (None) for open sizes.
KerasTensor Input(const Argument& shape, const InputOptions& options = {});

}  // namespace layers

namespace models {

// keras.Model(inputs, outputs). A model is a layer: it may be called, and stand in another model.
class Model : public layers::Layer {
 public:
  // name: "" for Keras' own: `model`, `model_1`, …  Throws Error{kInvalidArgument}: an input that no Input() made,
  // outputs that depend on inputs that are not given, two layers of one name.
  Model(const layers::KerasTensor& inputs, const layers::KerasTensor& outputs, const std::string& name = "");

  // model.to_json() of Keras 2.15.
  [[nodiscard]] std::string to_json() const;
  // The same model as keras::load() reads it; without weights, which training draws.
  [[nodiscard]] std::shared_ptr<const keras::Model> built() const;

 protected:
  using Layer::Layer;
};

// keras.Sequential([…]). Its first layer says the shape: Input({28, 28, 1}), or its argument `input_shape`.
class Sequential : public Model {
 public:
  // Throws Error{kInvalidArgument} without a layer, or where the first does not say its shape; and what calls throw.
  explicit Sequential(const std::vector<layers::Layer>& layers, const std::string& name = "");
};

}  // namespace models

// keras.backend.clear_session(): names are counted anew, from `conv2d`, `input_1` and `model`.
void clear_session();

}  // namespace hoarfrost::keras
