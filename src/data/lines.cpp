#include "data/lines.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace hoarfrost::data {
namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr uint64_t kMaxLineBytes = 1 << 28;

}  // namespace

std::optional<std::string_view> Lines::next() {
  for (;;) {
    const auto line = any();
    if (!line) return std::nullopt;
    ++number_;
    std::string_view text = *line;
    if (number_ == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // UTF-8's byte order mark
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    if (!text.empty()) return text;
  }
}

std::string Lines::where() const { return fmt::format("{}:{}", file_->path().string(), number_); }

std::optional<std::string_view> Lines::any() {
  size_t searched = 0;
  for (;;) {
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    const size_t newline = rest.find('\n', searched);
    if (newline != std::string_view::npos) {
      begin_ += newline + 1;
      return rest.substr(0, newline);
    }
    if (offset_ == file_->size()) {
      begin_ = end_;
      if (rest.empty()) return std::nullopt;
      return rest;
    }
    searched = rest.size();
    fill();
  }
}

// Moves what is left to the front and reads on behind it.
void Lines::fill() {
  const size_t n_left = end_ - begin_;
  if (n_left > kMaxLineBytes)
    throw Error(ErrorCode::kCorrupt, file_->path().string(), fmt::format("line {} does not end", number_ + 1));
  if (n_left > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, n_left);
  if (buffer_.size() - n_left < kBlockBytes) buffer_.resize(std::max(2 * n_left, n_left + kBlockBytes));
  const auto n = std::min<uint64_t>(buffer_.size() - n_left, file_->size() - offset_);
  file_->read(offset_, std::as_writable_bytes(std::span(buffer_)).subspan(n_left, n));
  offset_ += n;
  begin_ = 0;
  end_ = n_left + n;
}

std::vector<std::string> split_fields(std::string_view line, char separator) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool is_quote = line[i] == '"' && (is_quoted || fields.back().empty());
    if (is_quote && is_quoted && i + 1 < line.size() && line[i + 1] == '"')
      fields.back() += line[i++];
    else if (is_quote)
      is_quoted = !is_quoted;
    else if (line[i] == separator && !is_quoted)
      fields.emplace_back();
    else if (line[i] != ' ' || is_quoted || !fields.back().empty())
      fields.back() += line[i];
  }
  for (std::string& field : fields) {
    while (field.ends_with(' ')) field.pop_back();
  }
  return fields;
}

char find_separator(std::string_view line) {
  constexpr std::array<char, 3> kSeparators{',', ';', '\t'};
  std::array<int64_t, 3> counts{};
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    for (size_t k = 0; k < 3 && !is_quoted; ++k) counts[k] += c == kSeparators[k] ? 1 : 0;
  }
  const auto most = std::ranges::max_element(counts);
  return *most == 0 ? '\0' : kSeparators[static_cast<size_t>(most - counts.begin())];
}

}  // namespace hoarfrost::data
