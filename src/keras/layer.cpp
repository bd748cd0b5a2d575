#include "keras/layer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/channels_first.h"
#include "keras/layer_notes.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {

std::vector<const LayerSpec*> all_layers() {
  return {
#define HOARFROST_LAYER(file) &layer_##file,
#include "keras/layers/layers.def"
#undef HOARFROST_LAYER
  };
}

const LayerSpec* find_layer(std::string_view class_name) {
  const size_t bracket = class_name.rfind('>');
  const std::string_view plain = bracket == std::string_view::npos ? class_name : class_name.substr(bracket + 1);
  for (const LayerSpec* spec : all_layers()) {
    for (const auto name : spec->class_names) {
      if (name == plain) return spec;
    }
  }
  return nullptr;
}

std::shared_ptr<const Layer> parse_layer(const Config& config) {
  const LayerSpec* spec = find_layer(config.class_name());
  if (spec == nullptr) {
    if (const std::string_view reason = refusal_of(config.class_name()); !reason.empty()) config.unsupported(reason);
    const bool is_custom = config.class_name().find('>') != std::string::npos;
    throw Error(ErrorCode::kUnsupported, config.where(),
                is_custom ? "a custom layer, whose meaning is in its author's Python and not in the file: rebuild the model with Keras' own layers"
                          : fmt::format("`{}` is not supported (`hoarfrost layers` lists what is); if it is a custom layer, its meaning is "
                                        "not in the file: rebuild the model with Keras' own layers", config.class_name()));
  }
  if (is_channels_first(config)) {
    Json last = config.json();
    last.erase("dim_ordering");
    last["data_format"] = "channels_last";
    return channels_first(parse_layer(Config(last, config.class_name(), config.version())), config);
  }
  auto layer = spec->parse(config);
  if (const auto unread = config.unread(); !unread.empty()) {
    config.unsupported(fmt::format("configuration key{} `{}` not understood; it may change what the layer computes",
                                   unread.size() > 1 ? "s" : "", fmt::join(unread, "`, `")));
  }
  return layer;
}

bool is_floating(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

void expect_inputs(const Shapes& in, size_t n) {
  if (in.size() != n) throw Error(ErrorCode::kMismatch, "", fmt::format("expected {} input{}, found {}", n, n == 1 ? "" : "s", in.size()));
}

void expect_rank(const Shape& in, int rank) {
  if (in.rank() != rank) {
    throw Error(ErrorCode::kMismatch, "", fmt::format("expected an input of {} axes, found {}", rank, in.to_string()));
  }
}

}  // namespace hoarfrost::keras
