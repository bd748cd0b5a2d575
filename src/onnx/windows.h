// What convolutions and pooling share: windows that move over the spatial axes.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "onnx/translation.h"

namespace hoarfrost::onnx {

struct Windows {
  bool is_first = false;         // TensorFlow's own data_format is channels first
  std::vector<int64_t> strides;  // of the spatial axes
  std::vector<int64_t> dilations;
  std::vector<int64_t> spatial;  // sizes of the input, kUnknown where they are
  std::string padding;
};

// Of the node whose image is `input`.
inline Windows windows_of(const Translation& t, const graph::Node& node, graph::Endpoint input) {
  Windows w;
  w.is_first = node.get_or<std::string>("data_format", "NHWC").starts_with("NC");
  w.padding = node.get<std::string>("padding");
  const auto spatial = [&](const std::vector<int64_t>& all) {
    return w.is_first ? std::vector<int64_t>(all.begin() + 2, all.end())
                      : std::vector<int64_t>(all.begin() + 1, all.end() - 1);
  };
  w.strides = spatial(node.get<std::vector<int64_t>>("strides"));
  w.dilations.assign(w.strides.size(), 1);
  if (node.has("dilations") && std::holds_alternative<std::vector<int64_t>>(node.attributes.at("dilations")))
    w.dilations = spatial(node.get<std::vector<int64_t>>("dilations"));
  w.spatial = spatial(t.shape(input).sizes());
  return w;
}

// "pads" where the sizes are known, else "auto_pad". TensorFlow's SAME puts the odd one at the end.
inline void add_padding(Attributes& attributes, const Windows& w, const std::vector<int64_t>& kernel,
                        const graph::Node& node) {
  if (w.padding == "VALID") return;
  if (w.padding == "EXPLICIT") {
    const auto& all = node.get<std::vector<int64_t>>("explicit_paddings");
    std::vector<int64_t> pads(w.strides.size() * 2);
    for (size_t i = 0; i < w.strides.size(); ++i) {
      pads[i] = all[2 * (i + (w.is_first ? 2 : 1))];
      pads[i + w.strides.size()] = all[2 * (i + (w.is_first ? 2 : 1)) + 1];
    }
    attributes["pads"] = pads;
    return;
  }
  if (std::ranges::any_of(w.spatial, [](int64_t size) { return size < 0; })) {
    attributes["auto_pad"] = std::string("SAME_UPPER");
    return;
  }
  std::vector<int64_t> pads(w.strides.size() * 2);
  for (size_t i = 0; i < w.strides.size(); ++i) {
    const int64_t n_out = (w.spatial[i] + w.strides[i] - 1) / w.strides[i];
    const int64_t total =
        std::max<int64_t>((n_out - 1) * w.strides[i] + (kernel[i] - 1) * w.dilations[i] + 1 - w.spatial[i], 0);
    pads[i] = total / 2;
    pads[i + w.strides.size()] = total - total / 2;
  }
  attributes["pads"] = pads;
}

inline std::string image_of(Translation& t, const Windows& w, graph::Endpoint input) {
  return w.is_first ? t.value(input) : t.channels_first(input);
}

inline void emit_image(Translation& t, const Windows& w, graph::Endpoint output, const std::string& op,
                       std::vector<std::string> inputs, Attributes attributes) {
  if (w.is_first)
    t.emit(output, op, std::move(inputs), std::move(attributes));
  else
    t.emit_channels_first(output, op, std::move(inputs), std::move(attributes));
}

}  // namespace hoarfrost::onnx
