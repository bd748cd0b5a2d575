// Text as Python's pickles of the protocols 0 to 2 spell it. Each gives nullopt for what they do not write.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hoarfrost::data {

// The inside of a literal in quotes, its escapes undone: \n, \x41, \'.
std::optional<std::string> unescaped_literal(std::string_view text);
// Text in Python's raw-unicode-escape: \uXXXX, and characters below 256 as bytes. Gives Latin-1; no character may lie
// outside.
std::optional<std::string> unescaped_unicode(std::string_view text);
// UTF-8 as Latin-1, which is how bytes are written that had to be text.
std::optional<std::string> latin1_of(std::string_view utf8);

}  // namespace hoarfrost::data
