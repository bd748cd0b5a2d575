// The function of a Lambda layer, read from its configuration: Python's code, or an expression that a person gave.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keras/lambda/trace.h"
#include "python/interpret.h"

namespace hoarfrost::keras {

class LambdaFunction {
 public:
  // Reads `function`, `function_type` (Keras 1 and 2) or the object that Keras 3 writes, or `expression` (--lambda).
  // Throws Error{kUnsupported} for a function that is only named, Error{kCorrupt} for bytes that are no code.
  static LambdaFunction parse(const Config& config);

  // Given by a person: of all inputs, whichever way the call gives them.
  [[nodiscard]] bool is_expression() const { return !expression_.empty(); }

  // What the function does with tensors of these shapes. The version of Python is not in the file: every version in
  // which the code is well formed is tried, and all that can be followed must mean the same. arguments: the call's,
  // tensors being {"tensor": i}; keywords: an object. Throws Error{kUnsupported} with the code's disassembly behind the
  // first line.
  // weight_names: of the last inputs, which an expression has as `w`.
  [[nodiscard]] Trace follow(const Shapes& inputs, const Json& arguments, const Json& keywords,
                             const std::vector<std::string>& weight_names = {}) const;

  // The names that the code, and code within it, takes from outside: globals. None of an expression.
  [[nodiscard]] std::vector<std::string> outer_names() const;
  // The versions of CPython in which the code is well formed, ascending.
  [[nodiscard]] std::vector<int> versions() const;

 private:
  struct Candidate {
    int version;
    std::shared_ptr<const python::Code> code;
  };
  [[nodiscard]] Trace follow(const Candidate& candidate, const Shapes& inputs, const Json& arguments,
                             const Json& keywords) const;

  std::vector<Candidate> candidates_;
  Json defaults_;
  Json closure_;
  std::string expression_;
  std::string option_;              // by which it was given
  Json replaced_ = Json::object();  // the configuration of the layer in whose place an expression stands
  Version keras_;
  bool random_is_mean_ = false;
  std::string name_;
};

}  // namespace hoarfrost::keras
