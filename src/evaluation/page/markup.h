// Text that is safe inside HTML, and binary data inside its addresses.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hoarfrost::evaluation::page {

// & < > " ' as entities; bytes that are no UTF-8, and control characters, as U+FFFD.
std::string escaped(std::string_view text);
// At most n characters, the last one an ellipsis when the text had more. Before escaping.
std::string shortened(std::string_view text, size_t n);
// RFC 4648.
std::string base64(std::span<const unsigned char> bytes);
// "1 234 567"
std::string grouped(int64_t number);
// "95.00 %"
std::string percent(double part, int digits = 2);

}  // namespace hoarfrost::evaluation::page
