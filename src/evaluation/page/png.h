// Pictures as PNG (RFC 2083), for addresses of the kind data:.
#pragma once

#include <hoarfrost/tensor.h>

#include <string>

namespace hoarfrost::evaluation::page {

// uint8 [height, width, 1 | 3] as the bytes of a PNG, grey or RGB.
std::string png(const Tensor& picture);
// The same picture with no side above `limit` pixels: blocks of pixels become their mean.
Tensor reduced(const Tensor& picture, int64_t limit);

}  // namespace hoarfrost::evaluation::page
