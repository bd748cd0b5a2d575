// Complex tensors in functions of their authors': two real ones, as Value::Kind::kComplex, of which the imaginary part
// may be the number 0. What tf.signal's transforms give, and what is done with it.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;
using Given = std::vector<python::Value>;

python::Value complex(python::Value real, python::Value imaginary) {
  return python::Value::with(Kind::kComplex, {std::move(real), std::move(imaginary)});
}
bool is_complex(const python::Value& value) { return value.is(Kind::kComplex); }
bool holds_complex(const python::Value& value) {
  return is_complex(value) || (value.is_sequence() && std::ranges::any_of(*value.items, is_complex));
}
// The real (0) or imaginary part (1) of any value.
python::Value part(const python::Value& value, size_t i) {
  if (is_complex(value)) return (*value.items)[i];
  return i == 0 ? value : python::Value::whole(0);
}
bool is_zero(const python::Value& value) { return value.is(Kind::kInt) && value.integer == 0; }

// Sums and products that leave zeros away.
python::Value sum(Meaning& meaning, std::string_view op, const python::Value& a, const python::Value& b) {
  if (is_zero(b)) return a;
  if (is_zero(a) && op == "+") return b;
  if (is_zero(a)) return b.has_tensor() ? meaning.unary("-", b) : python::Value::real(-b.as_double());
  if (!a.has_tensor() && !b.has_tensor()) return python::constant_binary(op, a, b).value();
  return meaning.binary(op, a, b);
}
python::Value product(Meaning& meaning, const python::Value& a, const python::Value& b) {
  if (is_zero(a) || is_zero(b)) return python::Value::whole(0);
  if (!a.has_tensor() && !b.has_tensor()) return python::constant_binary("*", a, b).value();
  return meaning.binary("*", a, b);
}

python::Value transformed(Meaning& meaning, const std::string& operation, Given arguments,
                          const python::Keywords& keywords) {
  if (arguments.empty()) refuse("a Fourier transform of nothing");
  python::Value& x = arguments.front();
  if (is_complex(x)) {
    const python::Value imaginary = part(x, 1);
    x = part(x, 0);
    if (imaginary.is(Kind::kTensor)) x = python::Value::list({x, imaginary});
  }
  const OperationSpec* spec = find_operation_class(operation);
  const python::Value result = meaning.trace().add(*spec, false, arguments, keywords);
  return result.is_sequence() ? complex((*result.items)[0], (*result.items)[1]) : result;
}

python::Value magnitude(Meaning& meaning, const python::Value& x) {
  if (is_zero(part(x, 1))) return meaning.operation("math.abs", {part(x, 0)});
  const python::Value real = meaning.operation("math.square", {part(x, 0)});
  const python::Value imaginary = meaning.operation("math.square", {part(x, 1)});
  return meaning.operation("math.sqrt", {meaning.binary("+", real, imaginary)});
}

// What moves elements, or adds them up, does so with each part.
constexpr std::string_view kPartwise[] = {"reshape",
                                          "transpose",
                                          "compat.v1.transpose",
                                          "expand_dims",
                                          "squeeze",
                                          "compat.v1.squeeze",
                                          "identity",
                                          "reverse",
                                          "tile",
                                          "pad",
                                          "gather",
                                          "slice",
                                          "reduce_sum",
                                          "math.reduce_sum",
                                          "concat",
                                          "reduce_mean",
                                          "math.reduce_mean",
                                          "stack",
                                          "roll",
                                          "math.negative",
                                          "signal.fftshift",
                                          "permute_dimensions",
                                          "sum",
                                          "mean",
                                          "concatenate",
                                          "__operators__.getitem"};

python::Value by_parts(Meaning& meaning, const std::string& name, const Given& arguments,
                       const python::Keywords& keywords) {
  bool has_imaginary = false;
  const auto each = [&](const python::Value& value, size_t i) {
    if (!value.is_sequence() || !holds_complex(value)) return part(value, i);
    Given items;
    for (const python::Value& item : *value.items) {
      python::Value one = part(item, i);
      if (is_zero(one)) one = meaning.operation("zeros_like", {part(item, 0)});
      items.push_back(std::move(one));
    }
    return python::Value::list(std::move(items));
  };
  const auto scan = [&](const python::Value& value) {
    if (is_complex(value)) has_imaginary = has_imaginary || !is_zero(part(value, 1));
    if (value.is_sequence()) has_imaginary = has_imaginary || holds_complex(value);
  };
  std::ranges::for_each(arguments, scan);
  for (const auto& entry : keywords) scan(entry.second);
  const auto called = [&](size_t i) {
    Given given;
    python::Keywords named;
    for (const python::Value& value : arguments)
      given.push_back(is_complex(value) || holds_complex(value) ? each(value, i) : value);
    for (const auto& [key, value] : keywords)
      named.emplace_back(key, is_complex(value) || holds_complex(value) ? each(value, i) : value);
    if (name == "tf.__operators__.getitem") return meaning.operation("__operators__.getitem", given, named);
    return meaning.call(python::Value::name(name), given, named);
  };
  const python::Value real = called(0);
  return complex(real, has_imaginary ? called(1) : python::Value::whole(0));
}

std::string_view operator_of(std::string_view function) {
  constexpr std::pair<std::string_view, std::string_view> kOperators[] = {
      {"math.add", "+"},      {"add", "+"},      {"__operators__.add", "+"}, {"math.subtract", "-"}, {"subtract", "-"},
      {"math.multiply", "*"}, {"multiply", "*"}, {"math.truediv", "/"},      {"math.divide", "/"},   {"divide", "/"}};
  const auto* found = std::ranges::find(kOperators, function, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kOperators) ? std::string_view() : found->second;
}

}  // namespace

python::Value complex_parts(Meaning& meaning, const python::Value& x) {
  const python::Value imaginary = part(x, 1);
  return python::Value::list(
      {part(x, 0), imaginary.is(Kind::kTensor) ? imaginary : meaning.operation("zeros_like", {part(x, 0)})});
}

python::Value complex_binary(Meaning& meaning, std::string_view op, const python::Value& a, const python::Value& b) {
  if (op == "+" || op == "-")
    return complex(sum(meaning, op, part(a, 0), part(b, 0)), sum(meaning, op, part(a, 1), part(b, 1)));
  if (op == "*") {
    const python::Value real =
        sum(meaning, "-", product(meaning, part(a, 0), part(b, 0)), product(meaning, part(a, 1), part(b, 1)));
    return complex(
        real, sum(meaning, "+", product(meaning, part(a, 0), part(b, 1)), product(meaning, part(a, 1), part(b, 0))));
  }
  if ((op == "/" || op == "classic/") && !is_complex(b)) {
    const python::Value imaginary = part(a, 1);
    return complex(meaning.binary("/", part(a, 0), b),
                   is_zero(imaginary) ? imaginary : meaning.binary("/", imaginary, b));
  }
  refuse(fmt::format("it computes {} of complex numbers", op));
}

std::optional<python::Value> call_complex(Meaning& meaning, const std::string& name, const Given& arguments,
                                          const python::Keywords& keywords) {
  const size_t point = name.find('.');
  if (point == std::string::npos) return {};
  const std::string function = name.substr(point + 1);
  constexpr std::pair<std::string_view, std::string_view> kTransforms[] = {{"signal.fft", "FFT"},
                                                                           {"signal.ifft", "IFFT"},
                                                                           {"signal.rfft", "RFFT"},
                                                                           {"signal.stft", "STFT"},
                                                                           {"signal.irfft", "IRFFT"},
                                                                           {"compat.v1.spectral.fft", "FFT"},
                                                                           {"compat.v1.spectral.ifft", "IFFT"},
                                                                           {"compat.v1.spectral.irfft", "IRFFT"},
                                                                           {"spectral.fft", "FFT"},
                                                                           {"compat.v1.spectral.rfft", "RFFT"},
                                                                           {"spectral.rfft", "RFFT"}};
  const auto* transform =
      std::ranges::find(kTransforms, function, &std::pair<std::string_view, std::string_view>::first);
  Given given = arguments;
  python::Keywords named;
  for (const auto& [key, value] : keywords) {
    const bool is_first = key == "input" || key == "x" || key == "signals" || key == "input_tensor" || key == "tensor";
    if (given.empty() && is_first)
      given.push_back(value);
    else
      named.emplace_back(key, value);
  }
  if (name.starts_with("tf.") && transform != std::end(kTransforms))
    return transformed(meaning, std::string(transform->second), given, named);
  const auto type = std::ranges::find_if(named, [](const auto& entry) { return entry.first == "dtype"; });
  const python::Value wanted = function != "cast"    ? python::Value::none()
                               : type != named.end() ? type->second
                               : given.size() > 1    ? given[1]
                                                     : python::Value::none();
  const bool to_complex = wanted.is(Kind::kString) && wanted.text.starts_with("complex");
  if (function == "cast" && to_complex && !given.empty())
    return is_complex(given[0]) ? given[0] : complex(given[0], python::Value::whole(0));
  if (name == "tf.complex" || name == "tf.dtypes.complex") {
    for (const auto& entry : named) given.push_back(entry.second);
    if (given.size() != 2) refuse("complex of other than two parts");
    return complex(given[0], given[1]);
  }
  if (std::ranges::none_of(given, holds_complex)) return {};
  const python::Value& x = given[0];
  if (function == "cast") return meaning.operation("cast", {part(x, 0), wanted});
  if (function == "abs" || function == "math.abs") return magnitude(meaning, x);
  if (function == "math.real" || function == "real") return part(x, 0);
  if (function == "math.imag" || function == "imag") return (*complex_parts(meaning, x).items)[1];
  if (function == "math.angle" || function == "angle")
    return meaning.operation("math.atan2", {(*complex_parts(meaning, x).items)[1], part(x, 0)});
  if (function == "math.conj" || function == "conj")
    return complex(part(x, 0), is_zero(part(x, 1)) ? part(x, 1) : meaning.unary("-", part(x, 1)));
  if (function == "math.square" || function == "square") return complex_binary(meaning, "*", x, x);
  if (const std::string_view op = operator_of(function); !op.empty()) {
    for (const auto& entry : named) given.push_back(entry.second);
    if (given.size() == 2) return complex_binary(meaning, op, given[0], given[1]);
  }
  if (std::ranges::find(kPartwise, function) != std::end(kPartwise)) return by_parts(meaning, name, given, named);
  refuse(fmt::format("it calls `{}` of complex numbers", name));
}

}  // namespace hoarfrost::keras
