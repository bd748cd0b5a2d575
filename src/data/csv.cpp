// CSV whose rows start with the label (Sign-Language-MNIST, Kaggle's MNIST): read in blocks, never mapped, so that
// pages of a large file do not count as memory.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "data/source.h"

namespace hoarfrost::data {
namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr uint64_t kMaxLineBytes = 1 << 28;
constexpr float kScale = 255;

// The lines of a file, without their ends; empty ones are passed over.
class Lines {
 public:
  explicit Lines(std::shared_ptr<const File> file) : file_(std::move(file)) {}

  // Valid until the next call.
  std::optional<std::string_view> next() {
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
  // Of the line last given, from 1.
  [[nodiscard]] int64_t number() const { return number_; }
  [[nodiscard]] std::string where() const { return fmt::format("{}:{}", file_->path().string(), number_); }
  void rewind() { *this = Lines(file_); }

 private:
  std::optional<std::string_view> any() {
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
  void fill() {
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

  std::shared_ptr<const File> file_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;
  int64_t number_ = 0;
};

// Parses the number that [at, end) starts with; nullptr when there is none. Whole numbers of few digits, as pixels are,
// take a fifth of the time that from_chars takes for a double.
const char* parse_number(const char* at, const char* end, double& value) {
  const char* start = at;
  int digits = 0;
  while (at != end && *at >= '0' && *at <= '9' && at - start < 9) digits = digits * 10 + (*at++ - '0');
  if (at != start && (at == end || *at == ',')) {
    value = digits;
    return at;
  }
  at = start;
  while (at != end && *at == ' ') ++at;
  const auto [stop, error] = std::from_chars(at, end, value);
  at = stop;
  while (at != end && *at == ' ') ++at;
  return error == std::errc() && std::isfinite(value) ? at : nullptr;
}

class Csv final : public DataSet::Source {
 public:
  Csv(const std::filesystem::path& path, const ExampleFormat& wanted) : lines_(File::open(path)) {
    kind = "CSV";
    format = wanted;
    read_first_line(path);
    format.shape = shape_of_values(wanted.shape, n_values_, path.string());
    for (lines_.rewind(); lines_.next();) ++size;
    if (has_header_) --size;
    rewind();
  }

  Batch read(int64_t n) override {
    Shape shape{n};
    for (const int64_t axis_size : format.shape.sizes()) shape.push_back(axis_size);
    Tensor x(DType::kFloat32, shape);
    Batch batch;
    const float scale = is_float(format.dtype) ? kScale : 1;
    for (int64_t i = 0; i < n; ++i) {
      const auto line = lines_.next();
      if (!line) throw Error(ErrorCode::kCorrupt, lines_.where(), "the file became shorter while it was read");
      batch.labels.push_back(parse_row(
          *line, x.mutable_values<float>().subspan(static_cast<size_t>(i * n_values_), static_cast<size_t>(n_values_)),
          scale));
    }
    batch.x = x.cast(format.dtype);
    return batch;
  }

  void rewind() override {
    lines_.rewind();
    if (has_header_) (void)lines_.next();
  }

 private:
  void read_first_line(const std::filesystem::path& path) {
    const auto line = lines_.next();
    if (!line) throw Error(ErrorCode::kCorrupt, path.string(), "the data set is empty");
    double ignored = 0;
    const std::string_view first = line->substr(0, line->find(','));
    has_header_ = parse_number(first.data(), first.data() + first.size(), ignored) != first.data() + first.size();
    n_values_ = std::ranges::count(*line, ',');
    if (n_values_ == 0)
      throw Error(ErrorCode::kCorrupt, lines_.where(), "expected a label and values, separated by commas");
  }

  // The label; the values go to `target`.
  int64_t parse_row(std::string_view line, std::span<float> target, float scale) const {
    const char* at = line.data();
    const char* const end = line.data() + line.size();
    double label = 0;
    at = parse_number(at, end, label);
    if (at == nullptr || label != std::floor(label) || std::abs(label) > 1e9 || (at != end && *at != ','))
      bad_number(line, 0);
    for (size_t i = 0; i < target.size(); ++i) {
      if (at == end) bad_length(line);
      double value = 0;
      at = parse_number(at + 1, end, value);
      if (at == nullptr || (at != end && *at != ',')) bad_number(line, static_cast<int64_t>(i) + 1);
      target[i] = static_cast<float>(value) / scale;
    }
    if (at != end) bad_length(line);
    expect_label(static_cast<int64_t>(label), format.n_classes, lines_.where());
    return static_cast<int64_t>(label);
  }

  [[noreturn]] void bad_length(std::string_view line) const {
    throw Error(ErrorCode::kCorrupt, lines_.where(),
                fmt::format("expected {} columns (the label and {} values), found {}", n_values_ + 1, n_values_,
                            std::ranges::count(line, ',') + 1));
  }

  [[noreturn]] void bad_number(std::string_view line, int64_t column) const {
    size_t begin = 0;
    for (int64_t i = 0; i < column; ++i) begin = line.find(',', begin) + 1;
    throw Error(ErrorCode::kCorrupt, lines_.where(),
                fmt::format("column {}: expected {}, found `{}`", column + 1,
                            column == 0 ? "a label (a whole number)" : "a number",
                            line.substr(begin, std::min<size_t>(line.find(',', begin) - begin, 40))));
  }

  Lines lines_;
  bool has_header_ = false;
  int64_t n_values_ = 0;
};

}  // namespace

std::unique_ptr<DataSet::Source> open_csv(const std::filesystem::path& path, const ExampleFormat& format) {
  return std::make_unique<Csv>(path, format);
}

}  // namespace hoarfrost::data
