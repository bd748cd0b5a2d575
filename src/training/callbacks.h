// keras.callbacks of Keras 2.15, made from the text that a person has in Python.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "training/callback.h"

namespace hoarfrost::training {

// One per text, `EarlyStopping(monitor='val_loss', patience=3)`: Keras' names, parameters, their order and defaults;
// `keras.callbacks.` and the like may stand before it. Their name() is the class's, numbered where it comes again:
// "CSVLogger", "CSVLogger_1". Throws Error{kInvalidArgument} (no such callback or parameter: the nearest are named; a
// value of another kind) and Error{kUnsupported} (a value that Keras knows and Hoarfrost does not).
std::vector<std::unique_ptr<Callback>> make_callbacks(std::span<const std::string> texts);
std::unique_ptr<Callback> make_callback(const std::string& text);

// The classes, for messages and help.
std::vector<std::string> callback_names();

}  // namespace hoarfrost::training
