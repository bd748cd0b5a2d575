#include "keras/lambda/arrays.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;
using Given = std::vector<python::Value>;

constexpr int64_t kMost = 1 << 18;

struct Numbers {
  std::vector<int64_t> shape;
  std::vector<double> values;  // row by row
  bool is_float = false;
};

int64_t count(const std::vector<int64_t>& shape) {
  int64_t n = 1;
  for (const int64_t size : shape) {
    if (size < 0 || size > kMost || n * std::max<int64_t>(size, 1) > kMost)
      refuse(fmt::format("an array of more than {} numbers", kMost));
    n *= size;
  }
  return n;
}

bool is_list(const python::Value& value) { return value.is_sequence() || value.is(Kind::kArray); }

// The sizes of the lists within lists, by each list's first element.
std::vector<int64_t> sizes_within(const python::Value& value) {
  constexpr size_t kMostAxes = 7;
  std::vector<int64_t> result;
  const python::Value* inner = &value;
  while (is_list(*inner) && result.size() < kMostAxes) {
    result.push_back(static_cast<int64_t>(inner->items->size()));
    if (inner->items->empty()) break;
    inner = &inner->items->front();
  }
  return result;
}

void read(const python::Value& value, size_t depth, Numbers& result) {
  if (is_list(value)) {
    const bool fits = depth < result.shape.size() && result.shape[depth] == static_cast<int64_t>(value.items->size());
    if (!fits) refuse("an array of ragged lists");
    for (const python::Value& item : *value.items) read(item, depth + 1, result);
    return;
  }
  if (!value.is_number() || depth != result.shape.size()) refuse(fmt::format("an array with {}", value.repr()));
  result.is_float = result.is_float || value.is(Kind::kFloat);
  result.values.push_back(value.as_double());
}

Numbers numbers_of(const python::Value& value) {
  Numbers result;
  result.shape = sizes_within(value);
  read(value, 0, result);
  return result;
}

python::Value value_at(const Numbers& numbers, size_t depth, size_t& next) {
  if (depth == numbers.shape.size()) {
    const double value = numbers.values[next++];
    return numbers.is_float ? python::Value::real(value) : python::Value::whole(static_cast<int64_t>(value));
  }
  Given items;
  for (int64_t i = 0; i < numbers.shape[depth]; ++i) items.push_back(value_at(numbers, depth + 1, next));
  return depth == 0 ? python::Value::with(Kind::kArray, std::move(items)) : python::Value::list(std::move(items));
}

python::Value value_of(const Numbers& numbers) {
  size_t next = 0;
  if (numbers.shape.empty()) return value_at(numbers, 0, next);
  return value_at(numbers, 0, next);
}

bool is_constant(const python::Value& value) {
  return value.is_number() || ((value.is_sequence() || value.is(Kind::kArray)) && !value.has_tensor());
}

std::vector<int64_t> sizes_of(const python::Value& value) {
  std::vector<int64_t> result;
  for (const python::Value& size : value.is(Kind::kInt) ? Given{value} : python::elements(value)) {
    if (!size.is(Kind::kInt)) refuse(fmt::format("an array of size {}", size.repr()));
    result.push_back(size.integer);
  }
  return result;
}

// The elements with the axes in another order.
Numbers transposed(const Numbers& x, const std::vector<int64_t>& order) {
  Numbers result{{}, {}, x.is_float};
  for (const int64_t axis : order) {
    if (axis < 0 || axis >= static_cast<int64_t>(x.shape.size()) || order.size() != x.shape.size())
      refuse("a transpose of other axes than the array's");
    result.shape.push_back(x.shape[static_cast<size_t>(axis)]);
  }
  const int64_t n = count(result.shape);
  for (int64_t i = 0; i < n; ++i) {
    std::vector<int64_t> place(order.size());
    int64_t rest = i;
    for (size_t axis = order.size(); axis-- > 0; rest /= result.shape[axis])
      place[static_cast<size_t>(order[axis])] = rest % result.shape[axis];
    int64_t offset = 0;
    for (size_t axis = 0; axis < place.size(); ++axis) offset = offset * x.shape[axis] + place[axis];
    result.values.push_back(x.values[static_cast<size_t>(offset)]);
  }
  return result;
}

// Each element along `axis` as often as `times` says, one behind the other or the whole again.
Numbers repeated(const Numbers& x, size_t axis, int64_t times, bool is_whole) {
  Numbers result{x.shape, {}, x.is_float};
  if (axis >= x.shape.size() || times < 0) refuse("a repeat along an axis that is none");
  result.shape[axis] *= times;
  const int64_t n = count(result.shape);
  const int64_t inner = std::accumulate(x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end(),
                                        int64_t{1}, std::multiplies<>());
  for (int64_t i = 0; i < n; ++i) {
    const int64_t place = i / inner % result.shape[axis];
    const int64_t outer = i / inner / result.shape[axis];
    const int64_t from = is_whole ? place % x.shape[axis] : place / times;
    result.values.push_back(x.values[static_cast<size_t>((outer * x.shape[axis] + from) * inner + i % inner)]);
  }
  return result;
}

Numbers joined(const Given& parts, int64_t axis, bool is_new) {
  std::vector<Numbers> arrays;
  for (const python::Value& part : parts) arrays.push_back(numbers_of(part));
  if (arrays.empty()) refuse("an array of no parts");
  const auto rank = static_cast<int64_t>(arrays[0].shape.size()) + (is_new ? 1 : 0);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) refuse(fmt::format("an array's axis {} of {}", axis, rank));
  const auto at = static_cast<std::ptrdiff_t>(axis);
  Numbers result;
  for (Numbers& array : arrays) {
    if (is_new) array.shape.insert(array.shape.begin() + at, 1);
    result.is_float = result.is_float || array.is_float;
  }
  result.shape = arrays[0].shape;
  result.shape[static_cast<size_t>(axis)] = 0;
  for (const Numbers& array : arrays) {
    for (size_t i = 0; i < result.shape.size(); ++i) {
      if (array.shape.size() != result.shape.size() ||
          (i != static_cast<size_t>(axis) && array.shape[i] != result.shape[i]))
        refuse("arrays of other sizes in one");
    }
    result.shape[static_cast<size_t>(axis)] += array.shape[static_cast<size_t>(axis)];
  }
  (void)count(result.shape);
  const int64_t outer =
      std::accumulate(result.shape.begin(), result.shape.begin() + at, int64_t{1}, std::multiplies<>());
  for (int64_t i = 0; i < outer; ++i) {
    for (const Numbers& array : arrays) {
      const auto n = static_cast<std::ptrdiff_t>(array.values.size()) / outer;
      result.values.insert(result.values.end(), array.values.begin() + i * n, array.values.begin() + (i + 1) * n);
    }
  }
  return result;
}

// Those at the places, along the axis.
Numbers picked(const Numbers& x, size_t axis, const Given& places) {
  Numbers result{x.shape, {}, x.is_float};
  result.shape[axis] = static_cast<int64_t>(places.size());
  const int64_t n = count(result.shape);
  const int64_t inner = std::accumulate(x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end(),
                                        int64_t{1}, std::multiplies<>());
  for (int64_t i = 0; i < n; ++i) {
    const int64_t outer = i / inner / result.shape[axis];
    const int64_t from = places[static_cast<size_t>(i / inner % result.shape[axis])].integer;
    result.values.push_back(x.values[static_cast<size_t>((outer * x.shape[axis] + from) * inner + i % inner)]);
  }
  return result;
}

Numbers filled(const python::Value& shape, double value) {
  Numbers result{sizes_of(shape), {}, true};
  result.values.assign(static_cast<size_t>(count(result.shape)), value);
  return result;
}

// 1 where the column is at most the row plus k (`is_tri`), or exactly there.
Numbers diagonal(int64_t rows, int64_t columns, int64_t k, bool is_tri) {
  Numbers result{{rows, columns}, {}, true};
  const int64_t n = count(result.shape);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t distance = i % columns - i / columns;
    result.values.push_back(is_tri ? (distance <= k ? 1 : 0) : (distance == k ? 1 : 0));
  }
  return result;
}

Numbers steps(const BoundArguments& a) {
  Numbers result;
  const bool has_stop = !a["stop"].is(Kind::kNone);
  const double start = has_stop ? a["start"].as_double() : 0;
  const double stop = has_stop ? a["stop"].as_double() : a["start"].as_double();
  const double step = a["step"].as_double();
  const double n = step == 0 ? -1 : std::ceil((stop - start) / step);
  if (!(n <= static_cast<double>(kMost)) || step == 0) refuse("a range without end");
  for (int64_t i = 0; i < static_cast<int64_t>(n); ++i) result.values.push_back(start + static_cast<double>(i) * step);
  result.shape = {static_cast<int64_t>(result.values.size())};
  for (const char* part : {"start", "stop", "step"}) result.is_float = result.is_float || a[part].is(Kind::kFloat);
  if (a["dtype"].is(Kind::kString)) result.is_float = a["dtype"].text.starts_with("float");
  return result;
}

Numbers spread(const BoundArguments& a) {
  const int64_t n = a["num"].integer;
  if (n < 1 || n > kMost) refuse(fmt::format("linspace of {} numbers", n));
  Numbers result{{n}, {}, true};
  const double start = a["start"].as_double(), stop = a["stop"].as_double();
  for (int64_t i = 0; i < n; ++i)
    result.values.push_back(n == 1 ? start
                                   : start + (stop - start) * static_cast<double>(i) / static_cast<double>(n - 1));
  return result;
}

Numbers reshaped(Numbers x, std::vector<int64_t> shape) {
  int64_t known = 1;
  for (const int64_t size : shape) known *= size == -1 ? 1 : size;
  for (int64_t& size : shape) {
    if (size == -1 && known > 0) size = static_cast<int64_t>(x.values.size()) / known;
  }
  if (count(shape) != static_cast<int64_t>(x.values.size())) refuse("a reshape of an array to another size");
  x.shape = std::move(shape);
  return x;
}

Numbers tiled(Numbers x, const python::Value& times) {
  const std::vector<int64_t> all = sizes_of(times);
  while (x.shape.size() < all.size()) x.shape.insert(x.shape.begin(), 1);
  for (size_t i = 0; i < all.size(); ++i) x = repeated(x, x.shape.size() - all.size() + i, all[i], true);
  return x;
}

Numbers turned(const BoundArguments& a) {
  const Numbers x = numbers_of(a["a"]);
  std::vector<int64_t> order;
  if (a["axes"].is(Kind::kNone)) {
    for (size_t axis = x.shape.size(); axis-- > 0;) order.push_back(static_cast<int64_t>(axis));
  } else {
    order = sizes_of(a["axes"]);
  }
  return transposed(x, order);
}

Numbers with_axis(Numbers x, int64_t axis) {
  if (axis < 0) axis += static_cast<int64_t>(x.shape.size()) + 1;
  if (axis < 0 || axis > static_cast<int64_t>(x.shape.size())) refuse("an axis that an array has not");
  x.shape.insert(x.shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  return x;
}

Numbers repeated_along(const BoundArguments& a) {
  const Numbers x = numbers_of(a["a"]);
  if (a["axis"].is(Kind::kNone))
    return repeated(reshaped(x, {static_cast<int64_t>(x.values.size())}), 0, a["repeats"].integer, false);
  const int64_t axis = a["axis"].integer;
  return repeated(x, static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(x.shape.size()) : axis),
                  a["repeats"].integer, false);
}

struct ArrayFunction {
  std::string_view names;  // between blanks
  std::string_view parameters;
  Numbers (*make)(const BoundArguments&);
};
constexpr ArrayFunction kArrayFunctions[] = {
    {" zeros ", "shape dtype=None name=None", [](const BoundArguments& a) { return filled(a["shape"], 0); }},
    {" ones ", "shape dtype=None name=None", [](const BoundArguments& a) { return filled(a["shape"], 1); }},
    {" full fill ", "shape value dtype=None name=None",
     [](const BoundArguments& a) { return filled(a["shape"], a["value"].as_double()); }},
    {" eye identity ", "n m=None k=0 dtype=None",
     [](const BoundArguments& a) {
       return diagonal(a["n"].integer, a["m"].is(Kind::kInt) ? a["m"].integer : a["n"].integer, a["k"].integer, false);
     }},
    {" tri ", "n m=None k=0 dtype=None",
     [](const BoundArguments& a) {
       return diagonal(a["n"].integer, a["m"].is(Kind::kInt) ? a["m"].integer : a["n"].integer, a["k"].integer, true);
     }},
    {" arange range ", "start stop=None step=1 dtype=None", steps},
    {" linspace ", "start stop num=50 dtype=None", spread},
    {" reshape ", "a shape",
     [](const BoundArguments& a) { return reshaped(numbers_of(a["a"]), sizes_of(a["shape"])); }},
    {" transpose ", "a axes=None", turned},
    {" tile ", "a reps", [](const BoundArguments& a) { return tiled(numbers_of(a["a"]), a["reps"]); }},
    {" repeat ", "a repeats axis=None", repeated_along},
    {" expand_dims ", "a axis",
     [](const BoundArguments& a) { return with_axis(numbers_of(a["a"]), a["axis"].integer); }},
    {" stack ", "arrays axis=0",
     [](const BoundArguments& a) { return joined(*a["arrays"].items, a["axis"].integer, true); }},
    {" concatenate ", "arrays axis=0",
     [](const BoundArguments& a) { return joined(*a["arrays"].items, a["axis"].integer, false); }},
};

}  // namespace

std::optional<python::Value> array_binary(std::string_view op, const python::Value& a, const python::Value& b) {
  if ((!a.is(Kind::kArray) && !b.is(Kind::kArray)) || !is_constant(a) || !is_constant(b)) return {};
  Numbers x = numbers_of(a), y = numbers_of(b);
  while (x.shape.size() < y.shape.size()) x.shape.insert(x.shape.begin(), 1);
  while (y.shape.size() < x.shape.size()) y.shape.insert(y.shape.begin(), 1);
  for (size_t axis = 0; axis < x.shape.size(); ++axis) {
    if (x.shape[axis] == 1 && y.shape[axis] != 1) x = repeated(x, axis, y.shape[axis], true);
    if (y.shape[axis] == 1 && x.shape[axis] != 1) y = repeated(y, axis, x.shape[axis], true);
    if (x.shape[axis] != y.shape[axis]) refuse("arithmetic of arrays whose sizes do not fit");
  }
  const auto one = [&](double value, bool is_float) {
    return is_float ? python::Value::real(value) : python::Value::whole(static_cast<int64_t>(value));
  };
  Numbers result{x.shape, {}, false};
  for (size_t i = 0; i < x.values.size(); ++i) {
    const auto value = python::constant_binary(op, one(x.values[i], x.is_float), one(y.values[i], y.is_float));
    if (!value || !value->is_number()) return {};
    result.is_float = result.is_float || value->is(Kind::kFloat);
    result.values.push_back(value->as_double());
  }
  return value_of(result);
}

std::optional<python::Value> array_subscript(const python::Value& array, const python::Value& key) {
  if (!array.is(Kind::kArray)) return {};
  Numbers x = numbers_of(array);
  Given parts = key.is(Kind::kTuple) ? *key.items : Given{key};
  const auto takes_axis = [](const python::Value& part) {
    return part.is(Kind::kSlice) || part.is(Kind::kInt) || part.is(Kind::kBool);
  };
  const auto n_axes = static_cast<size_t>(std::ranges::count_if(parts, takes_axis));
  if (n_axes > x.shape.size()) return {};
  const auto ellipsis = std::ranges::find_if(parts, [](const auto& part) { return part.is(Kind::kEllipsis); });
  const bool has_ellipsis = ellipsis != parts.end();
  const python::Value whole = python::Value::with(Kind::kSlice, Given(3, python::Value::none()));
  parts.insert(ellipsis, x.shape.size() - n_axes, whole);
  size_t axis = 0;
  for (const python::Value& part : parts) {
    if (part.is(Kind::kEllipsis) && has_ellipsis) continue;
    if (part.is(Kind::kNone)) {
      x.shape.insert(x.shape.begin() + static_cast<std::ptrdiff_t>(axis++), 1);
      continue;
    }
    if (!takes_axis(part)) return {};
    Given places;
    for (int64_t i = 0; i < x.shape[axis]; ++i) places.push_back(python::Value::whole(i));
    const auto taken = python::constant_subscript(python::Value::list(std::move(places)), part);
    if (!taken) return {};
    x = picked(x, axis, taken->is(Kind::kInt) ? Given{*taken} : *taken->items);
    if (taken->is(Kind::kInt))
      x.shape.erase(x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
    else
      ++axis;
  }
  return value_of(x);
}

std::optional<python::Value> array_of_each(const python::Value& array, double (*of)(double)) {
  if (!array.is(Kind::kArray) || !is_constant(array)) return {};
  Numbers x = numbers_of(array);
  x.is_float = true;
  for (double& value : x.values) value = of(value);
  return value_of(x);
}

python::Value array_shape(const python::Value& array) {
  Given sizes;
  for (const int64_t size : numbers_of(array).shape) sizes.push_back(python::Value::whole(size));
  return python::Value::tuple(std::move(sizes));
}

std::optional<python::Value> call_array(const std::string& function, const std::vector<python::Value>& arguments,
                                        const python::Keywords& keywords) {
  const auto* row = std::ranges::find_if(kArrayFunctions, [&](const ArrayFunction& one) {
    return one.names.find(" " + function + " ") != std::string_view::npos;
  });
  if (row == std::end(kArrayFunctions)) return {};
  const auto is_known = [](const python::Value& value) {
    return !value.has_tensor() && (!value.is_sequence() || std::ranges::all_of(*value.items, is_constant));
  };
  if (!std::ranges::all_of(arguments, is_known)) return {};
  python::Keywords named;
  for (const auto& [key, value] : keywords) {
    if (!is_known(value)) return {};
    const std::string ours = key == "N" || key == "num_rows" || key == "size" ? "n"
                             : key == "M" || key == "num_columns"             ? "m"
                             : key == "fill_value"                            ? "value"
                             : key == "dims"                                  ? "shape"
                             : key == "limit"                                 ? "stop"
                             : key == "delta"                                 ? "step"
                                                                              : key;
    named.emplace_back(ours, value);
  }
  return value_of(row->make(BoundArguments("np." + function, row->parameters, arguments, named)));
}

}  // namespace hoarfrost::keras
