// Python's own functions, and those of math and numpy on numbers.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/lambda/arrays.h"
#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;
using Given = std::vector<python::Value>;

python::Value range(const Given& given) {
  int64_t parts[3] = {0, 0, 1};
  if (given.empty() || given.size() > 3) refuse("range with other than one to three arguments");
  for (size_t i = 0; i < given.size(); ++i) {
    if (!given[i].is(Kind::kInt)) refuse(fmt::format("range of {}, which is no number", given[i].repr()));
    parts[given.size() == 1 ? 1 : i] = given[i].integer;
  }
  if (parts[2] == 0) refuse("range with step 0");
  std::vector<python::Value> items;
  for (int64_t i = parts[0]; parts[2] > 0 ? i < parts[1] : i > parts[1]; i += parts[2]) {
    if (items.size() >= 10000) refuse("range of more than 10000 numbers");
    items.push_back(python::Value::whole(i));
  }
  return python::Value::list(std::move(items));
}

python::Value zip(const std::vector<Given>& columns) {
  size_t n = columns.empty() ? 0 : columns[0].size();
  for (const Given& column : columns) n = std::min(n, column.size());
  std::vector<python::Value> rows;
  for (size_t i = 0; i < n; ++i) {
    std::vector<python::Value> row;
    for (const Given& column : columns) row.push_back(column[i]);
    rows.push_back(python::Value::tuple(std::move(row)));
  }
  return python::Value::list(std::move(rows));
}

python::Value whole_of(const python::Value& value) {
  if (!value.is_number()) refuse(fmt::format("int of {}", value.repr()));
  if (std::fabs(value.as_double()) > 1e15) refuse("int of more than 1e15");
  return python::Value::whole(static_cast<int64_t>(std::trunc(value.as_double())));
}

// sum, max and min of a list, or of the arguments.
python::Value folded(Meaning& meaning, const std::string& name, const Given& given) {
  Given items = given.size() == 1 ? python::elements(given[0]) : given;
  if (name == "sum") {
    if (given.size() == 2) {
      items = python::elements(given[0]);
      items.insert(items.begin(), given[1]);
    } else {
      items.insert(items.begin(), python::Value::whole(0));
    }
  }
  if (items.empty()) refuse(fmt::format("{} of nothing", name));
  python::Value result = items[0];
  for (size_t i = 1; i < items.size(); ++i) {
    if (name == "sum") {
      const bool is_first = result.is(Kind::kInt) && result.integer == 0 && items[i].is(Kind::kTensor);
      const auto constant = python::constant_binary("+", result, items[i]);
      result = is_first ? items[i] : constant ? *constant : meaning.binary("+", result, items[i]);
      continue;
    }
    const auto is_less = python::constant_compare("<", items[i], result);
    if (!is_less) refuse(fmt::format("{} of {}, which is no number", name, items[i].repr()));
    if ((is_less->integer != 0) == (name == "min")) result = items[i];
  }
  return result;
}

bool is_of_type(const python::Value& value, const python::Value& type) {
  if (type.is_sequence())
    return std::ranges::any_of(*type.items, [&](const python::Value& one) { return is_of_type(value, one); });
  if (type.text == "list") return value.is(Kind::kList);
  if (type.text == "tuple") return value.is(Kind::kTuple);
  if (type.text == "int") return value.is(Kind::kInt);
  if (type.text == "float") return value.is(Kind::kFloat);
  refuse(fmt::format("isinstance of {}", type.repr()));
}

std::optional<python::Value> call_python(Meaning& meaning, const std::string& name, const Given& given) {
  if (name == "range" || name == "xrange") return range(given);
  if (name == "sum" || name == "max" || name == "min") return folded(meaning, name, given);
  if (name == "zip") {
    std::vector<Given> columns;
    for (const python::Value& column : given) columns.push_back(python::elements(column));
    return zip(columns);
  }
  if ((name == "list" || name == "tuple") && given.size() <= 1) {
    Given items = given.empty() ? Given() : python::elements(given[0]);
    return name == "list" ? python::Value::list(std::move(items)) : python::Value::tuple(std::move(items));
  }
  if (name == "isinstance" && given.size() == 2) return python::Value::boolean(is_of_type(given[0], given[1]));
  if (name == "slice" && given.size() == 2)
    return python::Value::with(Kind::kSlice, {given[0], given[1], python::Value::none()});
  if (name == "pow" && given.size() == 2) {
    const auto constant = python::constant_binary("**", given[0], given[1]);
    return constant ? *constant : meaning.binary("**", given[0], given[1]);
  }
  if (given.size() != 1) return {};
  const python::Value& x = given[0];
  if (name == "len") {
    if (x.is(Kind::kTensor)) {
      const python::Value shape = meaning.shape_of(x);
      if (shape.items->empty() || !shape.items->front().is(Kind::kInt))
        refuse("len of a tensor whose first size is not known");
      return shape.items->front();
    }
    return python::Value::whole(static_cast<int64_t>(python::elements(x).size()));
  }
  if (name == "int") return whole_of(x);
  if (name == "float" && x.is_number()) return python::Value::real(x.as_double());
  if (name == "bool") {
    if (const auto truth = python::truth(x)) return python::Value::boolean(*truth);
  }
  if (name == "abs") {
    if (x.is(Kind::kTensor)) return meaning.operation("math.abs", {x});
    if (x.is(Kind::kFloat)) return python::Value::real(std::fabs(x.number));
    if (x.is_number()) return python::Value::whole(std::abs(x.integer));
  }
  if (name == "round" && x.is_number())
    return python::Value::whole(static_cast<int64_t>(std::nearbyint(std::clamp(x.as_double(), -1e15, 1e15))));
  if (name == "reversed") {
    Given items = python::elements(x);
    std::ranges::reverse(items);
    return python::Value::list(std::move(items));
  }
  if (name == "enumerate") {
    const Given items = python::elements(x);
    Given numbers;
    for (size_t i = 0; i < items.size(); ++i) numbers.push_back(python::Value::whole(static_cast<int64_t>(i)));
    return zip({numbers, items});
  }
  return {};
}

struct Numeric {
  std::string_view name;
  double (*of)(double);
};
constexpr Numeric kNumeric[] = {
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"exp", [](double x) { return std::exp(x); }},
    {"log", [](double x) { return std::log(x); }},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"log2", [](double x) { return std::log2(x); }},
    {"log10", [](double x) { return std::log10(x); }},
    {"abs", [](double x) { return std::fabs(x); }},
    {"square", [](double x) { return x * x; }},
    {"float32", [](double x) { return static_cast<double>(static_cast<float>(x)); }},
    {"float64", [](double x) { return x; }},
};

struct Renamed {
  std::string_view name;
  std::string_view op;
};
constexpr Renamed kTwo[] = {{"power", "**"},   {"pow", "**"},   {"add", "+"}, {"subtract", "-"},
                            {"multiply", "*"}, {"divide", "/"}, {"mod", "%"}, {"floor_divide", "//"}};

// math's and numpy's functions of numbers; numpy's of tensors are TensorFlow's where it runs Keras, and not known here.
std::optional<python::Value> call_numeric(const std::string& name, const Given& given) {
  const std::string function = name.substr(name.find('.') + 1);
  const bool is_numpy = name.starts_with("np.");
  if (is_numpy && (function == "array" || function == "asarray" || function == "float32") && !given.empty() &&
      given[0].is_sequence()) {
    if (given[0].has_tensor()) refuse(fmt::format("it calls `{}` of a tensor", name));
    return python::Value::with(Kind::kArray, *given[0].items);
  }
  if (is_numpy && function == "prod" && given.size() == 1 && given[0].is_sequence()) {
    python::Value result = python::Value::whole(1);
    for (const python::Value& item : *given[0].items) {
      const auto product = python::constant_binary("*", result, item);
      if (!product) refuse(fmt::format("np.prod of {}", given[0].repr()));
      result = *product;
    }
    return result;
  }
  const auto* two = std::ranges::find(kTwo, function, &Renamed::name);
  if (given.size() == 2 && two != std::end(kTwo)) {
    const auto array = array_binary(two->op, given[0], given[1]);
    const auto number = array ? array : python::constant_binary(two->op, given[0], given[1]);
    if (number) return *number;
  }
  const auto* found = std::ranges::find(kNumeric, function, &Numeric::name);
  if (given.size() == 1 && found != std::end(kNumeric) && is_numpy) {
    if (const auto array = array_of_each(given[0], found->of)) return *array;
  }
  if (given.size() != 1 || !given[0].is_number()) return {};
  if (function == "int32" || function == "int64") return whole_of(given[0]);
  if (found == std::end(kNumeric)) return {};
  const double result = found->of(given[0].as_double());
  if (!is_numpy && (function == "floor" || function == "ceil")) return whole_of(python::Value::real(result));
  return python::Value::real(result);
}

}  // namespace

std::optional<python::Value> call_builtin(Meaning& meaning, const std::string& name,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords) {
  const size_t point = name.find('.');
  if (name.starts_with("np.")) {
    if (auto result = call_array(name.substr(point + 1), arguments, keywords)) return result;
  }
  constexpr std::string_view kArrays[] = {"zeros", "ones", "eye", "range", "arange", "linspace", "fill", "full"};
  if ((name.starts_with("tf.") || name.starts_with("K.") || name.starts_with("ops.")) &&
      std::ranges::find(kArrays, name.substr(point + 1)) != std::end(kArrays) &&
      std::ranges::none_of(keywords, [](const auto& entry) { return entry.first == "batch_shape"; })) {
    if (auto result = call_array(name.substr(point + 1), arguments, keywords)) return result;
  }
  if (name.starts_with("math.") || name.starts_with("np.")) {
    const bool has_only_dtype = std::ranges::all_of(keywords, [](const auto& entry) { return entry.first == "dtype"; });
    return has_only_dtype ? call_numeric(name, arguments) : std::nullopt;
  }
  return name.find('.') == std::string::npos && keywords.empty() ? call_python(meaning, name, arguments) : std::nullopt;
}

}  // namespace hoarfrost::keras
