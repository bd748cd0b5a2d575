// What is done to pictures and values before a network sees them; written beside a graph, so that nobody evaluates it
// with another one.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::data {

// Keras' names for tf.image.resize's methods (half-pixel centres, antialias=False, TensorFlow 2.15).
enum class Interpolation { kNearest, kBilinear, kBicubic, kArea, kLanczos3, kLanczos5, kGaussian, kMitchellCubic };
enum class ChannelOrder { kRgb, kBgr };

using Extent = std::array<int64_t, 2>;  // height, width in pixels

// In this order: a picture is resized, cropped about its middle, its channels put in order, and each value becomes
// (value / divide_by - mean[channel]) / std[channel], in float32 as Keras computes it.
struct Preprocessing {
  std::optional<Extent> resize;  // not given: pictures in files to the size that the graph takes, arrays not at all
  Interpolation interpolation = Interpolation::kBilinear;
  bool crop_to_aspect_ratio = false;  // before resizing, as Keras' smart_resize; else pictures are stretched
  std::optional<Extent> crop;
  ChannelOrder channel_order = ChannelOrder::kRgb;
  // Not given: 255 for bytes (pictures, CIFAR, IDX, CSV, uint8 arrays) or where mean or std are given, else 1. For a
  // graph whose input is an integer: 1.
  std::optional<double> divide_by;
  std::vector<double> mean;  // one, or one per channel in the order that the graph sees; none: 0
  std::vector<double> std;   // likewise; none: 1

  bool operator==(const Preprocessing&) const = default;

  // Sets channel_order, divide_by, mean and std. Keras' imagenet_utils.preprocess_input calls three of them `tf`
  // (x / 127.5 - 1), `caffe` (BGR, less the means 103.939, 116.779, 123.68) and `torch` (x / 255, less the means 0.485,
  // 0.456, 0.406, over 0.229, 0.224, 0.225); `scale` is x / 255, `none` leaves 0 … 255. Throws
  // Error{kInvalidArgument} for another name, listing these.
  void set_preset(std::string_view name);
  // The preset whose values these are, or "" for others.
  [[nodiscard]] std::string preset() const;
  // For people: "preset tf, resized to 224x224 (bicubic)".
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] std::string to_json() const;
  // where begins the text of errors. Throws Error{kCorrupt} for text that is not JSON, an unknown key, or a value that
  // makes no sense, naming the key.
  static Preprocessing from_json(std::string_view text, const std::string& where);

  // frozen.pb -> frozen.preprocessing.json, beside it.
  static std::filesystem::path path_beside(const std::filesystem::path& graph);
  // What was saved beside the graph; nullopt when nothing was. Throws what from_json and File::open throw.
  static std::optional<Preprocessing> load_beside(const std::filesystem::path& graph);
};

// "bilinear"; the reverse throws Error{kInvalidArgument}, listing all.
std::string_view interpolation_name(Interpolation interpolation);
Interpolation interpolation_from_name(std::string_view name);
// "224x224", or "224" for a square. Throws Error{kInvalidArgument}.
Extent extent_from_text(std::string_view text);

}  // namespace hoarfrost::data
