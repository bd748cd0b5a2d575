// What options that take numbers accept. CLI11's own checks print the largest double when a number is not theirs.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace hoarfrost::cli {

// "expected a number above 0, found `0`".
inline const CLI::Validator kPositive(
    [](const std::string& text) {
      double value = 0;
      const bool is_it = CLI::detail::lexical_cast(text, value) && value > 0;
      return is_it ? std::string() : "expected a number above 0, found `" + text + "`";
    },
    "POSITIVE");
// "expected 0 or a number above it, found `many`".
inline const CLI::Validator kNotNegative(
    [](const std::string& text) {
      double value = 0;
      const bool is_it = CLI::detail::lexical_cast(text, value) && value >= 0;
      return is_it ? std::string() : "expected 0 or a number above it, found `" + text + "`";
    },
    "NONNEGATIVE");

}  // namespace hoarfrost::cli
