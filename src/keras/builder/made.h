// How the functions of hoarfrost/layers.h make their layers.
#pragma once

#include <hoarfrost/builder.h>

namespace hoarfrost::keras::builder {

inline layers::Layer made(const char* class_name, Arguments arguments, const Arguments& options) {
  arguments.insert(arguments.end(), options.begin(), options.end());
  return layers::Layer(class_name, arguments);
}

}  // namespace hoarfrost::keras::builder
