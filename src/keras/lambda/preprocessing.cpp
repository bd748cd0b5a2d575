// preprocess_input of keras.applications (Keras 2.15's and 3.15's imagenet_utils.py): what a model's pictures, 0 to
// 255, are made into.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

struct PreprocessingRow {
  std::string_view model;
  std::string_view mode;
};
constexpr PreprocessingRow kPreprocessingRows[] = {
    {"densenet", "torch"},       {"inception_resnet_v2", "tf"},
    {"inception_v3", "tf"},      {"mobilenet", "tf"},
    {"mobilenet_v2", "tf"},      {"nasnet", "tf"},
    {"resnet", "caffe"},         {"resnet50", "caffe"},
    {"resnet_v2", "tf"},         {"vgg16", "caffe"},
    {"vgg19", "caffe"},          {"xception", "tf"},
    {"imagenet_utils", "caffe"}, {"convnext", "none"},
    {"efficientnet", "none"},    {"efficientnet_v2", "none"},
    {"mobilenet_v3", "none"},    {"regnet", "none"},
    {"resnet_rs", "none"},
};

python::Value numbers(std::initializer_list<double> values) {
  std::vector<python::Value> items;
  for (const double value : values) items.push_back(python::Value::real(value));
  return python::Value::with(Kind::kArray, std::move(items));
}

}  // namespace

std::optional<python::Value> call_preprocessing(Meaning& meaning, const std::string& name,
                                                const std::vector<python::Value>& arguments,
                                                const python::Keywords& keywords) {
  constexpr std::string_view kRoot = "keras.applications.", kFunction = ".preprocess_input";
  if (!name.starts_with(kRoot) || !name.ends_with(kFunction) || name.size() <= kRoot.size() + kFunction.size())
    return {};
  const std::string model = name.substr(kRoot.size(), name.size() - kRoot.size() - kFunction.size());
  const auto* row = std::ranges::find(kPreprocessingRows, model, &PreprocessingRow::model);
  if (row == std::end(kPreprocessingRows)) return {};
  const BoundArguments given(name, "x data_format=None mode=None", arguments, keywords);
  const python::Value& x = given["x"];
  const std::string mode = given["mode"].is(Kind::kString) ? given["mode"].text : std::string(row->mode);
  if (given["data_format"].is(Kind::kString) && given["data_format"].text == "channels_first")
    throw Error(ErrorCode::kUnsupported, "", "it prepares pictures with their channels first");
  if (mode == "none") return x;
  if (mode == "tf")
    return meaning.binary("-", meaning.binary("/", x, python::Value::real(127.5)), python::Value::real(1));
  if (mode == "torch") {
    const python::Value y = meaning.binary("/", x, python::Value::real(255));
    return meaning.binary("/", meaning.binary("-", y, numbers({0.485, 0.456, 0.406})), numbers({0.229, 0.224, 0.225}));
  }
  if (mode != "caffe") throw Error(ErrorCode::kUnsupported, "", fmt::format("it prepares pictures in mode {}", mode));
  const python::Value backwards =
      python::Value::with(Kind::kSlice, {python::Value::none(), python::Value::none(), python::Value::whole(-1)});
  const python::Value turned =
      meaning.subscript(x, python::Value::tuple({python::Value::of(Kind::kEllipsis), backwards}));
  return meaning.binary("-", turned, numbers({103.939, 116.779, 123.68}));
}

}  // namespace hoarfrost::keras
