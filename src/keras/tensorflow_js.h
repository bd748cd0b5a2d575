// TensorFlow.js' layers models, which tensorflowjs_converter makes of Keras' models and Teachable Machine exports:
// model.json has Keras' JSON as `modelTopology`, and a `weightsManifest` of binary files beside it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "keras/weights.h"

namespace hoarfrost::keras {

// {"class_name": …, "config": …, "keras_version": …}. Throws Error{kUnsupported} for a graph model, Error{kCorrupt}
// without a `modelTopology`.
Json tensorflow_js_architecture(const Json& json, const std::string& place);

// Reads the manifest's files, which lie in `folder`, and fills the slots: each layer's weights by its name, in their
// order; or all of them by the order alone where names say nothing. Numbers that were quantized to uint8 or uint16
// become q · scale + min, float16 becomes float32. Throws Error{kMismatch} when weights and model do not belong
// together, Error{kCorrupt} for a manifest that is none or files that are shorter than it says, Error{kIo}.
void load_tensorflow_js_weights(const Json& json, const std::filesystem::path& folder,
                                const std::vector<LayerSlots>& slots, const std::string& place);

}  // namespace hoarfrost::keras
