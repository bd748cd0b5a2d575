// What EarlyStopping, ReduceLROnPlateau and ModelCheckpoint share: a logged quantity that ought to fall or to rise.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "training/callbacks/arguments.h"
#include "training/json.h"

namespace hoarfrost::training {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A logged number as Keras has it: a Python float made of a float32.
inline double as_keras(double logged) { return static_cast<double>(static_cast<float>(logged)); }

// The value of that name. `acc`, as Keras called it before 2.3, stands for `accuracy`, and the other way round, also
// behind `val_`.
std::optional<double> logged(const Logs& logs, std::string_view name);

// Throws Error{kInvalidArgument} before training where the logs will not have it: `where` and the nearest names. `lr`,
// which callbacks add, is never missed.
void expect_logged(const Control& control, std::string_view name, std::string_view where);

// "loss,accuracy", as Keras' warnings have them.
std::string logged_names(const Logs& logs);

// The argument `mode`: whether more is better. `by_name`, of the monitored quantity, decides for `auto`.
bool more_is_better(const CallbackArguments& arguments, bool by_name);

// What a callback remembers, out of set_state()'s text. Throws Error{kCorrupt} for no JSON object.
class CallbackState {
 public:
  CallbackState(std::string callback, const std::string& text);
  // Throws Error{kCorrupt} without a number under the key. null is `if_null`.
  [[nodiscard]] double get(std::string_view key, double if_null = 0) const;
  [[nodiscard]] int64_t get_int(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> get_names(std::string_view key) const;

 private:
  [[noreturn]] void fail(std::string_view key) const;
  std::string callback_;
  Json json_;
};

}  // namespace hoarfrost::training
