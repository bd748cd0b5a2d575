// Names as Keras 2.15 makes them (keras/src/backend.py: unique_object_name; utils/generic_utils.py: to_snake_case).
#include <cctype>
#include <map>

#include "keras/builder/state.h"

namespace hoarfrost::keras {
namespace {

std::map<std::string, int64_t>& counters() {
  static std::map<std::string, int64_t> counters;
  return counters;
}

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

// "(.)([A-Z][a-z]+)" and then "([a-z])([A-Z])" get a _ between their groups.
std::string snake_case(const std::string& name) {
  const auto is_rest = [&](size_t i) { return i < name.size() && is_lower(name[i]); };
  std::string first;
  size_t free_from = 1;  // the regular expression's matches do not overlap
  for (size_t i = 0; i < name.size(); ++i) {
    if (i >= free_from && is_upper(name[i]) && is_rest(i + 1)) {
      first += '_';
      size_t end = i + 1;
      while (is_rest(end)) ++end;
      free_from = end + 1;
    }
    first += name[i];
  }
  std::string result;
  for (size_t i = 0; i < first.size(); ++i) {
    if (i > 0 && is_upper(first[i]) && is_lower(first[i - 1])) result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(first[i])));
  }
  return result;
}

}  // namespace

namespace builder {

std::string unique_name(const std::string& class_name) {
  const std::string stem = snake_case(class_name);
  const int64_t n = counters()[stem]++;
  return n == 0 ? stem : stem + '_' + std::to_string(n);
}

std::string unique_input_name() { return "input_" + std::to_string(++counters()["input"]); }

}  // namespace builder

void clear_session() { counters().clear(); }

}  // namespace hoarfrost::keras
