// The lines of a text file, read in blocks and never mapped, so that pages of a large file do not count as memory.
#pragma once

#include <hoarfrost/file.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::data {

// Without their ends; empty ones are passed over.
class Lines {
 public:
  explicit Lines(std::shared_ptr<const File> file) : file_(std::move(file)) {}

  // Valid until the next call. Throws Error{kCorrupt} for a line of more than 256 MiB.
  std::optional<std::string_view> next();
  // Of the line last given, from 1.
  [[nodiscard]] int64_t number() const { return number_; }
  [[nodiscard]] std::string where() const;
  void rewind() { *this = Lines(file_); }

 private:
  std::optional<std::string_view> any();
  void fill();

  std::shared_ptr<const File> file_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;
  int64_t number_ = 0;
};

// A line's fields, with quotation marks undone ("" within them is one).
std::vector<std::string> split_fields(std::string_view line, char separator);
// The one of `,`, `;` and tab that the line has most of (quoted ones not counted); 0 when it has none.
char find_separator(std::string_view line);

}  // namespace hoarfrost::data
