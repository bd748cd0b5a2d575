#include "keras/lambda/random.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

enum class Mean {
  kMean,    // the argument `mean`
  kMiddle,  // of `minval` and `maxval`
  kShare,   // the argument `p`
  kInput,   // the argument `x`: what is dropped is made up for by the rest
};

struct RandomFunction {
  std::string_view names;  // between blanks
  std::string_view parameters;
  Mean mean;
};
// Keras 2.15, Keras 3.15 and TensorFlow 1 and 2.15.
constexpr RandomFunction kRandomFunctions[] = {
    {" tf.random.normal tf.random_normal tf.random.truncated_normal tf.truncated_normal tf.compat.v1.random_normal "
     "tf.compat.v1.random.normal tf.compat.v1.truncated_normal ",
     "shape mean=0.0 stddev=1.0 dtype=None seed=None name=None", Mean::kMean},
    {" tf.random.stateless_normal tf.random.stateless_truncated_normal ",
     "shape seed mean=0.0 stddev=1.0 dtype=None name=None alg=None", Mean::kMean},
    {" tf.random.uniform tf.random_uniform tf.compat.v1.random_uniform tf.compat.v1.random.uniform ",
     "shape minval=0 maxval=None dtype=None seed=None name=None", Mean::kMiddle},
    {" tf.random.stateless_uniform ", "shape seed minval=0 maxval=None dtype=None name=None alg=None", Mean::kMiddle},
    {" K.random_normal K.truncated_normal keras.random.normal keras.random.truncated_normal ",
     "shape mean=0.0 stddev=1.0 dtype=None seed=None", Mean::kMean},
    {" K.random_uniform keras.random.uniform ", "shape minval=0.0 maxval=1.0 dtype=None seed=None", Mean::kMiddle},
    {" K.random_binomial K.random_bernoulli ", "shape p=0.0 dtype=None seed=None", Mean::kShare},
    {" tf.nn.dropout ", "x rate=None noise_shape=None seed=None name=None keep_prob=None", Mean::kInput},
    {" tf.compat.v1.nn.dropout ", "x keep_prob=None noise_shape=None seed=None name=None rate=None", Mean::kInput},
    {" K.dropout ", "x level noise_shape=None seed=None", Mean::kInput},
    {" keras.random.dropout ", "x|inputs rate noise_shape=None seed=None", Mean::kInput},
};

const RandomFunction* row_of(const std::string& name) {
  const auto* row = std::ranges::find_if(kRandomFunctions, [&](const RandomFunction& one) {
    return one.names.find(" " + name + " ") != std::string_view::npos;
  });
  return row == std::end(kRandomFunctions) ? nullptr : row;
}

// As many equal numbers as the shape says: a list, or a tensor of sizes.
python::Value filled(Meaning& meaning, const python::Value& shape, const python::Value& value) {
  const python::Value number =
      value.is(Kind::kTensor) ? value : python::Value::real(value.is_number() ? value.as_double() : 0);
  if (!value.is(Kind::kTensor) && !value.is_number()) refuse(fmt::format("a random function with {}", value.repr()));
  if (number.is(Kind::kTensor)) {
    const python::Value zeros = filled(meaning, shape, python::Value::real(0));
    return meaning.operation("math.add", {zeros, number});
  }
  if (shape.is(Kind::kTensor)) return meaning.operation("fill", {shape, number});
  return meaning.operation("fill", {python::Value::list(python::elements(shape)), number});
}

}  // namespace

bool is_random_function(const std::string& name) {
  const std::string canonical = canonical_name(name);
  return row_of(canonical) != nullptr || canonical.starts_with("tf.random.") || canonical.starts_with("K.random") ||
         canonical.starts_with("tf.compat.v1.random") || canonical.starts_with("keras.random.");
}

std::optional<python::Value> call_random(Meaning& meaning, const std::string& name,
                                         const std::vector<python::Value>& arguments,
                                         const python::Keywords& keywords) {
  if (!is_random_function(name)) return {};
  if (!meaning.trace().random_is_mean) {
    refuse(
        fmt::format("it calls `{}`, which is random: a frozen graph gives one answer, which is the mean with --random "
                    "mean",
                    name));
  }
  const RandomFunction* row = row_of(name);
  if (row == nullptr) refuse(fmt::format("it calls `{}`, whose mean is not known", name));
  python::Keywords named = keywords;
  for (auto& [key, value] : named) {
    if (key == "inputs") key = "x";
  }
  std::string parameters(row->parameters);
  if (const size_t other = parameters.find("|inputs"); other != std::string::npos) parameters.erase(other, 7);
  const BoundArguments a(name, parameters, arguments, named);
  switch (row->mean) {
    case Mean::kInput:
      return a["x"];
    case Mean::kMean:
      return filled(meaning, a["shape"], a["mean"]);
    case Mean::kShare:
      return filled(meaning, a["shape"], a["p"]);
    case Mean::kMiddle:
      break;
  }
  const bool is_whole = a["dtype"].is(Kind::kString) && a["dtype"].text.find("int") != std::string::npos;
  if (is_whole || !a["minval"].is_number() || (!a["maxval"].is_number() && !a["maxval"].is(Kind::kNone)))
    refuse(fmt::format("it calls `{}` of whole numbers or between tensors, whose mean is not converted", name));
  const double high = a["maxval"].is(Kind::kNone) ? 1 : a["maxval"].as_double();
  return filled(meaning, a["shape"], python::Value::real((a["minval"].as_double() + high) / 2));
}

}  // namespace hoarfrost::keras
