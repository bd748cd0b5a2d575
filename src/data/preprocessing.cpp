#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <hoarfrost/preprocessing.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace hoarfrost::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 8> kInterpolations{"nearest",  "bilinear", "bicubic",  "area",
                                                          "lanczos3", "lanczos5", "gaussian", "mitchellcubic"};
constexpr std::array<std::string_view, 5> kPresets{"scale", "tf", "caffe", "torch", "none"};
constexpr int64_t kLargestSide = 1 << 16;
constexpr size_t kMostChannels = 4096;

// One key's value, read with errors that name it.
class Setting {
 public:
  Setting(std::string key, const Json& value, const std::string& where)
      : key_(std::move(key)), value_(value), where_(where) {}

  [[noreturn]] void fail(std::string_view expected) const {
    throw Error(ErrorCode::kCorrupt, where_, fmt::format("`{}`: expected {}, found {}", key_, expected, value_.dump()));
  }
  [[nodiscard]] std::string text() const {
    if (!value_.is_string()) fail("a string");
    return value_.get<std::string>();
  }
  [[nodiscard]] bool boolean() const {
    if (!value_.is_boolean()) fail("true or false");
    return value_.get<bool>();
  }
  [[nodiscard]] double divisor() const {
    if (!value_.is_number()) fail("a number other than 0");
    const auto number = value_.get<double>();
    if (!std::isfinite(number) || number == 0) fail("a number other than 0");
    return number;
  }
  [[nodiscard]] std::vector<double> numbers(bool may_be_zero) const {
    if (!value_.is_array() || value_.size() > kMostChannels) fail("a list of numbers");
    std::vector<double> result;
    for (const Json& element : value_) {
      if (!element.is_number()) fail("a list of numbers");
      result.push_back(element.get<double>());
      if (!may_be_zero && result.back() == 0) fail("numbers other than 0");
    }
    return result;
  }
  [[nodiscard]] Extent extent() const {
    constexpr std::string_view kExpected = "[height, width] of 1 to 65536";
    if (!value_.is_array() || value_.size() != 2) fail(kExpected);
    Extent result{};
    for (size_t i = 0; i < 2; ++i) {
      if (!value_[i].is_number_integer()) fail(kExpected);
      result[i] = value_[i].get<int64_t>();
      if (result[i] < 1 || result[i] > kLargestSide) fail(kExpected);
    }
    return result;
  }

 private:
  std::string key_;
  const Json& value_;
  const std::string& where_;
};

void set(Preprocessing& result, const std::string& key, const Setting& value) {
  if (key == "resize")
    result.resize = value.extent();
  else if (key == "interpolation")
    result.interpolation = interpolation_from_name(value.text());
  else if (key == "crop_to_aspect_ratio")
    result.crop_to_aspect_ratio = value.boolean();
  else if (key == "crop")
    result.crop = value.extent();
  else if (key == "channel_order" && value.text() == "rgb")
    result.channel_order = ChannelOrder::kRgb;
  else if (key == "channel_order" && value.text() == "bgr")
    result.channel_order = ChannelOrder::kBgr;
  else if (key == "channel_order")
    value.fail("\"rgb\" or \"bgr\"");
  else if (key == "divide_by")
    result.divide_by = value.divisor();
  else if (key == "mean")
    result.mean = value.numbers(true);
  else if (key == "std")
    result.std = value.numbers(false);
}

constexpr std::array<std::string_view, 9> kKeys{
    "preset", "resize", "interpolation", "crop_to_aspect_ratio", "crop", "channel_order", "divide_by", "mean", "std"};

}  // namespace

void Preprocessing::set_preset(std::string_view name) {
  channel_order = ChannelOrder::kRgb;
  divide_by = 1;
  mean.clear();
  std.clear();
  if (name == "scale") {
    divide_by = 255;
  } else if (name == "tf") {
    divide_by = 127.5;
    mean = {1};
  } else if (name == "caffe") {
    channel_order = ChannelOrder::kBgr;
    mean = {103.939, 116.779, 123.68};
  } else if (name == "torch") {
    divide_by = 255;
    mean = {0.485, 0.456, 0.406};
    std = {0.229, 0.224, 0.225};
  } else if (name != "none") {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected a preset of {}, found `{}`", fmt::join(kPresets, ", "), name));
  }
}

std::string Preprocessing::preset() const {
  for (const std::string_view name : kPresets) {
    Preprocessing other = *this;
    other.set_preset(name);
    if (other == *this) return std::string(name);
  }
  return "";
}

std::string Preprocessing::to_string() const {
  std::string text = preset().empty() ? "" : "preset " + preset();
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (crop_to_aspect_ratio) add("cropped to the aspect ratio");
  if (resize)
    add(fmt::format("resized to {}x{} ({})", (*resize)[0], (*resize)[1], interpolation_name(interpolation)));
  else if (interpolation != Interpolation::kBilinear)
    add(fmt::format("resized by {}", interpolation_name(interpolation)));
  if (crop) add(fmt::format("cropped to {}x{}", (*crop)[0], (*crop)[1]));
  if (!preset().empty()) return text;
  if (channel_order == ChannelOrder::kBgr) add("channels BGR");
  if (divide_by) add(fmt::format("divided by {}", *divide_by));
  if (!mean.empty()) add(fmt::format("mean {}", fmt::join(mean, ",")));
  if (!std.empty()) add(fmt::format("std {}", fmt::join(std, ",")));
  return text.empty() ? "bytes divided by 255" : text;
}

std::string Preprocessing::to_json() const {
  Json json;
  if (!preset().empty()) json["preset"] = preset();
  if (resize) json["resize"] = *resize;
  json["interpolation"] = interpolation_name(interpolation);
  json["crop_to_aspect_ratio"] = crop_to_aspect_ratio;
  if (crop) json["crop"] = *crop;
  if (preset().empty()) {
    json["channel_order"] = channel_order == ChannelOrder::kRgb ? "rgb" : "bgr";
    if (divide_by) json["divide_by"] = *divide_by;
    json["mean"] = mean;
    json["std"] = std;
  }
  return json.dump(2) + "\n";
}

Preprocessing Preprocessing::from_json(std::string_view text, const std::string& where) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    throw Error(ErrorCode::kCorrupt, where,
                "expected preprocessing as a JSON object, as --save-preprocessing writes it");
  Preprocessing result;
  try {
    if (json.contains("preset")) result.set_preset(Setting("preset", json["preset"], where).text());
    for (const auto& [key, value] : json.items()) {
      if (std::ranges::find(kKeys, key) == kKeys.end()) {
        throw Error(ErrorCode::kCorrupt, "",
                    fmt::format("unknown key `{}`: expected one of {}", key, fmt::join(kKeys, ", ")));
      }
      set(result, key, Setting(key, value, where));
    }
  } catch (Error& error) {
    if (!std::string_view(error.what()).starts_with(where)) error.within(where);
    throw;
  }
  return result;
}

std::filesystem::path Preprocessing::path_beside(const std::filesystem::path& graph) {
  std::filesystem::path path = graph;
  return path.replace_extension(".preprocessing.json");
}

std::optional<Preprocessing> Preprocessing::load_beside(const std::filesystem::path& graph) {
  const auto path = path_beside(graph);
  std::error_code ignored;
  if (graph.empty() || !std::filesystem::exists(path, ignored)) return {};
  const auto file = File::open(path);
  constexpr uint64_t kMostBytes = 1 << 20;
  if (file->size() > kMostBytes)
    throw Error(ErrorCode::kCorrupt, path.string(),
                fmt::format("expected at most {} bytes, found {}", kMostBytes, file->size()));
  std::string text(file->size(), '\0');
  file->read(0, std::as_writable_bytes(std::span(text)));
  return from_json(text, path.string());
}

std::string_view interpolation_name(Interpolation interpolation) {
  return kInterpolations[static_cast<size_t>(interpolation)];
}

Interpolation interpolation_from_name(std::string_view name) {
  const auto found = std::ranges::find(kInterpolations, name);
  if (found == kInterpolations.end()) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected an interpolation of {}, found `{}`", fmt::join(kInterpolations, ", "), name));
  }
  return static_cast<Interpolation>(found - kInterpolations.begin());
}

Extent extent_from_text(std::string_view text) {
  Extent extent{};
  const char* const end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, extent[0]);
  extent[1] = extent[0];
  if (error == std::errc() && at != end && (*at == 'x' || *at == 'X' || *at == ',')) {
    const auto second = std::from_chars(at + 1, end, extent[1]);
    at = second.ptr, error = second.ec;
  }
  const auto is_side = [](int64_t side) { return side >= 1 && side <= kLargestSide; };
  if (error != std::errc() || at != end || !is_side(extent[0]) || !is_side(extent[1])) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected a size HEIGHTxWIDTH, such as 224x224, found `{}`", text));
  }
  return extent;
}

}  // namespace hoarfrost::data
