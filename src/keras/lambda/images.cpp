// What Lambdas do to images with tf.*: sizes, blocks, borders, pooling; and TensorFlow's standard deviation, which is
// keras.backend's.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

Json plain_json(const python::Value& value) {
  std::vector<size_t> tensors;
  Json result = json_of(value, tensors);
  if (!tensors.empty()) refuse("a tensor where a number is expected");
  return result;
}

const Shape& shape_of(Meaning& meaning, const python::Value& x, std::string_view function, int rank) {
  if (!x.is(Kind::kTensor)) refuse(fmt::format("{} of what is no tensor", function));
  const Shape& shape = meaning.trace().shape(x);
  if (rank > 0 && shape.rank() != rank)
    refuse(fmt::format("{} of {}, which has no {} axes", function, shape.to_string(), rank));
  return shape;
}

// TensorFlow 2's, whose pixels are half-pixel centred; TensorFlow 1 had a function of that name that was another.
python::Value resize(Meaning& meaning, const BoundArguments& a) {
  (void)shape_of(meaning, a["images"], "tf.image.resize", 4);
  const Version version = meaning.trace().version();  // TensorFlow 2.2 says "2.3.0-tf", 1.13 to 2.1 "2.2.4-tf"
  if (version < Version{2, 4} && !(version.is_tf_keras && version >= Version{2, 3}))
    refuse("tf.image.resize of a TensorFlow that may be 1 or 2, which resize otherwise");
  if (python::truth(a["preserve_aspect_ratio"]).value_or(true)) refuse("tf.image.resize with preserve_aspect_ratio");
  if (python::truth(a["antialias"]).value_or(true)) {
    return meaning.operation("image.resize", {a["images"], a["size"]},
                             {{"method", a["method"]}, {"antialias", python::Value::boolean(true)}});
  }
  const Json size = plain_json(a["size"]);
  if (!size.is_array() || size.size() != 2) refuse("tf.image.resize to what are no two numbers");
  std::string method = a["method"].text;
  if (const size_t point = method.rfind('.'); point != std::string::npos)
    method = method.substr(point + 1);  // tf.image.ResizeMethod.BILINEAR
  std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (method == "nearest_neighbor") method = "nearest";
  return meaning.trace().add_layer("Resizing", {{"height", size[0]}, {"width", size[1]}, {"interpolation", method}},
                                   {a["images"]});
}

// Window, strides and padding as TensorFlow writes them: a number, one for each axis, or with a 1 before and behind.
python::Value pooled(Meaning& meaning, const BoundArguments& a, const std::string& kind, int n_axes) {
  (void)shape_of(meaning, a["input"], "pooling", n_axes + 2);
  const auto n = static_cast<size_t>(n_axes);
  const auto inner = [&](const python::Value& value) {
    Json sizes = plain_json(value);
    if (sizes.is_number_integer()) return Json(std::vector<Json>(n, sizes));
    if (sizes.is_array() && sizes.size() == n + 2 && sizes.front() == 1 && sizes.back() == 1) {
      sizes.erase(n + 1);
      sizes.erase(size_t{0});
    }
    if (sizes.is_array() && sizes.size() == 1) return Json(std::vector<Json>(n, sizes[0]));
    if (!sizes.is_array() || sizes.size() != n) refuse(fmt::format("pooling over {}", sizes.dump()));
    return sizes;
  };
  if (!a["padding"].is(Kind::kString)) refuse("pooling with a padding that is neither SAME nor VALID");
  std::string padding = a["padding"].text;
  std::ranges::transform(padding, padding.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return meaning.trace().add_layer(
      fmt::format("{}Pooling{}D", kind, n_axes),
      {{"pool_size", inner(a["ksize"])}, {"strides", inner(a["strides"])}, {"padding", padding}}, {a["input"]});
}
python::Value max_pooled(Meaning& meaning, const BoundArguments& a) { return pooled(meaning, a, "Max", 2); }
python::Value average_pooled(Meaning& meaning, const BoundArguments& a) { return pooled(meaning, a, "Average", 2); }
python::Value max_pooled_1d(Meaning& meaning, const BoundArguments& a) { return pooled(meaning, a, "Max", 1); }
python::Value average_pooled_1d(Meaning& meaning, const BoundArguments& a) { return pooled(meaning, a, "Average", 1); }

python::Value max_pooled_3d(Meaning& meaning, const BoundArguments& a) { return pooled(meaning, a, "Max", 3); }
python::Value average_pooled_3d(Meaning& meaning, const BoundArguments& a) { return pooled(meaning, a, "Average", 3); }

python::Value deviation(Meaning& meaning, const BoundArguments& a) {
  return *call_backend(meaning, "K.std", {a["input_tensor"], a["axis"], a["keepdims"]}, {});
}
python::Value variance(Meaning& meaning, const BoundArguments& a) {
  return *call_backend(meaning, "K.var", {a["input_tensor"], a["axis"], a["keepdims"]}, {});
}

struct ImageFunction {
  std::string_view names;  // separated by blanks
  std::string_view parameters;
  python::Value (*call)(Meaning&, const BoundArguments&);
};
constexpr ImageFunction kImageFunctions[] = {
    {"image.resize", "images size method=bilinear preserve_aspect_ratio=False antialias=False name=None", resize},
    {"nn.max_pool1d", "input ksize strides padding name=None", max_pooled_1d},
    {"nn.avg_pool1d", "input ksize strides padding name=None", average_pooled_1d},
    {"nn.max_pool2d nn.max_pool", "input ksize strides padding name=None", max_pooled},
    {"nn.avg_pool2d nn.avg_pool", "input ksize strides padding name=None", average_pooled},
    {"nn.max_pool3d", "input ksize strides padding name=None", max_pooled_3d},
    {"nn.avg_pool3d", "input ksize strides padding name=None", average_pooled_3d},
    {"math.reduce_std", "input_tensor axis=None keepdims=False name=None", deviation},
    {"math.reduce_variance", "input_tensor axis=None keepdims=False name=None", variance},
};

bool has_name(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const size_t end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

}  // namespace

std::optional<python::Value> call_image(Meaning& meaning, const std::string& function,
                                        const std::vector<python::Value>& arguments, const python::Keywords& keywords) {
  for (const ImageFunction& row : kImageFunctions) {
    if (has_name(row.names, function))
      return row.call(meaning, BoundArguments("tf." + function, row.parameters, arguments, keywords));
  }
  return {};
}

}  // namespace hoarfrost::keras
