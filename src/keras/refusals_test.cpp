// What layers refuse to convert, with the message that a person sees.
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/layer.h"

namespace hoarfrost::keras {
namespace {

struct Refusal {
  const char* class_name;
  const char* config;
  ErrorCode code;
  const char* message;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.class_name << " " << refusal.config; }

class Refusals : public testing::TestWithParam<Refusal> {};

TEST_P(Refusals, NameTheLayerAndTheReason) {
  const Refusal& refusal = GetParam();
  const Json json = Json::parse(refusal.config);
  try {
    parse_layer(Config(json, refusal.class_name, {.major = 2, .minor = 15}));
    FAIL() << "parsed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), refusal.code);
    EXPECT_EQ(std::string(error.what()), "layer `l` (" + std::string(refusal.class_name) + "): " + refusal.message);
  }
}

constexpr Refusal kRefusals[] = {
    {"Bidirectional",
     R"({"name": "l", "merge_mode": "concat", "layer": {"class_name": "LSTM", "config": {"name": "r", "units": 2, "return_sequences": true, "time_major": true}}})",
     ErrorCode::kUnsupported,
     "a layer with time_major inside Bidirectional is not supported: rebuild the model with the batch first"},
    {"BatchNormalization", R"({"name": "l", "axis": [3], "renorm": true})", ErrorCode::kUnsupported,
     "renorm (batch renormalization) is not converted"},
    {"BatchNormalization", R"({"name": "l", "mode": 2})", ErrorCode::kUnsupported,
     "mode 2 normalises by the statistics of the batch at inference too, which no frozen graph does"},
    {"BatchNormalization", R"({"name": "l", "fold": 3})", ErrorCode::kUnsupported,
     "configuration key `fold` not understood; it may change what the layer computes"},
    {"UpSampling2D", R"({"name": "l", "size": [2, 2], "interpolation": "sinc"})", ErrorCode::kUnsupported,
     "interpolation `sinc` is not known; there are bilinear, nearest, bicubic, area, lanczos3, lanczos5, gaussian, "
     "mitchellcubic"},
    {"UpSampling2D", R"({"name": "l", "size": [2, 0]})", ErrorCode::kCorrupt, "size must be at least 1"},
    {"ZeroPadding2D", R"({"name": "l", "padding": 1, "data_format": "NCHW"})", ErrorCode::kCorrupt,
     "data_format must be channels_last or channels_first, found `NCHW`"},
    {"ZeroPadding2D", R"({"name": "l", "padding": [1, -2]})", ErrorCode::kCorrupt,
     "padding must be a number, or one or a pair per axis, found [1,-2]"},
    {"Cropping3D", R"({"name": "l", "cropping": [[1, 2], [1, 2]]})", ErrorCode::kCorrupt,
     "cropping must be a number, or one or a pair per axis, found [[1,2],[1,2]]"},
    {"Reshape", R"({"name": "l", "target_shape": [-1, 2, -1]})", ErrorCode::kCorrupt,
     "target_shape may have one -1, found [?, 2, ?]"},
    {"Permute", R"({"name": "l", "dims": [0, 1]})", ErrorCode::kCorrupt, "dims must be a permutation of 1, 2, …"},
    {"RepeatVector", R"({"name": "l"})", ErrorCode::kCorrupt, "the configuration has no `n`"},
    {"Dense",
     R"({"name": "l", "units": 4, "dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int4"}}})",
     ErrorCode::kUnsupported,
     "quantization mode int4 of a Keras before 3.14 is kept otherwise; quantize the model with a later one"},
    {"Embedding", R"({"name": "l", "input_dim": 4, "output_dim": 2, "dtype": "float8_from_float32"})",
     ErrorCode::kUnsupported, "a table is quantized to int8 or int4, Keras knows no other"},
    {"EinsumDense",
     R"({"name": "l", "equation": "ab,bc->ac", "output_shape": 4, "dtype": {"class_name": "AWQDTypePolicy", "config": {"mode": "awq/4/128"}}})",
     ErrorCode::kUnsupported,
     "quantization mode awq/4/128: Keras 3.15 does not save the kernel's zero points, without which it cannot be told; "
     "save the model before `quantize`"},
    {"QuantizeLayer", R"({"name": "l", "quantizer": {"class_name": "MyQuantizer", "config": {"num_bits": 8}}})",
     ErrorCode::kUnsupported,
     "the quantizer `MyQuantizer` is none of the toolkit's own, and its meaning is its author's Python"},
    {"QuantizeLayer",
     R"({"name": "l", "quantizer": {"class_name": "LastValueQuantizer", "config": {"num_bits": 1, "per_axis": false, "symmetric": true, "narrow_range": true}}})",
     ErrorCode::kUnsupported, "a quantizer of 1 bits: TensorFlow quantizes to 2 to 16"},
    {"QuantizeWrapperV2",
     R"({"name": "l", "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2}}, "quantize_config": {"class_name": "MyConfig", "config": {}}})",
     ErrorCode::kUnsupported,
     "quantize_config `MyConfig` is none of the toolkit's own for such layers; what another does is its author's "
     "Python, and not in the file"},
    {"QuantizeWrapperV2",
     R"({"name": "l", "layer": {"class_name": "LSTM", "config": {"name": "r", "units": 2}}, "quantize_config": {"class_name": "Default8BitQuantizeConfig", "config": {"weight_attrs": ["kernel"], "activation_attrs": ["activation"], "quantize_output": false}}})",
     ErrorCode::kUnsupported, "activations within a LSTM are not quantized here, but for one that ends a layer"},
    {"QuantizeWrapper",
     R"({"name": "l", "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "elu"}}, "quantize_config": {"class_name": "Default8BitQuantizeConfig", "config": {"weight_attrs": [], "activation_attrs": ["activation"], "quantize_output": false}}})",
     ErrorCode::kUnsupported, "the activation `elu` is not quantized by the toolkit either"},
    {"ClusterWeights",
     R"({"name": "l", "number_of_clusters": 3, "cluster_per_channel": true, "layer": {"class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": 2, "data_format": "channels_first"}}})",
     ErrorCode::kUnsupported, "clusters of each channel where channels are first: strip_clustering, then save again"},
    {"InputLayer", R"({"name": "l", "batch_input_shape": [null, 3], "ragged": true})", ErrorCode::kUnsupported,
     "ragged inputs have no frozen form; pad them and mask"},
};

INSTANTIATE_TEST_SUITE_P(Layers, Refusals, testing::ValuesIn(kRefusals));

std::string mismatch(const char* class_name, const char* config, const Shapes& in) {
  const Json json = Json::parse(config);
  try {
    (void)parse_layer(Config(json, class_name, {}))->infer(in);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    return error.what();
  }
  return "nothing";
}

TEST(Refusals, ShapesThatDoNotFit) {
  EXPECT_EQ(mismatch("Reshape", R"({"target_shape": [5, -1]})", {{kUnknown, 4, 3}}),
            "target_shape [5, ?] does not fit the input [?, 4, 3]");
  EXPECT_EQ(mismatch("Cropping1D", R"({"cropping": [2, 2]})", {{kUnknown, 4, 3}}),
            "cropping leaves nothing of the input [?, 4, 3]");
  EXPECT_EQ(mismatch("Concatenate", R"({"axis": 1})", {{kUnknown, 4, 3}, {kUnknown, 4, 2}}),
            "inputs to be joined along axis 1 differ in another: [?, 4, 3] and [?, 4, 2]");
  EXPECT_EQ(mismatch("Subtract", "{}", {{kUnknown, 4}}), "expected 2 inputs, found 1");
  EXPECT_EQ(mismatch("RepeatVector", R"({"n": 2})", {{kUnknown, 4, 2}}),
            "expected an input of 2 axes, found [?, 4, 2]");
}

}  // namespace
}  // namespace hoarfrost::keras
