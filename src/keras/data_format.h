// Keras' data_format ("channels_last" or "channels_first"; dim_ordering "tf" or "th" in Keras 1).
#pragma once

#include "keras/config.h"

namespace hoarfrost::keras {

// Reads the key, under all its names. Throws Error{kUnsupported} unless it says channels_last or nothing.
inline void expect_channels_last(const Config& config) {
  const std::string format = config.get_string({"data_format", "dim_ordering"}, "channels_last");
  if (format == "channels_first" || format == "th") {
    config.unsupported("data_format channels_first is not converted; rebuild the model with channels_last");
  }
  if (format != "channels_last" && format != "tf" && format != "default") {
    config.fail("data_format must be channels_last or channels_first, found `" + format + "`");
  }
}

}  // namespace hoarfrost::keras
