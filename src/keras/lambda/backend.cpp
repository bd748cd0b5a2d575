// keras.backend's functions (Keras 2.0 to 2.15), each as TensorFlow's operation of the same meaning or as a layer.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

// A function that is one of TensorFlow's: `parameters` are Keras' with their defaults, each as TensorFlow's is named.
struct BackendFunction {
  std::string_view name;
  std::string_view function;
  std::string_view parameters;
  std::string_view names;  // TensorFlow's names of the parameters, where they differ
};
constexpr BackendFunction kBackendFunctions[] = {
    {"abs", "math.abs", "x", ""},
    {"square", "math.square", "x", ""},
    {"exp", "math.exp", "x", ""},
    {"log", "math.log", "x", ""},
    {"round", "math.round", "x", ""},
    {"sign", "math.sign", "x", ""},
    {"sin", "math.sin", "x", ""},
    {"cos", "math.cos", "x", ""},
    {"tanh", "math.tanh", "x", ""},
    {"sigmoid", "nn.sigmoid", "x", ""},
    {"softplus", "nn.softplus", "x", ""},
    {"softsign", "nn.softsign", "x", ""},
    {"softmax", "nn.softmax", "x axis=-1", ""},
    {"sum", "math.reduce_sum", "x axis=None keepdims=False", ""},
    {"mean", "math.reduce_mean", "x axis=None keepdims=False", ""},
    {"max", "math.reduce_max", "x axis=None keepdims=False", ""},
    {"min", "math.reduce_min", "x axis=None keepdims=False", ""},
    {"prod", "math.reduce_prod", "x axis=None keepdims=False", ""},
    {"any", "math.reduce_any", "x axis=None keepdims=False", ""},
    {"all", "math.reduce_all", "x axis=None keepdims=False", ""},
    {"argmax", "math.argmax", "x axis=-1", ""},
    {"argmin", "math.argmin", "x axis=-1", ""},
    {"maximum", "math.maximum", "x y", ""},
    {"minimum", "math.minimum", "x y", ""},
    {"pow", "math.pow", "x a", "x y"},
    {"equal", "math.equal", "x y", ""},
    {"not_equal", "math.not_equal", "x y", ""},
    {"greater", "math.greater", "x y", ""},
    {"greater_equal", "math.greater_equal", "x y", ""},
    {"less", "math.less", "x y", ""},
    {"less_equal", "math.less_equal", "x y", ""},
    {"clip", "clip_by_value", "x min_value max_value", "x clip_value_min clip_value_max"},
    {"l2_normalize", "math.l2_normalize", "x axis=None", ""},
    {"expand_dims", "expand_dims", "x axis=-1", ""},
    {"squeeze", "squeeze", "x axis", ""},
    {"reshape", "reshape", "x shape", ""},
    {"permute_dimensions", "transpose", "x pattern", "x perm"},
    {"transpose", "transpose", "x", ""},
    {"concatenate", "concat", "tensors axis=-1", "x axis"},
    {"stack", "stack", "x axis=0", ""},
    {"tile", "tile", "x n", "x multiples"},
    {"cast", "cast", "x dtype", ""},
    {"stop_gradient", "stop_gradient", "variables", "x"},
    {"identity", "identity", "x", ""},
    {"zeros_like", "zeros_like", "x dtype=None", ""},
    {"ones_like", "ones_like", "x dtype=None", ""},
    {"shape", "shape", "x", ""},
    {"dot", "linalg.matmul", "x y", "a b"},
    {"repeat_elements", "repeat", "x rep axis", "x repeats axis"},
    {"one_hot", "one_hot", "indices num_classes", "indices depth"},
    {"gather", "gather", "reference indices", "params indices"},
    {"cumsum", "math.cumsum", "x axis=0", ""},
    {"cumprod", "math.cumprod", "x axis=0", ""},
    {"logsumexp", "math.reduce_logsumexp", "x axis=None keepdims=False", "input_tensor axis keepdims"},
    {"bias_add", "nn.bias_add", "x bias", ""},
    {"slice", "slice", "x start size", "input_ begin size"},
    {"in_top_k", "math.in_top_k", "predictions targets k", ""},
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    result.emplace_back(word.substr(0, word.find('=')));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

python::Value call_row(Meaning& meaning, const BackendFunction& row, const std::vector<python::Value>& given,
                       const python::Keywords& keywords) {
  const BoundArguments arguments(fmt::format("K.{}", row.name), row.parameters, given, keywords);
  const std::vector<std::string> theirs = words(row.parameters);
  const std::vector<std::string> ours = words(row.names.empty() ? row.parameters : row.names);
  python::Keywords named;
  for (size_t i = 0; i < theirs.size(); ++i) {
    python::Value value = arguments[theirs[i]];
    // Sizes of TensorFlow 1 shapes may be tuples: lists of numbers here.
    if (i > 0 && value.is(Kind::kTuple)) value.kind = Kind::kList;
    if (!value.is(Kind::kNone)) named.emplace_back(ours[i], std::move(value));
  }
  return meaning.operation(row.function, {}, named);
}

std::string text_of(const python::Value& value, std::string_view fallback) {
  return value.is(Kind::kString) ? value.text : std::string(fallback);
}

Json plain_json(const python::Value& value) {
  std::vector<size_t> tensors;
  Json result = json_of(value, tensors);
  if (!tensors.empty()) refuse("a tensor where a number is expected");
  return result;
}

struct SpecialRow {
  std::string_view name;
  std::string_view parameters;
  python::Value (*call)(Meaning&, const BoundArguments&);
};

// keras.backend.sqrt takes no root of what is below zero: sqrt(max(x, 0)).
python::Value square_root(Meaning& meaning, const BoundArguments& a) {
  return meaning.operation("math.sqrt", {meaning.operation("math.maximum", {a["x"], python::Value::real(0)})});
}

python::Value relu(Meaning& meaning, const BoundArguments& a) {
  return meaning.trace().add_layer("ReLU",
                                   {{"negative_slope", plain_json(a["alpha"])},
                                    {"max_value", plain_json(a["max_value"])},
                                    {"threshold", plain_json(a["threshold"])}},
                                   {a["x"]});
}
python::Value elu(Meaning& meaning, const BoundArguments& a) {
  return meaning.trace().add_layer("ELU", {{"alpha", plain_json(a["alpha"])}}, {a["x"]});
}
// keras.backend's is that of Keras 2 in Keras 3 too, whose activation of that name is another.
python::Value hard_sigmoid(Meaning& meaning, const BoundArguments& a) {
  const python::Value line =
      meaning.binary("+", meaning.binary("*", a["x"], python::Value::real(0.2)), python::Value::real(0.5));
  return meaning.operation("clip_by_value", {line, python::Value::real(0), python::Value::real(1)});
}

python::Value flatten(Meaning& meaning, const BoundArguments& a) {
  return meaning.operation("reshape", {a["x"], python::Value::list({python::Value::whole(-1)})});
}
python::Value batch_flatten(Meaning& meaning, const BoundArguments& a) {
  int64_t n = 1;
  const python::Value shape = meaning.shape_of(a["x"]);
  for (size_t i = 1; i < shape.items->size(); ++i) {
    if (!(*shape.items)[i].is(Kind::kInt))
      refuse("batch_flatten of a tensor with sizes that are not known; give --input-shape");
    n *= (*shape.items)[i].integer;
  }
  return meaning.operation("reshape",
                           {a["x"], python::Value::list({python::Value::whole(-1), python::Value::whole(n)})});
}

// The axes of both, of one, or (None) the last of x and the one before the last of y.
python::Value batch_dot(Meaning& meaning, const BoundArguments& a) {
  python::Value axes = a["axes"];
  if (!a["x"].is(Kind::kTensor) || !a["y"].is(Kind::kTensor)) refuse("batch_dot of what is no tensor");
  const int rank = meaning.trace().shape(a["x"]).rank();
  const int other = meaning.trace().shape(a["y"]).rank();
  if (axes.is(Kind::kNone))
    axes = python::Value::list({python::Value::whole(rank - 1), python::Value::whole(other == 2 ? 1 : other - 2)});
  if (axes.is_sequence()) axes.kind = Kind::kList;
  return meaning.trace().add_layer("Dot", {{"axes", plain_json(axes)}, {"normalize", false}}, {a["x"], a["y"]});
}

python::Value switched(Meaning& meaning, const BoundArguments& a) {
  if (const auto truth = python::truth(a["condition"])) return *truth ? a["then_expression"] : a["else_expression"];
  for (const char* branch : {"then_expression", "else_expression"}) {
    if (!a[branch].is(Kind::kTensor) && !a[branch].is_number())
      refuse(fmt::format("K.switch with {} for a branch", a[branch].repr()));
  }
  return meaning.operation("where", {a["condition"], a["then_expression"], a["else_expression"]});
}

python::Value resize_images(Meaning& meaning, const BoundArguments& a) {
  return meaning.trace().add_layer("UpSampling2D",
                                   {{"size", {plain_json(a["height_factor"]), plain_json(a["width_factor"])}},
                                    {"data_format", plain_json(a["data_format"])},
                                    {"interpolation", text_of(a["interpolation"], "nearest")}},
                                   {a["x"]});
}
python::Value pad_images(Meaning& meaning, const BoundArguments& a) {
  Json padding = plain_json(a["padding"]);
  if (!padding.is_array()) padding = Json{{1, 1}, {1, 1}};
  return meaning.trace().add_layer("ZeroPadding2D",
                                   {{"padding", padding}, {"data_format", plain_json(a["data_format"])}}, {a["x"]});
}
python::Value pad_steps(Meaning& meaning, const BoundArguments& a) {
  Json padding = plain_json(a["padding"]);
  if (!padding.is_array()) padding = Json{1, 1};
  return meaning.trace().add_layer("ZeroPadding1D", {{"padding", padding}}, {a["x"]});
}
python::Value repeat(Meaning& meaning, const BoundArguments& a) {
  return meaning.trace().add_layer("RepeatVector", {{"n", plain_json(a["n"])}}, {a["x"]});
}

python::Value convolved(Meaning& meaning, const BoundArguments& a) {
  return meaning.operation("nn.convolution", {},
                           {{"input", a["x"]},
                            {"filters", a["kernel"]},
                            {"strides", a["strides"]},
                            {"padding", a["padding"]},
                            {"data_format", a["data_format"]},
                            {"dilations", a["dilation_rate"]}});
}
python::Value pooled(Meaning& meaning, const BoundArguments& a) {
  return meaning.trace().add_layer(text_of(a["pool_mode"], "max") == "avg" ? "AveragePooling2D" : "MaxPooling2D",
                                   {{"pool_size", plain_json(a["pool_size"])},
                                    {"strides", plain_json(a["strides"])},
                                    {"padding", text_of(a["padding"], "valid")},
                                    {"data_format", plain_json(a["data_format"])}},
                                   {a["x"]});
}

python::Value int_shape(Meaning& meaning, const BoundArguments& a) {
  if (!a["x"].is(Kind::kTensor)) refuse("int_shape of what is no tensor");
  return meaning.shape_of(a["x"]);
}
python::Value n_dimensions(Meaning& meaning, const BoundArguments& a) {
  return python::Value::whole(static_cast<int64_t>(int_shape(meaning, a).items->size()));
}
python::Value epsilon(Meaning&, const BoundArguments&) { return python::Value::real(1e-7); }
python::Value floatx(Meaning&, const BoundArguments&) { return python::Value::string("float32"); }
python::Value data_format(Meaning&, const BoundArguments&) { return python::Value::string("channels_last"); }
python::Value backend_name(Meaning&, const BoundArguments&) { return python::Value::string("tensorflow"); }
python::Value learning_phase(Meaning&, const BoundArguments&) { return python::Value::whole(0); }
python::Value alternative(Meaning&, const BoundArguments& a) { return a["alt"]; }
python::Value itself(Meaning&, const BoundArguments& a) { return a["x"]; }
python::Value constant(Meaning&, const BoundArguments& a) {
  if (!a["shape"].is(Kind::kNone) || a["value"].has_tensor()) refuse("K.constant with a shape");
  return a["value"].is_sequence() ? python::Value::with(Kind::kArray, *a["value"].items) : a["value"];
}
python::Value fixed(Meaning&, const BoundArguments& a) {
  if (a["value"].has_tensor()) refuse("K.variable of a tensor");
  return a["value"].is_sequence() ? python::Value::with(Kind::kArray, *a["value"].items) : a["value"];
}
python::Value cast_to_float(Meaning& meaning, const BoundArguments& a) {
  return meaning.operation("cast", {a["x"], python::Value::string("float32")});
}

// The mean of (x - mean(x))², along the axes.
python::Value variance(Meaning& meaning, const BoundArguments& a) {
  const python::Value mean = meaning.operation("math.reduce_mean", {a["x"]},
                                               {{"axis", a["axis"]}, {"keepdims", python::Value::boolean(true)}});
  const python::Value square = meaning.operation("math.squared_difference", {a["x"], mean});
  return meaning.operation("math.reduce_mean", {square}, {{"axis", a["axis"]}, {"keepdims", a["keepdims"]}});
}
python::Value deviation(Meaning& meaning, const BoundArguments& a) {
  return meaning.operation("math.sqrt", {variance(meaning, a)});
}

// A slice for each axis, and of those in `axes` one that goes backwards.
python::Value reversed(Meaning& meaning, const BoundArguments& a) {
  if (!a["x"].is(Kind::kTensor)) refuse("reverse of what is no tensor");
  const int64_t rank = meaning.trace().shape(a["x"]).rank();
  std::vector<python::Value> key(
      static_cast<size_t>(rank),
      python::Value::with(Kind::kSlice, std::vector<python::Value>(3, python::Value::none())));
  const std::vector<python::Value> axes =
      a["axes"].is(Kind::kInt) ? std::vector{a["axes"]} : python::elements(a["axes"]);
  for (const python::Value& axis : axes) {
    const int64_t place = axis.integer < 0 ? axis.integer + rank : axis.integer;
    if (!axis.is(Kind::kInt) || place < 0 || place >= rank)
      refuse(fmt::format("reverse along {} of {} axes", axis.repr(), rank));
    key[static_cast<size_t>(place)] =
        python::Value::with(Kind::kSlice, {python::Value::none(), python::Value::none(), python::Value::whole(-1)});
  }
  return meaning.subscript(a["x"], python::Value::tuple(std::move(key)));
}

// Keras 2.15's: the output is clipped, and its logarithm's argument has epsilon added besides.
python::Value binary_crossentropy(Meaning& meaning, const BoundArguments& a) {
  if (python::truth(a["from_logits"]).value_or(true))
    return meaning.operation("nn.sigmoid_cross_entropy_with_logits", {},
                             {{"labels", a["target"]}, {"logits", a["output"]}});
  const python::Value one = python::Value::real(1), small = python::Value::real(1e-7);
  const python::Value p = meaning.operation("clip_by_value", {a["output"], small, python::Value::real(1 - 1e-7)});
  const auto log = [&](const python::Value& x) {
    return meaning.operation("math.log", {meaning.binary("+", x, small)});
  };
  const python::Value hit = meaning.binary("*", a["target"], log(p));
  const python::Value miss =
      meaning.binary("*", meaning.binary("-", one, a["target"]), log(meaning.binary("-", one, p)));
  return meaning.unary("-", meaning.binary("+", hit, miss));
}
python::Value categorical_crossentropy(Meaning& meaning, const BoundArguments& a) {
  return meaning.trace().add(*find_operation_class("CategoricalCrossentropy"), false,
                             {a["target"], a["output"], a["from_logits"], a["axis"]}, {});
}
python::Value sparse_crossentropy(Meaning& meaning, const BoundArguments& a) {
  return meaning.trace().add(*find_operation_class("SparseCategoricalCrossentropy"), false,
                             {a["target"], a["output"], a["from_logits"], a["axis"]}, {});
}
python::Value batch_normalization(Meaning& meaning, const BoundArguments& a) {
  const int rank = a["x"].is(Kind::kTensor) ? meaning.trace().shape(a["x"]).rank() : 0;
  const int64_t axis = a["axis"].integer;
  if (axis != -1 && axis != rank - 1) refuse("K.batch_normalization along another axis than the last");
  return meaning.operation("nn.batch_normalization",
                           {a["x"], a["mean"], a["var"], a["beta"], a["gamma"], a["epsilon"]});
}
python::Value type_of(Meaning& meaning, const BoundArguments& a) { return meaning.attribute(a["x"], "dtype"); }
python::Value range(Meaning& meaning, const BoundArguments& a) {
  const bool has_stop = !a["stop"].is(Kind::kNone);
  return meaning.operation(
      "range", {has_stop ? a["start"] : python::Value::whole(0), has_stop ? a["stop"] : a["start"], a["step"]},
      {{"dtype", a["dtype"]}});
}
python::Value is_false(Meaning&, const BoundArguments&) { return python::Value::boolean(false); }

constexpr SpecialRow kSpecial[] = {
    {"binary_crossentropy", "target output from_logits=False", binary_crossentropy},
    {"categorical_crossentropy", "target output from_logits=False axis=-1", categorical_crossentropy},
    {"sparse_categorical_crossentropy", "target output from_logits=False axis=-1", sparse_crossentropy},
    {"batch_normalization", "x mean var beta gamma axis=-1 epsilon=0.001", batch_normalization},
    {"dtype", "x", type_of},
    {"arange", "start stop=None step=1 dtype=int32", range},
    {"is_sparse", "tensor", is_false},
    {"print_tensor", "x message= summarize=3", itself},
    {"variable", "value dtype=None name=None constraint=None", fixed},
    {"get_value", "x", itself},
    {"var", "x axis=None keepdims=False", variance},
    {"std", "x axis=None keepdims=False", deviation},
    {"reverse", "x axes", reversed},
    {"sqrt", "x", square_root},
    {"relu", "x alpha=0.0 max_value=None threshold=0.0", relu},
    {"elu", "x alpha=1.0", elu},
    {"hard_sigmoid", "x", hard_sigmoid},
    {"flatten", "x", flatten},
    {"batch_flatten", "x", batch_flatten},
    {"batch_dot", "x y axes=None", batch_dot},
    {"switch", "condition then_expression else_expression", switched},
    {"resize_images", "x height_factor width_factor data_format interpolation=nearest", resize_images},
    {"spatial_2d_padding", "x padding=None data_format=channels_last", pad_images},
    {"temporal_padding", "x padding=None", pad_steps},
    {"repeat", "x n", repeat},
    {"conv1d", "x kernel strides=1 padding=valid data_format=None dilation_rate=1", convolved},
    {"conv2d", "x kernel strides=1 padding=valid data_format=None dilation_rate=1", convolved},
    {"pool2d", "x pool_size strides=1 padding=valid data_format=None pool_mode=max", pooled},
    {"int_shape", "x", int_shape},
    {"ndim", "x", n_dimensions},
    {"epsilon", "", epsilon},
    {"floatx", "", floatx},
    {"image_data_format", "", data_format},
    {"backend", "", backend_name},
    {"learning_phase", "", learning_phase},
    {"in_train_phase", "x alt training=None", alternative},
    {"in_test_phase", "x alt training=None", itself},
    {"constant", "value dtype=None shape=None name=None", constant},
    {"cast_to_floatx", "x", cast_to_float},
};

}  // namespace

std::optional<python::Value> call_backend(Meaning& meaning, const std::string& name,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords) {
  if (!name.starts_with("K.")) return {};
  const std::string function = name.substr(2);
  const auto* row = std::ranges::find(kBackendFunctions, function, &BackendFunction::name);
  if (row != std::end(kBackendFunctions)) return call_row(meaning, *row, arguments, keywords);
  const auto* special = std::ranges::find(kSpecial, function, &SpecialRow::name);
  if (special == std::end(kSpecial)) return {};
  return special->call(meaning, BoundArguments(name, special->parameters, arguments, keywords));
}

}  // namespace hoarfrost::keras
