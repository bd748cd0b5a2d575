#include "keras/lambda/meaning.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <numbers>
#include <set>

#include "keras/lambda/arrays.h"
#include "keras/lambda/random.h"
#include "keras/operation_notes.h"

namespace hoarfrost::keras {

void refuse(const std::string& what) { throw Error(ErrorCode::kUnsupported, "", what); }

namespace {

using Kind = python::Value::Kind;

struct Renamed {
  std::string_view from;
  std::string_view to;
};
// The first that the name begins with, until none does.
constexpr Renamed kRoots[] = {
    {"tensorflow.", "tf."},
    {"numpy.", "np."},
    {"backend.", "K."},
    {"keras.backend.", "K."},
    {"activations.", "keras.activations."},
    {"tf.keras.", "keras."},
    {"tf.python.keras.", "keras."},
    {"keras.src.", "keras."},
    {"K.tf.", "tf."},
    {"K.backend.", "K."},  // where `import tensorflow.keras as K` was said
    {"K.layers.", "keras.layers."},
    {"K.activations.", "keras.activations."},
    {"K.losses.", "tf.losses."},
    {"losses.", "tf.losses."},
    {"keras.losses.", "tf.losses."},
    {"K.applications.", "keras.applications."},
    {"K.ops.", "ops."},
    {"K.image.", "tf.image."},  // where `from keras.backend import tf as ktf` was said
    {"K.nn.", "tf.nn."},
    {"K.math.", "tf.math."},
    {"layers.", "keras.layers."},
    {"keras.ops.", "ops."},
    {"ops.numpy.", "ops."},
    {"ops.nn.", "ops."},
    {"ops.math.", "ops."},
    {"ops.core.", "ops."},
    {"tf.compat.v2.", "tf."},
    {"tf.experimental.numpy.", "np."},
};
constexpr Renamed kWhole[] = {{"tensorflow", "tf"},  {"numpy", "np"},      {"backend", "K"}, {"keras.backend", "K"},
                              {"tf.keras", "keras"}, {"keras.ops", "ops"}, {"K.tf", "tf"}};

constexpr std::string_view kBuiltins[] = {
    "len",       "range",    "int",   "float", "bool", "abs",        "max",   "min",  "sum", "tuple", "list",  "zip",
    "enumerate", "reversed", "round", "pow",   "str",  "isinstance", "print", "dict", "map", "slice", "xrange"};
constexpr std::string_view kModules[] = {"K",      "tf",         "np",    "keras",   "math",
                                         "ops",    "tensorflow", "numpy", "backend", "activations",
                                         "losses", "hoarfrost",  "layers"};
// What published code calls these modules by besides.
constexpr Renamed kAliases[] = {{"k", "K"},      {"kb", "K"},      {"KB", "K"},      {"KTF", "K"},    {"ktf", "K"},
                                {"kr", "keras"}, {"tfk", "keras"}, {"KL", "layers"}, {"L", "layers"}, {"kl", "layers"}};
// Of keras.applications, for their preprocess_input.
constexpr std::string_view kApplications[] = {"imagenet_utils",
                                              "applications",
                                              "convnext",
                                              "densenet",
                                              "efficientnet",
                                              "efficientnet_v2",
                                              "inception_resnet_v2",
                                              "inception_v3",
                                              "mobilenet",
                                              "mobilenet_v2",
                                              "mobilenet_v3",
                                              "nasnet",
                                              "regnet",
                                              "resnet",
                                              "resnet50",
                                              "resnet_rs",
                                              "resnet_v2",
                                              "vgg16",
                                              "vgg19",
                                              "xception"};

constexpr Renamed kOperators[] = {{"+", "math.add"},         {"-", "math.subtract"},       {"*", "math.multiply"},
                                  {"/", "math.truediv"},     {"classic/", "math.truediv"}, {"//", "math.floordiv"},
                                  {"%", "math.floormod"},    {"**", "math.pow"},           {"@", "linalg.matmul"},
                                  {"&", "math.logical_and"}, {"|", "math.logical_or"}};
constexpr Renamed kComparisons[] = {{"<", "math.less"},       {"<=", "math.less_equal"}, {"==", "math.equal"},
                                    {"!=", "math.not_equal"}, {">", "math.greater"},     {">=", "math.greater_equal"}};

std::string_view found_in(std::span<const Renamed> table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &Renamed::from);
  return found == table.end() ? std::string_view() : found->to;
}

python::Value method(const python::Value& object, std::string name) {
  python::Value result = python::Value::with(Kind::kMethod, {object});
  result.text = std::move(name);
  return result;
}

bool is_shape_word(std::string_view name) {
  return name == "as_list" || name == "rank" || name == "ndims" || name == "dims" || name == "value" ||
         name == "num_elements";
}

int64_t count_of(const python::Value& shape) {
  int64_t n = 1;
  for (const python::Value& size : *shape.items) {
    if (!size.is(Kind::kInt))
      refuse("the number of elements of a tensor with a size that is not known; give --input-shape");
    n *= size.integer;
  }
  return n;
}

// array.reshape(…) and its kin; the others (astype, copy, tolist) are the array itself.
python::Value array_method(const python::Value& array, const std::string& name,
                           const std::vector<python::Value>& arguments) {
  if (name == "flatten" || name == "ravel") return *call_array("reshape", {array, python::Value::whole(-1)}, {});
  if (name != "reshape" && name != "transpose") return array;
  std::vector<python::Value> given{array};
  const bool is_spread = !arguments.empty() && arguments[0].is(Kind::kInt);
  if (is_spread)
    given.push_back(python::Value::list(arguments));
  else
    given.insert(given.end(), arguments.begin(), arguments.end());
  const auto result = call_array(name, given, {});
  if (!result) refuse(fmt::format("an array's `{}` of a tensor", name));
  return *result;
}

}  // namespace

std::string canonical_name(std::string name) {
  if (name.starts_with("import ")) name = name.substr(7);
  for (int i = 0; i < 8; ++i) {
    const std::string_view whole = found_in(kWhole, name);
    if (!whole.empty()) {
      name = whole;
      continue;
    }
    const auto* root = std::ranges::find_if(kRoots, [&](const Renamed& row) { return name.starts_with(row.from); });
    if (root == std::end(kRoots)) break;
    name = std::string(root->to) + name.substr(root->from.size());
  }
  return name;
}

std::optional<python::Value> constant_named(const std::string& name) {
  if (name == "np.pi" || name == "math.pi") return python::Value::real(std::numbers::pi);
  if (name == "np.e" || name == "math.e") return python::Value::real(std::numbers::e);
  if (name == "np.nan" || name == "math.nan") return python::Value::real(std::nan(""));
  if (name == "np.inf" || name == "math.inf") return python::Value::real(HUGE_VAL);
  if (name == "np.newaxis" || name == "tf.newaxis") return python::Value::none();
  const size_t point = name.find('.');
  const std::string root = name.substr(0, point);
  if (point == std::string::npos || (root != "tf" && root != "np")) return {};
  const std::string rest = name.substr(point + 1);
  const bool is_type = rest.starts_with("dtypes.") || dtype_from_name(rest).has_value();
  if (!is_type) return {};
  const std::string type = rest.starts_with("dtypes.") ? rest.substr(7) : rest;
  python::Value result = python::Value::string(type);
  return dtype_from_name(type) ? std::optional(result) : std::nullopt;
}

python::Value Meaning::shape_of(const python::Value& tensor) const {
  std::vector<python::Value> sizes;
  for (const int64_t size : trace_->shape(tensor).sizes())
    sizes.push_back(size == kUnknown ? python::Value::none() : python::Value::whole(size));
  return python::Value::tuple(std::move(sizes));
}

std::optional<python::Value> Meaning::known_sizes(const python::Value& shape, const python::Value& key) const {
  const auto source = trace_->source_of_shape(shape);
  if (!source) return {};
  const bool is_last_axes = key.is(Kind::kTuple) && key.items->size() == 2 && key.items->front().is(Kind::kEllipsis);
  const auto sizes = python::constant_subscript(shape_of(*source), is_last_axes ? key.items->back() : key);
  if (!sizes || sizes->is(Kind::kNone)) return {};
  if (sizes->is(Kind::kInt)) return sizes;
  const bool are_known = std::ranges::all_of(*sizes->items, [](const auto& size) { return size.is(Kind::kInt); });
  return are_known && !sizes->items->empty() ? std::optional(python::Value::with(Kind::kArray, *sizes->items))
                                             : std::nullopt;
}

python::Value Meaning::global(const std::string& name) {
  if (name == "True" || name == "False") return python::Value::boolean(name == "True");  // names in Python 2
  if (std::ranges::find(kBuiltins, name) != std::end(kBuiltins)) return python::Value::name(name);
  if (std::ranges::find(kModules, name) != std::end(kModules)) return python::Value::name(canonical_name(name));
  if (const std::string_view module = found_in(kAliases, name); !module.empty())
    return python::Value::name(canonical_name(std::string(module)));
  if (name == "applications") return python::Value::name("keras.applications");
  if (std::ranges::find(kApplications, name) != std::end(kApplications))
    return python::Value::name("keras.applications." + name);
  refuse(fmt::format("it uses `{}`, which is its author's and not in the file", name));
}

python::Value Meaning::attribute(const python::Value& object, const std::string& name) {
  if (object.is(Kind::kName)) {
    const std::string whole = canonical_name(object.text + "." + name);
    const auto constant = constant_named(whole);
    return constant ? *constant : python::Value::name(whole);
  }
  if (object.is(Kind::kArray)) {
    if (name == "shape") return array_shape(object);
    if (name == "ndim") return python::Value::whole(static_cast<int64_t>(array_shape(object).items->size()));
    if (name == "T") return *call_array("transpose", {object}, {});
    constexpr std::string_view kMethods[] = {"astype", "copy", "tolist", "reshape", "transpose", "flatten", "ravel"};
    if (std::ranges::find(kMethods, name) != std::end(kMethods)) return method(object, name);
  }
  if (object.is(Kind::kList) && name == "shape" && !object.has_tensor()) return array_shape(object);
  if (object.is(Kind::kComplex)) return attribute(object.items->front(), name);
  if (object.is(Kind::kList) && object.items->size() == 2 && (name == "values" || name == "indices"))
    return (*object.items)[name == "values" ? 0 : 1];  // of tf.nn.top_k, which alone gives both names
  if (object.is(Kind::kTensor)) {
    if (name == "shape" || name == "_keras_shape") return shape_of(object);
    if (name == "ndim") return python::Value::whole(trace_->shape(object).rank());
    if (name == "get_shape" || name == "dtype") return method(object, name);
  }
  if (object.is(Kind::kMethod) && object.text == "dtype" && name == "base_dtype") return object;
  if (object.is(Kind::kTuple)) {
    if (name == "rank" || name == "ndims") return python::Value::whole(static_cast<int64_t>(object.items->size()));
    if (name == "dims") return object;
    if (is_shape_word(name)) return method(object, name);
  }
  if (name == "value" && (object.is(Kind::kInt) || object.is(Kind::kNone))) return object;  // a size of TensorFlow 1
  refuse(fmt::format("it uses `.{}` of {}, which is not known", name, object.repr()));
}

python::Value Meaning::operation(std::string_view function, const std::vector<python::Value>& arguments,
                                 const python::Keywords& keywords) {
  const OperationSpec* spec = find_operation_function(function);
  if (spec == nullptr) refuse(fmt::format("it calls `tf.{}`, which is not known", function));
  return trace_->add(*spec, false, arguments, keywords);
}

python::Value Meaning::call_back(const python::Value& function, std::vector<python::Value> arguments) {
  if (!function.is(Kind::kFunction) || !caller_)
    refuse(fmt::format("it calls {}, which is not known", function.repr()));
  return caller_(*function.function, std::move(arguments));
}

python::Value Meaning::binary(std::string_view op, const python::Value& a, const python::Value& b) {
  if (a.is(Kind::kComplex) || b.is(Kind::kComplex)) return complex_binary(*this, op, a, b);
  if (const auto constant = array_binary(op == "classic/" ? "/" : op, a, b)) return *constant;
  const std::string_view function = found_in(kOperators, op);
  const auto takes_part = [](const python::Value& value) {
    return value.is(Kind::kTensor) || value.is_number() || value.is(Kind::kArray) || value.is_sequence();
  };
  if (function.empty() || !(a.has_tensor() || b.has_tensor()) || !takes_part(a) || !takes_part(b))
    refuse(fmt::format("it computes {} {} {}, which is not known", a.repr(), op == "classic/" ? "/" : op, b.repr()));
  if (op == "classic/") trace_->has_classic_division = true;
  return operation(function, {a, b});
}

python::Value Meaning::unary(std::string_view op, const python::Value& a) {
  if (!a.is(Kind::kTensor) || op == "not") refuse(fmt::format("it computes {} {}, which is not known", op, a.repr()));
  if (op == "+") return a;
  return operation(op == "-" ? "math.negative" : "math.logical_not", {a});
}

python::Value Meaning::compare(std::string_view op, const python::Value& a, const python::Value& b) {
  const std::string_view function = found_in(kComparisons, op);
  if ((a.is(Kind::kList) || a.is(Kind::kArray)) && b.is(Kind::kNone) && (op == "==" || op == "!="))
    return python::Value::boolean(op == "!=");
  if (a.is(Kind::kTensor) && b.is(Kind::kNone) && (op == "==" || op == "is")) return python::Value::boolean(false);
  if (a.is(Kind::kTensor) && b.is(Kind::kNone) && op == "!=") return python::Value::boolean(true);
  if (function.empty() || !(a.is(Kind::kTensor) || b.is(Kind::kTensor)))
    refuse(fmt::format("it compares {} {} {}, which is not known", a.repr(), op, b.repr()));
  return operation(function, {a, b});
}

python::Value Meaning::subscript(const python::Value& object, const python::Value& key) {
  if (const auto array = array_subscript(object, key)) return *array;
  if (object.is(Kind::kComplex)) return *call_complex(*this, "tf.__operators__.getitem", {object, key}, {});
  if (object.is(Kind::kList) && key.is(Kind::kString) && !trace_->weight_names.empty()) {
    std::vector<python::Value> weights = trace_->weights_in(key.text);
    if (weights.empty()) {
      refuse(fmt::format("no weight of the layer is in {}; its weights are {}", key.repr(),
                         fmt::join(trace_->weight_names, ", ")));
    }
    return python::Value::list(std::move(weights));
  }
  if (!object.is(Kind::kTensor))
    refuse(fmt::format("it takes {} of {}, which is not known", key.repr(), object.repr()));
  if (const auto sizes = known_sizes(object, key)) return *sizes;
  return operation("__operators__.getitem", {object, key.is(Kind::kTuple) ? python::Value::list(*key.items) : key});
}

python::Value Meaning::call(const python::Value& function, const std::vector<python::Value>& arguments,
                            const python::Keywords& keywords) {
  if (function.is(Kind::kMethod) && function.text == kCallsLayer)
    return call_layer(*this, function, arguments, keywords);
  if (function.is(Kind::kMethod)) {
    const python::Value& object = function.items->front();
    if (function.text == "get_shape" && arguments.empty()) return shape_of(object);
    if (object.is(Kind::kArray)) return array_method(object, function.text, arguments);
    if (function.text == "as_list" && arguments.empty()) return python::Value::list(*object.items);
    if (function.text == "num_elements" && arguments.empty()) return python::Value::whole(count_of(object));
  }
  if (function.is(Kind::kString) && dtype_from_name(function.text))  // np.float32(x)
    return call(python::Value::name("np." + function.text), arguments, keywords);
  if (!function.is(Kind::kName)) refuse(fmt::format("it calls {}, which is not known", function.repr()));
  if (function.text == "abs" && arguments.size() == 1 && arguments[0].is(Kind::kComplex))
    return *call_complex(*this, "tf.abs", arguments, keywords);
  if (auto result = call_complex(*this, function.text, arguments, keywords)) return *result;
  if (auto result = call_random(*this, function.text, arguments, keywords)) return *result;
  if (auto result = call_builtin(*this, function.text, arguments, keywords)) return *result;
  if (auto result = call_backend(*this, function.text, arguments, keywords)) return *result;
  if (auto result = make_layer(*this, function.text, arguments, keywords)) return *result;
  if (auto result = call_preprocessing(*this, function.text, arguments, keywords)) return *result;
  if (auto result = call_tensorflow(*this, function.text, arguments, keywords)) return *result;
  if (const std::string_view why = refusal_of_operation(function.text); !why.empty())
    refuse(fmt::format("it calls `{}`: {}", function.text, why));
  refuse(fmt::format("it calls `{}`, which is not known", function.text));
}

BoundArguments::BoundArguments(std::string_view function, std::string_view parameters,
                               const std::vector<python::Value>& given, const python::Keywords& keywords) {
  std::vector<bool> has;
  while (!parameters.empty()) {
    const size_t end = std::min(parameters.find(' '), parameters.size());
    const std::string_view word = parameters.substr(0, end);
    const size_t equals = word.find('=');
    python::Value value;
    if (equals != std::string_view::npos) {
      const std::string_view text = word.substr(equals + 1);
      if (text == "None")
        value = python::Value::none();
      else if (text == "True" || text == "False")
        value = python::Value::boolean(text == "True");
      else if (text.find_first_not_of("-0123456789") == std::string_view::npos)
        value = python::Value::whole(std::stoll(std::string(text)));
      else if (text.find_first_not_of("-.0123456789e") == std::string_view::npos)
        value = python::Value::real(std::stod(std::string(text)));
      else
        value = python::Value::string(std::string(text));
    }
    has.push_back(equals != std::string_view::npos);
    values_.emplace_back(word.substr(0, equals), std::move(value));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
  }
  if (given.size() > values_.size())
    refuse(fmt::format("it calls `{}` with {} arguments, {} are known", function, given.size(), values_.size()));
  for (size_t i = 0; i < given.size(); ++i) {
    values_[i].second = given[i];
    has[i] = true;
  }
  for (const auto& [name, value] : keywords) {
    const auto found =
        std::ranges::find(values_, name, [](const auto& entry) -> const std::string& { return entry.first; });
    if (found == values_.end() && name == "name") continue;
    if (found == values_.end())
      refuse(fmt::format("it calls `{}` with {}={}, which is not known", function, name, value.repr()));
    found->second = value;
    has[static_cast<size_t>(found - values_.begin())] = true;
  }
  for (size_t i = 0; i < has.size(); ++i) {
    if (!has[i]) refuse(fmt::format("it calls `{}` without its argument `{}`", function, values_[i].first));
  }
}

const python::Value& BoundArguments::operator[](std::string_view parameter) const {
  return std::ranges::find(values_, parameter, [](const auto& entry) -> std::string_view { return entry.first; })
      ->second;
}

}  // namespace hoarfrost::keras
