// A layer's configuration as Keras wrote it: typed access that knows the spellings of Keras 1, 2 and 3, and errors that
// name the layer. Keys that no one asked for are reported by unread(), so that a key that changes a meaning is never
// ignored.
#pragma once

#include <hoarfrost/tensor.h>

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace hoarfrost::keras {

using Json = nlohmann::ordered_json;

// The Keras that wrote the file. Where versions differ (hard_sigmoid, bilinear, reset_after), it decides.
struct Version {
  int major = 2;
  int minor = 15;
  bool is_tf_keras = false;  // "2.2.4-tf": TensorFlow's own Keras, which went ahead of Keras 2.3 here and there
  int patch = 0;             // only Keras 1.0 changed meanings with it
  bool is_theano = false;    // it ran on Theano, which flips kernels and pads SAME otherwise (window.h)
  auto operator<=>(const Version& other) const { return std::tie(major, minor) <=> std::tie(other.major, other.minor); }
  bool operator==(const Version& other) const { return major == other.major && minor == other.minor; }
};

class Config {
 public:
  // json must be an object and outlive the Config. class_name and the "name" key make the place of errors.
  Config(const Json& json, std::string class_name, Version version);

  [[nodiscard]] const std::string& class_name() const { return class_name_; }
  [[nodiscard]] std::string name() const;
  [[nodiscard]] Version version() const { return version_; }
  [[nodiscard]] const Json& json() const { return *json_; }
  // "layer `conv1` (Conv2D)"
  [[nodiscard]] std::string where() const;

  // Whether the key is there and not null. A name list takes the first that is: {"strides", "subsample"}.
  using Names = std::initializer_list<std::string_view>;
  [[nodiscard]] bool has(std::string_view key) const;

  // The value under the first of these names that is there; without any, the fallback, or Error{kCorrupt} naming the
  // layer and the key. Error{kCorrupt} too when it is of another kind.
  [[nodiscard]] int64_t get_int(Names names, std::optional<int64_t> fallback = {}) const;
  [[nodiscard]] double get_float(Names names, std::optional<double> fallback = {}) const;
  [[nodiscard]] bool get_bool(Names names, std::optional<bool> fallback = {}) const;
  [[nodiscard]] std::string get_string(Names names, std::optional<std::string> fallback = {}) const;
  // A number stands for n equal ones: kernel_size 3 is [3, 3]. Error when a list has another length.
  [[nodiscard]] std::vector<int64_t> get_ints(Names names, size_t n, std::optional<int64_t> fallback = {}) const;
  // A list of any length (or one number).
  [[nodiscard]] std::vector<int64_t> get_list(Names names, std::optional<std::vector<int64_t>> fallback = {}) const;
  // A shape with null for unknown sizes.
  [[nodiscard]] Shape get_shape(Names names) const;
  // The raw value, or nullptr when it is missing or null.
  [[nodiscard]] const Json* find(Names names) const;
  // For keys that mean nothing for inference.
  void ignore(Names names) const;

  // The compute type: "float32", or a policy's ("mixed_float16" computes in float16); float32 without one.
  [[nodiscard]] DType dtype() const;

  // Keys nobody asked for, without those that every layer may have and that mean nothing here (trainable, initializers,
  // regularizers, constraints, build information).
  [[nodiscard]] std::vector<std::string> unread() const;

  [[noreturn]] void fail(std::string_view message) const;         // Error{kCorrupt}
  [[noreturn]] void unsupported(std::string_view message) const;  // Error{kUnsupported}

 private:
  const Json* json_;
  std::string class_name_;
  Version version_;
  mutable std::set<std::string, std::less<>> read_;
};

}  // namespace hoarfrost::keras
