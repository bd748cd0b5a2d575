// What Lambdas do to images with tf.*: sizes, blocks, borders, pooling; and TensorFlow's standard deviation, which is
// keras.backend's.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kUnsupported, "", what); }

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

python::Value whole(int64_t number) { return python::Value::whole(number); }
python::Value list_of(const std::vector<int64_t>& numbers) {
  std::vector<python::Value> items;
  for (const int64_t number : numbers) items.push_back(whole(number));
  return python::Value::list(std::move(items));
}

int64_t block_size(const Arguments& a) {
  if (!a["block_size"].is(Kind::kInt) || a["block_size"].integer < 2 || a["block_size"].integer > 1024)
    refuse("a block_size that is no whole number of 2 or more");
  if (a["data_format"].is(Kind::kString) && a["data_format"].text != "NHWC")
    refuse(fmt::format("data_format {}", a["data_format"].text));
  return a["block_size"].integer;
}

// Blocks of an image to its channels and back, row by row (tf.nn.space_to_depth, tf.nn.depth_to_space of
// TensorFlow 2.15).
python::Value depth_to_space(Meaning& meaning, const Arguments& a) {
  const int64_t n = block_size(a);
  const Shape in = shape_of(meaning, a["input"], "depth_to_space", 4);
  if (in[1] < 0 || in[2] < 0 || in[3] < 0 || in[3] % (n * n) != 0)
    refuse(fmt::format(
        "depth_to_space of {} by {}: sizes must be known, and the channels a multiple of {}; give --input-shape",
        in.to_string(), n, n * n));
  const int64_t channels = in[3] / (n * n);
  const python::Value apart = meaning.operation("reshape", {a["input"], list_of({-1, in[1], in[2], n, n, channels})});
  const python::Value turned = meaning.operation("transpose", {apart}, {{"perm", list_of({0, 1, 3, 2, 4, 5})}});
  return meaning.operation("reshape", {turned, list_of({-1, in[1] * n, in[2] * n, channels})});
}
python::Value space_to_depth(Meaning& meaning, const Arguments& a) {
  const int64_t n = block_size(a);
  const Shape in = shape_of(meaning, a["input"], "space_to_depth", 4);
  if (in[1] < 0 || in[2] < 0 || in[3] < 0 || in[1] % n != 0 || in[2] % n != 0)
    refuse(fmt::format("space_to_depth of {} by {}: sizes must be known multiples of it; give --input-shape",
                       in.to_string(), n));
  const python::Value apart =
      meaning.operation("reshape", {a["input"], list_of({-1, in[1] / n, n, in[2] / n, n, in[3]})});
  const python::Value turned = meaning.operation("transpose", {apart}, {{"perm", list_of({0, 1, 3, 2, 4, 5})}});
  return meaning.operation("reshape", {turned, list_of({-1, in[1] / n, in[2] / n, n * n * in[3]})});
}

// Zeros around one to three axes between the batch and the channels.
python::Value pad(Meaning& meaning, const Arguments& a) {
  const Shape& in = shape_of(meaning, a["tensor"], "tf.pad", 0);
  const Json sizes = plain_json(a["paddings"]);
  if (a["mode"].is(Kind::kString) && a["mode"].text != "CONSTANT" && a["mode"].text != "constant")
    refuse(fmt::format("tf.pad in mode {}", a["mode"].text));
  if (!a["constant_values"].is_number() || a["constant_values"].as_double() != 0)
    refuse("tf.pad with another value than 0");
  if (in.rank() < 3 || in.rank() > 5 || !sizes.is_array() || static_cast<int>(sizes.size()) != in.rank())
    refuse(fmt::format("tf.pad of {} by {}", in.to_string(), sizes.dump()));
  if (sizes.front() != Json{0, 0} || sizes.back() != Json{0, 0}) refuse("tf.pad of the batch or of the channels");
  Json inner = Json::array();
  for (size_t i = 1; i + 1 < sizes.size(); ++i) inner.push_back(sizes[i]);
  if (in.rank() == 3) inner = inner[0];
  return meaning.trace().add_layer(fmt::format("ZeroPadding{}D", in.rank() - 2), {{"padding", inner}}, {a["tensor"]});
}

// TensorFlow 2's, whose pixels are half-pixel centred; TensorFlow 1 had a function of that name that was another.
python::Value resize(Meaning& meaning, const Arguments& a) {
  (void)shape_of(meaning, a["images"], "tf.image.resize", 4);
  if (meaning.trace().version() < Version{2, 4})
    refuse("tf.image.resize of a TensorFlow that may be 1 or 2, which resize otherwise");
  for (const char* flag : {"preserve_aspect_ratio", "antialias"}) {
    if (python::truth(a[flag]).value_or(true)) refuse(fmt::format("tf.image.resize with {}", flag));
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

// Window, strides and padding as TensorFlow writes them: a number, two, or four of which the first and last are 1.
python::Value pooled(Meaning& meaning, const Arguments& a, const std::string& kind) {
  (void)shape_of(meaning, a["input"], "pooling", 4);
  const auto inner = [](const python::Value& value) {
    Json sizes = plain_json(value);
    if (sizes.is_number_integer()) return Json{sizes, sizes};
    if (sizes.is_array() && sizes.size() == 4 && sizes[0] == 1 && sizes[3] == 1) return Json{sizes[1], sizes[2]};
    if (!sizes.is_array() || sizes.size() != 2) refuse(fmt::format("pooling over {}", sizes.dump()));
    return sizes;
  };
  if (!a["padding"].is(Kind::kString)) refuse("pooling with a padding that is neither SAME nor VALID");
  std::string padding = a["padding"].text;
  std::ranges::transform(padding, padding.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return meaning.trace().add_layer(
      kind + "Pooling2D", {{"pool_size", inner(a["ksize"])}, {"strides", inner(a["strides"])}, {"padding", padding}},
      {a["input"]});
}
python::Value max_pooled(Meaning& meaning, const Arguments& a) { return pooled(meaning, a, "Max"); }
python::Value average_pooled(Meaning& meaning, const Arguments& a) { return pooled(meaning, a, "Average"); }

python::Value deviation(Meaning& meaning, const Arguments& a) {
  return *call_backend(meaning, "K.std", {a["input_tensor"], a["axis"], a["keepdims"]}, {});
}
python::Value variance(Meaning& meaning, const Arguments& a) {
  return *call_backend(meaning, "K.var", {a["input_tensor"], a["axis"], a["keepdims"]}, {});
}

struct Row {
  std::string_view names;  // separated by blanks
  std::string_view parameters;
  python::Value (*call)(Meaning&, const Arguments&);
};
constexpr Row kRows[] = {
    {"nn.depth_to_space depth_to_space compat.v1.depth_to_space", "input block_size data_format=None name=None",
     depth_to_space},
    {"nn.space_to_depth space_to_depth compat.v1.space_to_depth", "input block_size data_format=None name=None",
     space_to_depth},
    {"pad compat.v1.pad", "tensor paddings mode=None constant_values=0 name=None", pad},
    {"image.resize", "images size method=bilinear preserve_aspect_ratio=False antialias=False name=None", resize},
    {"nn.max_pool2d nn.max_pool", "input ksize strides padding name=None", max_pooled},
    {"nn.avg_pool2d nn.avg_pool", "input ksize strides padding name=None", average_pooled},
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
  for (const Row& row : kRows) {
    if (has_name(row.names, function))
      return row.call(meaning, Arguments("tf." + function, row.parameters, arguments, keywords));
  }
  return {};
}

}  // namespace hoarfrost::keras
