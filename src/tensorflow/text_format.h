// Protobuf's text format as TensorFlow's Python writes it (google.protobuf.text_format of protobuf 4): numbers as
// Python prints them (1.0, 1e-05, a float as the double 0.0010000000474974513), bytes with octal escapes, map entries
// sorted by key.
#pragma once

#include <google/protobuf/message.h>
#include <hoarfrost/file.h>

namespace hoarfrost::tensorflow {

// Whether a file's content is text format rather than binary: it starts with a field's name and `{` or `:`.
bool is_text_format(std::string_view content);

// Throws Error{kCorrupt} with line and column, without the file.
void parse_text(std::string_view text, google::protobuf::Message& message);

std::string print_text(const google::protobuf::Message& message);

// The escapes that stand between quotes.
std::string escape(std::span<const std::byte> bytes);

}  // namespace hoarfrost::tensorflow
