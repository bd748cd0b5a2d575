// What a callback is called with, and the table row that makes one.
#pragma once

#include <hoarfrost/callback.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "training/python_call.h"

namespace hoarfrost::training {

// The arguments of one call, by parameter. The getters throw Error{kInvalidArgument} for another kind of value.
class CallbackArguments {
 public:
  // parameters: Keras' names in Keras' order, which positional arguments follow. Throws Error{kInvalidArgument}: too
  // many arguments, one given twice, or a name that is none of them.
  CallbackArguments(const PythonCall& call, std::span<const std::string_view> parameters);

  // A value other than None.
  [[nodiscard]] bool has(std::string_view parameter) const { return find(parameter) != nullptr; }
  // Without a fallback, the argument must be there.
  [[nodiscard]] std::string get_text(std::string_view parameter, std::optional<std::string> fallback = {}) const;
  [[nodiscard]] double get_float(std::string_view parameter, double fallback) const;
  [[nodiscard]] int64_t get_int(std::string_view parameter, int64_t fallback) const;
  [[nodiscard]] bool get_bool(std::string_view parameter, bool fallback) const;
  [[nodiscard]] const PythonValue* find(std::string_view parameter) const;

  [[noreturn]] void fail(std::string_view parameter, std::string_view message) const;         // Error{kInvalidArgument}
  [[noreturn]] void unsupported(std::string_view parameter, std::string_view message) const;  // Error{kUnsupported}

 private:
  std::string class_name_;
  std::vector<std::pair<std::string_view, PythonValue>> values_;
};

struct CallbackSpec {
  std::string_view class_name;
  std::span<const std::string_view> parameters;
  std::unique_ptr<Callback> (*make)(std::string name, const CallbackArguments& arguments);
};

#define HOARFROST_CALLBACK(file) extern const CallbackSpec callback_##file;
#include "training/callbacks/callbacks.def"
#undef HOARFROST_CALLBACK

}  // namespace hoarfrost::training
