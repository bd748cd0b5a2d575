// Pooling and what normalizes over channels: one ONNX node each, channels first.
#include "onnx/windows.h"

namespace hoarfrost::onnx {
namespace {

using graph::Node;

void pool(Translation& t, Node& node) {
  const Windows w = windows_of(t, node, node.input(0));
  const auto& all = node.get<std::vector<int64_t>>("ksize");
  const auto kernel = w.is_first ? std::vector<int64_t>(all.begin() + 2, all.end())
                                 : std::vector<int64_t>(all.begin() + 1, all.end() - 1);
  if (all[0] != 1 || all[w.is_first ? 1 : all.size() - 1] != 1) refuse(node, "windows over examples or channels");
  Attributes attributes{{"strides", w.strides}, {"kernel_shape", kernel}};
  add_padding(attributes, w, kernel, node);
  const bool is_max = node.op().starts_with("Max");
  if (!is_max) attributes["count_include_pad"] = int64_t{0};
  emit_image(t, w, node.output(), is_max ? "MaxPool" : "AveragePool", {image_of(t, w, node.input(0))},
             std::move(attributes));
}

void batch_norm(Translation& t, Node& node) {
  if (node.get_or<bool>("is_training", true)) refuse(node, "statistics of the batch, which belong to training");
  Windows w;
  w.is_first = node.get_or<std::string>("data_format", "NHWC").starts_with("NC");
  std::vector<std::string> inputs = {image_of(t, w, node.input(0))};
  for (size_t i = 1; i < 5; ++i) inputs.push_back(t.value(node.input(i)));
  emit_image(t, w, node.output(), "BatchNormalization", inputs, {{"epsilon", node.get_or<float>("epsilon", 1e-4F)}});
}

void lrn(Translation& t, Node& node) {
  const int64_t size = 2 * node.get_or<int64_t>("depth_radius", 5) + 1;
  t.emit_channels_first(node.output(), "LRN", {t.channels_first(node.input(0))},
                        {{"size", size},
                         {"alpha", node.get_or<float>("alpha", 1) * static_cast<float>(size)},
                         {"beta", node.get_or<float>("beta", 0.5F)},
                         {"bias", node.get_or<float>("bias", 1)}});
}

void softmax(Translation& t, Node& node) {
  const std::string op = node.op();
  if (t.is_channels_first(node.input(0)))
    t.emit_channels_first(node.output(), op, {t.channels_first(node.input(0))}, {{"axis", int64_t{1}}});
  else
    t.emit(node.output(), op, {t.value(node.input(0))}, {{"axis", int64_t{-1}}});
}

void depth_to_space(Translation& t, Node& node) {
  if (node.get_or<std::string>("data_format", "NHWC") != "NHWC") refuse(node, "another layout than NHWC");
  Attributes attributes{{"blocksize", node.get<int64_t>("block_size")}};
  if (node.op() == "DepthToSpace") attributes["mode"] = std::string("DCR");
  t.emit_channels_first(node.output(), node.op(), {t.channels_first(node.input(0))}, attributes);
}

constexpr OpTranslation kOps[] = {{"MaxPool", pool},
                                  {"AvgPool", pool},
                                  {"MaxPool3D", pool},
                                  {"AvgPool3D", pool},
                                  {"FusedBatchNorm", batch_norm},
                                  {"FusedBatchNormV2", batch_norm},
                                  {"FusedBatchNormV3", batch_norm},
                                  {"LRN", lrn},
                                  {"Softmax", softmax},
                                  {"LogSoftmax", softmax},
                                  {"DepthToSpace", depth_to_space},
                                  {"SpaceToDepth", depth_to_space}};

}  // namespace

std::span<const OpTranslation> pooling_translations() { return kOps; }

}  // namespace hoarfrost::onnx
