// Names with numbers in them, as Python's str.format makes them: weights.{epoch:02d}-{val_loss:.2f}.h5
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::training {

// What Python writes between the name and the brace: [[fill]align][sign][#][0][width][.precision][type].
struct PythonFormatSpec {
  char fill = ' ';
  char align = '>';  // < > = ^
  char sign = '-';   // - + or a space
  bool is_alternate = false;
  size_t width = 0;
  int precision = -1;  // -1: none
  char type = '\0';    // \0: none
};

class PythonFormat {
 public:
  // is_whole: whether the number of that name is an int in Python. Throws Error{kInvalidArgument} at `where`: braces
  // that do not meet, a format that Python refuses for such a number; Error{kUnsupported} for what file names hardly
  // have: `!r`, grouping by thousands, names with an index.
  PythonFormat(std::string text, std::string where, const std::function<bool(std::string_view name)>& is_whole);

  // The names of the numbers, in their order.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::string format(const std::function<double(const std::string& name)>& number) const;

 private:
  struct Part {
    std::string text;  // literal, before the field
    std::string name;  // "" after the last field
    PythonFormatSpec spec;
    bool is_whole = false;
  };
  std::vector<Part> parts_;
};

// One number by one specification.
std::string python_formatted(double value, bool is_whole, const PythonFormatSpec& spec);

}  // namespace hoarfrost::training
