// A layer's configuration in the words of Keras 1.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <array>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/legacy/keras1.h"

namespace hoarfrost::keras::legacy {
namespace {

struct Pair {
  std::string_view old_name;
  std::string_view name;
};

constexpr std::array kClasses{
    Pair{"Convolution1D", "Conv1D"},
    Pair{"Convolution2D", "Conv2D"},
    Pair{"Convolution3D", "Conv3D"},
    Pair{"AtrousConvolution1D", "Conv1D"},
    Pair{"AtrousConvolution2D", "Conv2D"},
    Pair{"Deconvolution2D", "Conv2DTranspose"},
    Pair{"SeparableConvolution2D", "SeparableConv2D"},
    Pair{"TimeDistributedDense", "Dense"},
};

// Words that mean the same in every layer.
constexpr std::array kKeys{
    Pair{"nb_filter", "filters"},
    Pair{"filter_length", "kernel_size"},
    Pair{"subsample", "strides"},
    Pair{"subsample_length", "strides"},
    Pair{"border_mode", "padding"},
    Pair{"atrous_rate", "dilation_rate"},
    Pair{"bias", "use_bias"},
    Pair{"init", "kernel_initializer"},
    Pair{"inner_init", "recurrent_initializer"},
    Pair{"inner_activation", "recurrent_activation"},
    Pair{"p", "rate"},
    Pair{"sigma", "stddev"},
    Pair{"pool_length", "pool_size"},
    Pair{"stride", "strides"},
};

// How it was trained or computed, which inference does not ask.
constexpr std::array<std::string_view, 12> kIdle{"consume_less", "dropout_W",    "dropout_U",    "forget_bias_init",
                                                 "alpha_init",   "beta_init",    "gamma_init",   "t_left_init",
                                                 "a_left_init",  "t_right_init", "a_right_init", "cache_enabled"};

void rename(Json& config, std::string_view from, std::string_view to) {
  if (!config.contains(from)) return;
  Json value = config.at(from);
  config.erase(std::string(from));
  config[std::string(to)] = std::move(value);
}

// Several numbers under names of their own as one list.
void gather(Json& config, std::initializer_list<const char*> names, const char* to) {
  Json list = Json::array();
  for (const char* name : names) {
    if (!config.contains(name)) return;
    list.push_back(config.at(name));
  }
  for (const char* name : names) config.erase(name);
  config[to] = std::move(list);
}

// Layers over space, whose channels may come first.
bool is_spatial(std::string_view class_name) {
  for (const auto* part :
       {"Conv2D", "Conv3D", "Pooling2D", "Pooling3D", "UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D",
        "Cropping2D", "Cropping3D", "ConvLSTM2D", "LocallyConnected2D"}) {
    if (class_name.find(part) != std::string_view::npos) return true;
  }
  return false;
}

void translate_ordering(Json& config, std::string_view class_name, const std::string& session) {
  std::string ordering = text_at(config, "dim_ordering");
  config.erase("dim_ordering");
  if (!is_spatial(class_name)) return;
  if (ordering.empty() || ordering == "default") ordering = session;
  if (ordering != "th" && ordering != "tf") {
    throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}` ({})", text_at(config, "name"), class_name),
                fmt::format("`dim_ordering` must be th or tf, found `{}`", ordering));
  }
  config["data_format"] = ordering == "th" ? "channels_first" : "channels_last";
}

// ZeroPadding took names too: {"left_pad": 1, "right_pad": 2}, {"top_pad": …, "bottom_pad": …, …}; a pair for one axis
// is before and after.
void translate_padding(Json& config) {
  const auto padding = config.find("padding");
  if (padding == config.end() || !padding->is_object()) return;
  const Json names = *padding;
  const auto size = [&](const char* name) { return names.value(name, Json(0)); };
  if (names.contains("top_pad") || names.contains("bottom_pad")) {
    config["padding"] = Json::array(
        {Json::array({size("top_pad"), size("bottom_pad")}), Json::array({size("left_pad"), size("right_pad")})});
  } else {
    config["padding"] = Json::array({size("left_pad"), size("right_pad")});
  }
}

// "0.5", as someone's program wrote it: Keras 1 took it.
void translate_rate(Json& config) {
  if (config.contains("rate") && config.at("rate").is_string()) config.erase("rate");
}

// A recurrent layer's dropout of its input and of its state, and whether one mask serves all gates (consume_less
// "gpu").
void translate_recurrent_dropout(Json& config, std::string_view class_name) {
  if (class_name != "LSTM" && class_name != "GRU" && class_name != "SimpleRNN") return;
  rename(config, "dropout_W", "dropout");
  rename(config, "dropout_U", "recurrent_dropout");
  if (config.contains("dropout")) config["implementation"] = text_at(config, "consume_less") == "gpu" ? 2 : 1;
}

void translate_config(Json& config, std::string_view class_name, const std::string& ordering) {
  translate_recurrent_dropout(config, class_name);
  for (const auto key : kIdle) config.erase(std::string(key));
  gather(config, {"nb_row", "nb_col"}, "kernel_size");
  gather(config, {"kernel_dim1", "kernel_dim2", "kernel_dim3"}, "kernel_size");
  for (const Pair& key : kKeys) rename(config, key.old_name, key.name);
  // An Embedding's and a Lambda's words stayed; Keras 0.x' Reshape had `dims`.
  if (class_name != "Embedding") rename(config, "output_dim", "units");
  if (class_name == "UpSampling1D") rename(config, "length", "size");
  if (class_name == "Reshape") rename(config, "dims", "target_shape");
  if (class_name == "RepeatVector") config.erase("input_dim");
  if (class_name == "Dense") config.erase("input_length");  // TimeDistributedDense's
  if (class_name == "LocallyConnected1D") {
    for (const char* key : {"input_dim", "input_length"}) config.erase(key);
  }
  // A Deconvolution2D's [batch, filters, rows, columns] with the channels last, as its other words will be.
  if (class_name == "Conv2DTranspose" && text_at(config, "dim_ordering") == "th" && config.contains("output_shape") &&
      config.at("output_shape").size() == 4) {
    const Json shape = config.at("output_shape");
    config["output_shape"] = Json::array({shape[0], shape[2], shape[3], shape[1]});
  }
  translate_rate(config);
  translate_padding(config);
  translate_ordering(config, class_name, ordering);
}

}  // namespace

void translate_layer(Json& layer, const std::string& ordering) {
  const auto config = layer.find("config");
  if (config == layer.end() || !config->is_object()) return;
  std::string class_name = text_at(layer, "class_name");
  for (const Pair& pair : kClasses) {
    if (class_name == pair.old_name) class_name = pair.name;
  }
  if (class_name == "Merge") return translate_merge(layer);
  if (config->contains("layer") && config->at("layer").is_object()) {  // TimeDistributed, Bidirectional
    Json& inner = (*config)["layer"];
    if (is_model_class(text_at(inner, "class_name")))
      inner = translated(inner, {1, 2});
    else
      translate_layer(inner, ordering);
  }
  if (class_name != "Lambda") translate_config(*config, class_name, ordering);
  layer["class_name"] = class_name;
}

}  // namespace hoarfrost::keras::legacy
