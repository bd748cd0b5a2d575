// The words and signs of an expression, from its first letter on.
#pragma once

#include <string>
#include <string_view>

#include "python/value.h"

namespace hoarfrost::python {

// Each function skips blanks first; those that return bool go on only behind what they found. Errors:
// Error{kInvalidArgument} that tells the place.
class ExpressionScanner {
 protected:
  explicit ExpressionScanner(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(const std::string& what) const;
  void skip();
  bool sign(std::string_view wanted);
  void expect(std::string_view wanted);
  bool word(std::string_view wanted);
  std::string identifier();  // empty for none
  Value string();            // from its quote on
  Value number();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace hoarfrost::python
