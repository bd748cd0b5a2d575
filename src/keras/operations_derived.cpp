// Operations that are a few others: each is said in the language of --lambda (docs/lambda.md), step by step, and means
// what its steps mean. Definitions: Keras 3.15's keras.ops, TensorFlow 2.15's tf.image, tf.linalg, tf.math and tf.nn.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "keras/lambda/meaning.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/shapes.h"
#include "python/expression.h"

namespace hoarfrost::keras {
namespace {

struct Row {
  std::string_view name;       // Keras 3's class, or one that no Keras has
  std::string_view functions;  // TensorFlow's
  // In their order, "x|input axis=-1": other names of the first parameter that was given behind |, and what stands
  // where it is not given. One with ! before it must have that value.
  std::string_view parameters;
  std::string_view steps;  // "name = expression; …; expression", of the parameters and of the steps before
};

constexpr Row kRows[] = {
    {"Log2", "", "x", "tf.math.log(x) / 0.6931471805599453"},
    {"Log10", "", "x", "tf.math.log(x) / 2.302585092994046"},
    {"Exp2", "", "x", "2.0 ** x"},
    {"Trunc", "", "x", "tf.sign(x) * tf.floor(tf.abs(x))"},
    {"Cbrt", "", "x", "tf.sign(x) * tf.abs(x) ** 0.3333333333333333"},
    {"Deg2rad", "", "x", "x * 0.017453292519943295"},
    {"Hypot", "", "x1 x2", "tf.sqrt(x1 * x1 + x2 * x2)"},
    {"Logaddexp", "", "x1 x2", "tf.maximum(x1, x2) + tf.math.log1p(tf.exp(-tf.abs(x1 - x2)))"},
    {"ReciprocalNoNan", "math.reciprocal_no_nan", "x", "tf.math.divide_no_nan(1.0, x)"},
    {"Real", "math.real", "x|input", "x"},
    {"Imag", "math.imag", "x|input", "tf.zeros_like(x)"},
    {"Conj", "math.conj", "x", "x"},
    {"Angle", "math.angle", "x|input", "tf.where(x < 0, 3.141592653589793, 0.0)"},
    {"FullLike", "", "x fill_value !dtype=None", "tf.zeros_like(x) + fill_value"},
    {"CountNonzero", "", "x axis=None keepdims=False",
     "tf.reduce_sum(tf.cast(tf.not_equal(x, 0), 'int32'), axis=axis, keepdims=keepdims)"},
    {"Ravel", "", "x", "tf.reshape(x, [-1])"},
    {"Hstack", "", "xs", "tf.concat(xs, axis=1 if len(xs[0].shape) > 1 else 0)"},
    {"Vstack", "", "xs", "tf.concat(xs, axis=0) if len(xs[0].shape) > 1 else tf.stack(xs, axis=0)"},
    {"Outer", "", "x1 x2", "tf.reshape(x1, [-1, 1]) * tf.reshape(x2, [1, -1])"},
    {"Inner", "", "x1 x2", "tf.tensordot(x1, x2, axes=[[len(x1.shape) - 1], [len(x2.shape) - 1]])"},
    {"Cross", "linalg.cross", "x1|a x2|b !axisa=-1 !axisb=-1 !axisc=-1 !axis=None",
     "tf.stack([x1[..., 1] * x2[..., 2] - x1[..., 2] * x2[..., 1], x1[..., 2] * x2[..., 0] - x1[..., 0] * x2[..., 2], "
     "x1[..., 0] * x2[..., 1] - x1[..., 1] * x2[..., 0]], axis=-1)"},
    {"Meshgrid", "meshgrid", "x y indexing='xy'",
     "columns = tf.reshape(x, [1, -1] if indexing == 'xy' else [-1, 1]); "
     "rows = tf.reshape(y, [-1, 1] if indexing == 'xy' else [1, -1]); "
     "[columns * tf.ones_like(rows), rows * tf.ones_like(columns)]"},
    {"Diff", "", "a|x !n=1 axis=-1",
     "y = ops.swapaxes(a, axis, -1); "
     "ops.swapaxes(y[..., 1:] - y[..., :-1], axis, -1)"},
    {"Digitize", "", "x bins", "tf.reduce_sum(tf.cast(tf.expand_dims(x, -1) >= bins, 'int32'), axis=-1)"},
    {"NanToNum", "", "x !nan=0.0 !posinf=None !neginf=None",
     "tf.clip_by_value(tf.where(tf.math.is_nan(x), 0.0, x), -3.4028234663852886e38, 3.4028234663852886e38)"},

    {"Sort", "sort", "x|values axis=-1 direction='ASCENDING'",
     "y = ops.swapaxes(x, axis, -1); "
     "s = -tf.math.top_k(-y, k=y.shape[-1])[0] if direction == 'ASCENDING' else tf.math.top_k(y, k=y.shape[-1])[0]; "
     "ops.swapaxes(s, axis, -1)"},
    {"Argsort", "argsort", "x|values axis=-1 direction='ASCENDING' stable=False",
     "y = ops.swapaxes(x, axis, -1); "
     "s = tf.math.top_k(-y if direction == 'ASCENDING' else y, k=y.shape[-1])[1]; "
     "ops.swapaxes(s, axis, -1)"},
    {"Median", "", "x axis keepdims=False",
     "y = tf.sort(ops.swapaxes(x, axis, -1), axis=-1); n = y.shape[-1]; "
     "m = ops.swapaxes((y[..., (n - 1) // 2:(n + 1) // 2] + y[..., n // 2:n // 2 + 1]) * 0.5, axis, "
     "-1); m if keepdims else tf.squeeze(m, axis=axis)"},
    {"TakeAlongAxis", "experimental.numpy.take_along_axis", "x|arr indices axis=-1",
     "n = len(x.shape) - 1; y = ops.swapaxes(x, axis, n); "
     "i = ops.swapaxes(indices, axis, n); "
     "ops.swapaxes(tf.gather(y, i, axis=n, batch_dims=n), axis, n)"},

    {"Diagonal", "linalg.diag_part linalg.tensor_diag_part", "x|input !offset|k=0 axis1=-2 axis2=-1",
     "y = ops.moveaxis(x, [axis1, axis2], [-2, -1]); n = y.shape[-2]; m = y.shape[-1]; "
     "f = tf.reshape(y, [n * m] if len(y.shape) == 2 else [-1, n * m]); "
     "d = f[..., 0:min(n, m) * (m + 1):m + 1]; "
     "d if len(y.shape) < 4 else tf.reshape(d, [-1] + list(y.shape[1:-2]) + [min(n, m)])"},
    {"Trace", "linalg.trace", "x !offset=0 axis1=-2 axis2=-1",
     "y = ops.moveaxis(x, [axis1, axis2], [-2, -1]); "
     "tf.reduce_sum(tf.linalg.diag_part(y), axis=-1)"},
    {"Tril", "experimental.numpy.tril", "x|m k=0",
     "tf.where(tf.cast(np.tri(x.shape[-2], x.shape[-1], k), 'bool'), x, tf.zeros_like(x))"},
    {"Triu", "experimental.numpy.triu", "x|m k=0",
     "tf.where(tf.cast(np.tri(x.shape[-2], x.shape[-1], k - 1), 'bool'), tf.zeros_like(x), x)"},
    {"BandPart", "linalg.band_part compat.v1.matrix_band_part", "input num_lower num_upper",
     "y = ops.triu(input, -num_lower) if num_lower >= 0 else input; "
     "ops.tril(y, num_upper) if num_upper >= 0 else y"},

    {"Glu", "", "x axis=-1", "h = tf.split(x, 2, axis=axis); h[0] * tf.sigmoid(h[1])"},
    {"SparsePlus", "", "x", "keras.activations.sparse_plus(x)"},
    {"SparseSigmoid", "", "x", "keras.activations.sparse_sigmoid(x)"},
    {"Squareplus", "", "x b=4.0", "0.5 * (x + tf.sqrt(x * x + b))"},
    {"Threshold", "", "x threshold default_value|value", "tf.where(x > threshold, x, default_value)"},
    {"RMSNorm", "", "x scale=1.0 !axis=-1 epsilon=1e-6",
     "x * tf.math.rsqrt(tf.reduce_mean(x * x, axis=-1, keepdims=True) + epsilon) * scale"},
    {"DotProductAttention", "",
     "query key value !bias=None !mask=None scale=None !is_causal=False flash_attention=None",
     "f = scale if scale else 1 / math.sqrt(query.shape[-1]); "
     "w = tf.nn.softmax(tf.einsum('btnh,bsnh->bnts', query * f, key)); tf.einsum('bnts,bsnh->btnh', w, value)"},

    {"RGBToGrayscale", "image.rgb_to_grayscale", "images data_format='channels_last'",
     "tf.tensordot(images, [[0.2989], [0.587], [0.114]], axes=1)"},
    {"FlipLeftRight", "image.flip_left_right", "image", "tf.reverse(image, [len(image.shape) - 2])"},
    {"FlipUpDown", "image.flip_up_down", "image", "tf.reverse(image, [len(image.shape) - 3])"},
    {"PerImageStandardization", "image.per_image_standardization", "image",
     "n = image.shape[-1] * image.shape[-2] * image.shape[-3]; "
     "d = tf.math.reduce_std(image, axis=[-3, -2, -1], keepdims=True); "
     "(image - tf.reduce_mean(image, axis=[-3, -2, -1], keepdims=True)) / tf.maximum(d, 1 / math.sqrt(n))"},
    {"AdjustBrightness", "image.adjust_brightness", "image delta", "image + delta"},
    {"AdjustContrast", "image.adjust_contrast", "images contrast_factor",
     "m = tf.reduce_mean(images, axis=[-3, -2], keepdims=True); (images - m) * contrast_factor + m"},
    {"CropToBoundingBox", "image.crop_to_bounding_box", "image offset_height offset_width target_height target_width",
     "image[..., offset_height:offset_height + target_height, offset_width:offset_width + target_width, :]"},
    {"DepthToSpace", "nn.depth_to_space compat.v1.depth_to_space depth_to_space",
     "x|input block_size data_format='channels_last'",
     "n = block_size; h = x.shape[1] if x.shape[1] else tf.shape(x)[1]; w = x.shape[2] if x.shape[2] else "
     "tf.shape(x)[2]; c = x.shape[3] // (n * n); "
     "tf.reshape(tf.transpose(tf.reshape(x, [-1, h, w, n, n, c]), perm=[0, 1, 3, 2, 4, 5]), [-1, h * n, w * n, c])"},
    {"SpaceToDepth", "nn.space_to_depth compat.v1.space_to_depth space_to_depth",
     "x|input block_size data_format='channels_last'",
     "n = block_size; h = x.shape[1] // n if x.shape[1] else tf.shape(x)[1] // n; w = x.shape[2] // n if x.shape[2] "
     "else tf.shape(x)[2] // n; c = x.shape[3]; "
     "tf.reshape(tf.transpose(tf.reshape(x, [-1, h, n, w, n, c]), perm=[0, 1, 3, 2, 4, 5]), [-1, h, w, n * n * c])"},
    {"MaxPool2D", "nn.max_pool2d nn.max_pool compat.v1.nn.max_pool", "input|value ksize strides padding",
     "tf.nn.max_pool2d(input, ksize, strides, padding)"},
    {"AvgPool2D", "nn.avg_pool2d nn.avg_pool compat.v1.nn.avg_pool", "input|value ksize strides padding",
     "tf.nn.avg_pool2d(input, ksize, strides, padding)"},
    {"MaxPool1D", "nn.max_pool1d", "input ksize strides padding", "tf.nn.max_pool1d(input, ksize, strides, padding)"},
    {"AvgPool1D", "nn.avg_pool1d", "input ksize strides padding", "tf.nn.avg_pool1d(input, ksize, strides, padding)"},
};

std::string_view first_word(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// Tensors of the call as numbers of the operation's inputs.
Json with_operands(OperationCall& call, const Json& json, int depth = 0) {
  if (json.is_object() && json.size() == 1 && json.contains("tensor")) {
    call.add(json);
    return {{"tensor", call.all().size() - 1}};
  }
  if (!json.is_array() || depth > 8) return json;
  Json result = Json::array();
  for (const Json& element : json) result.push_back(with_operands(call, element, depth + 1));
  return result;
}

struct Derived {
  std::string_view steps;
  std::map<std::string, python::Value> variables;
  Version version;
  std::string layer_name;

  Shapes infer(const Shapes& in) const { return trace(in).output_shapes(); }

  Values lower(Lowering& lowering, const Values& in) const { return trace(shapes_of(in)).lower(lowering, in); }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return trace(shapes_of(in)).reference(in); }

 private:
  [[nodiscard]] Trace trace(const Shapes& in) const {
    Trace result(in, version, layer_name);
    Meaning meaning(result);
    std::map<std::string, python::Value> known = variables;
    std::string_view left = steps;
    while (true) {
      std::string_view step = first_word(left, ';');
      step.remove_prefix(std::min(step.find_first_not_of(' '), step.size()));
      if (left.empty()) {
        result.set_result(python::evaluate(step, known, meaning));
        return result;
      }
      const std::string_view name = first_word(step, ' ');
      step.remove_prefix(2);  // "= "
      known.insert_or_assign(std::string(name), python::evaluate(step, known, meaning));
    }
  }
};

// One parameter of a row: "!axis|dim=-1".
struct Parameter {
  bool is_fixed = false;
  std::string_view name;
  std::string_view other_name;
  std::optional<std::string_view> fallback;

  explicit Parameter(std::string_view word) : is_fixed(word.starts_with('!')) {
    if (is_fixed) word.remove_prefix(1);
    if (const size_t equals = word.find('='); equals != std::string_view::npos) {
      fallback = word.substr(equals + 1);
      word = word.substr(0, equals);
    }
    name = first_word(word, '|');
    other_name = word.empty() ? name : word;
  }
};

Json default_of(std::string_view text) {
  if (text == "None") return {};
  if (text == "True" || text == "False") return text == "True";
  if (text.starts_with('\'')) return std::string(text.substr(1, text.size() - 2));
  return Json::parse(text);
}

std::shared_ptr<const Layer> parse_derived(OperationCall& call, std::string_view name) {
  const Row& row = *std::ranges::find(kRows, name, &Row::name);
  Derived result{row.steps, {}, call.config().version(), call.config().name()};
  std::string_view parameters = row.parameters;
  for (size_t position = 0; !parameters.empty(); ++position) {
    const Parameter parameter(first_word(parameters, ' '));
    const Json* given = call.find(position, {parameter.name, parameter.other_name});
    if (given == nullptr && !parameter.fallback)
      call.config().fail(fmt::format("the call has no argument `{}`", parameter.name));
    Json value = given != nullptr ? with_operands(call, *given) : default_of(*parameter.fallback);
    if (parameter.name == "data_format" && (value == "channels_first" || value == "NCHW"))
      call.config().unsupported("called on images with their channels first, which is not converted");
    if (parameter.is_fixed && value != default_of(*parameter.fallback)) {
      call.config().unsupported(fmt::format("called with {}={}, which is not converted; {} is", parameter.name,
                                            value.dump().substr(0, 60), *parameter.fallback));
    }
    result.variables.insert_or_assign(std::string(parameter.name), value_of_json(value));
  }
  return make_operation(std::move(result));
}

constexpr auto kOperations = [] {
  std::array<OperationSpec, std::size(kRows)> result{};
  for (size_t i = 0; i < result.size(); ++i) result[i] = {kRows[i].name, kRows[i].functions, parse_derived};
  return result;
}();

}  // namespace

std::span<const OperationSpec> derived_operations() { return kOperations; }

}  // namespace hoarfrost::keras
