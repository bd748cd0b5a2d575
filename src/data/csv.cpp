// CSV: a label and values in each row, the label first unless the header or --label-column says otherwise
// (Sign-Language-MNIST, Kaggle's MNIST).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>

#include "data/class_names.h"
#include "data/lines.h"
#include "data/source.h"

namespace hoarfrost::data {
namespace {

constexpr size_t kMostNames = 100'000;

// Parses the number that [at, end) starts with; nullptr when there is none. Whole numbers of few digits, as pixels are,
// take a fifth of the time that from_chars takes for a double.
const char* parse_number(const char* at, const char* end, char separator, double& value) {
  const char* start = at;
  int digits = 0;
  while (at != end && *at >= '0' && *at <= '9' && at - start < 9) digits = digits * 10 + (*at++ - '0');
  if (at != start && (at == end || *at == separator)) {
    value = digits;
    return at;
  }
  at = start;
  while (at != end && *at == ' ') ++at;
  const bool is_quoted = at != end && *at == '"';
  if (is_quoted) ++at;
  const auto [stop, error] = std::from_chars(at, end, value);
  at = stop;
  if (is_quoted && (at == end || *at++ != '"')) return nullptr;
  while (at != end && *at == ' ') ++at;
  return error == std::errc() && std::isfinite(value) ? at : nullptr;
}

bool is_number(std::string_view text) {
  double ignored = 0;
  return parse_number(text.data(), text.data() + text.size(), '\0', ignored) == text.data() + text.size() &&
         !text.empty();
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_label_name(const std::string& name) {
  constexpr std::array<std::string_view, 5> kNames{"label", "labels", "class", "target", "y"};
  return std::ranges::find(kNames, lower(name)) != kNames.end();
}

class Csv final : public DataSet::Source {
 public:
  explicit Csv(const Request& request) : lines_(request.file) {
    kind = "CSV";
    n_classes = request.format.n_classes;
    read_first_lines(request);
    transform =
        Transform(request.options.preprocessing, {{n_values_}, false, true}, request.format, request.path.string());
    if (transform.format().shape.n_elements() != n_values_)
      shape_of_values(request.format.shape, n_values_, request.path.string());
    read_through(request);
    rewind();
  }

  Batch read(int64_t n) override {
    Batch batch;
    std::vector<double> labels;
    batch.x = transform.batch(read_rows(n, labels), n);
    batch.labels.assign(labels.begin(), labels.end());
    return batch;
  }

  KeptRows read_kept(int64_t n) override {
    std::vector<double> labels;
    Tensor x = transform.keep(read_rows(n, labels), n);
    const int64_t n_labels = n_columns_ - n_values_;
    return {std::move(x), Tensor::of<double>(n_labels == 1 ? Shape{n} : Shape{n, n_labels}, labels)};
  }

  void rewind() override {
    lines_.rewind();
    if (has_header_) (void)lines_.next();
  }

  void skip(int64_t n) override {
    while (n-- > 0) (void)lines_.next();
  }

  [[nodiscard]] std::string example_name(int64_t i) const override {
    const auto after = std::ranges::upper_bound(gaps_, i, {}, &Gap::row);
    return fmt::format("{}:{}", name, i + (after == gaps_.begin() ? 1 : (after - 1)->offset));
  }

 private:
  // From this row on, the line is the row plus the offset: header and empty lines stand between.
  struct Gap {
    int64_t row;
    int64_t offset;
  };

  // Labels are appended, one per label column.
  Tensor read_rows(int64_t n, std::vector<double>& labels) {
    Tensor values(DType::kFloat32, {n, n_values_});
    float* target = values.mutable_values<float>().data();
    for (int64_t i = 0; i < n; ++i, target += n_values_) {
      const auto line = lines_.next();
      if (!line) throw Error(ErrorCode::kCorrupt, lines_.where(), "the file became shorter while it was read");
      parse_row(*line, target, labels);
    }
    return values;
  }

  void read_first_lines(const Request& request) {
    auto line = lines_.next();
    if (!line) throw Error(ErrorCode::kCorrupt, request.path.string(), "the data set is empty");
    separator_ = find_separator(*line);
    const auto first = split_fields(*line, separator_);
    n_columns_ = static_cast<int64_t>(first.size());
    if (n_columns_ == 1)
      throw Error(ErrorCode::kCorrupt, lines_.where(), "expected a label and values, separated by commas");
    line = lines_.next();
    const auto second = line ? split_fields(*line, separator_) : std::vector<std::string>();
    const std::string& wanted = request.options.label_column;
    is_any_ = request.options.any_targets;
    std::vector<std::string> columns{wanted};
    if (is_any_ && std::ranges::find(first, wanted) == first.end()) columns = split_fields(wanted, ',');
    has_header_ = is_header(first, second) || std::ranges::any_of(columns, [&](const std::string& column) {
                    return !column.empty() && !is_number(column) && std::ranges::find(first, column) != first.end();
                  });
    choose_label_columns(request, columns, has_header_ ? first : std::vector<std::string>());
    const auto& row = has_header_ ? second : first;
    const auto column = static_cast<size_t>(label_column_);
    has_names_ = n_columns_ - n_values_ == 1 && column < row.size() && !row[column].empty() && !is_number(row[column]);
  }

  // A row of names: nothing in it is a number, or a number stands below its first field, which is none.
  static bool is_header(const std::vector<std::string>& first, const std::vector<std::string>& second) {
    if (is_number(first[0])) return false;
    if (std::ranges::none_of(first, is_number) || is_label_name(first[0])) return true;
    return !second.empty() && is_number(second[0]);
  }

  void choose_label_columns(const Request& request, const std::vector<std::string>& wanted,
                            const std::vector<std::string>& header) {
    is_label_.assign(static_cast<size_t>(n_columns_), false);
    if (wanted.empty() || wanted[0].empty()) {
      const auto found = std::ranges::find_if(header, is_label_name);
      if (found != header.end() && std::ranges::count_if(header, is_label_name) == 1)
        label_column_ = found - header.begin();
      is_label_[static_cast<size_t>(label_column_)] = true;
    } else {
      for (const std::string& column : wanted) {
        label_column_ = column_of(request, column, header);
        is_label_[static_cast<size_t>(label_column_)] = true;
      }
    }
    n_values_ = std::ranges::count(is_label_, false);
    if (n_values_ == 0)
      throw Error(ErrorCode::kInvalidArgument, request.path.string(),
                  "all columns are labels: none is left for the values");
  }

  int64_t column_of(const Request& request, const std::string& wanted, const std::vector<std::string>& header) const {
    const auto named = std::ranges::find(header, wanted);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (named != header.end()) return named - header.begin();
    if (error == std::errc() && end == wanted.data() + wanted.size() && number >= 1 && number <= n_columns_)
      return number - 1;
    throw Error(ErrorCode::kInvalidArgument, request.path.string(),
                fmt::format("expected the label's column as a number of 1 to {}{}, found `{}`", n_columns_,
                            header.empty() ? "" : fmt::format(" or one of {}", name_list(header)), wanted));
  }

  // Counts the rows, and gathers the labels that are names.
  void read_through(const Request& request) {
    std::set<std::string> names;
    rewind();
    int64_t row = 0;
    for (; const auto line = lines_.next(); ++row) {
      const int64_t offset = lines_.number() - row;
      if (gaps_.empty() ? offset != 1 : offset != gaps_.back().offset) gaps_.push_back({row, offset});
      if (!has_names_) continue;
      names.insert(label_text(*line));
      if (names.size() > kMostNames)
        throw Error(
            ErrorCode::kCorrupt, lines_.where(),
            fmt::format("more than {} different labels: is column {} the label?", kMostNames, label_column_ + 1));
    }
    size = row;
    if (!has_names_ || row == 0) return;
    const ClassNames given = read_class_names(request.options.classes, n_classes);
    classes_ = match_class_names({names.begin(), names.end()}, given, n_classes, "labels", request.path.string());
    class_names = classes_.names;
  }

  [[nodiscard]] std::string label_text(std::string_view line) const {
    auto fields = split_fields(line, separator_);
    if (static_cast<int64_t>(fields.size()) != n_columns_) bad_length(static_cast<int64_t>(fields.size()));
    return fields[static_cast<size_t>(label_column_)];
  }

  // Whether labels are class numbers, whatever the model wants: with targets of any kind, a model of one output value
  // may want any number.
  [[nodiscard]] bool must_be_class() const { return !is_any_ || (n_classes != 0 && n_columns_ - n_values_ == 1); }

  // The labels are appended, the values go to `target`.
  void parse_row(std::string_view line, float* target, std::vector<double>& labels) const {
    const char* at = line.data();
    const char* const end = line.data() + line.size();
    for (int64_t column = 0; column < n_columns_; ++column) {
      if (column > 0 && at == end) bad_length(column);
      if (column > 0) ++at;
      double value = 0;
      const bool is_label = is_label_[static_cast<size_t>(column)];
      at = is_label && has_names_ ? past_field(at, end) : parse_number(at, end, separator_, value);
      if (at == nullptr || (at != end && *at != separator_)) bad_number(line, column);
      if (!is_label) {
        *target++ = static_cast<float>(value);
        continue;
      }
      if (!has_names_ && must_be_class() && (value != std::floor(value) || std::abs(value) > 1e9))
        bad_number(line, column);
      labels.push_back(value);
    }
    if (at != end) bad_length(static_cast<int64_t>(split_fields(line, separator_).size()));
    if (!has_names_ && !must_be_class()) return;
    if (has_names_) labels.back() = static_cast<double>(classes_.label_of(label_text(line)));
    const auto index = static_cast<int64_t>(labels.back());
    if (index < 0 || (n_classes != 0 && index >= n_classes)) expect_label(index, n_classes, lines_.where());
  }

  const char* past_field(const char* at, const char* end) const {
    bool is_quoted = false;
    for (; at != end && (is_quoted || *at != separator_); ++at) is_quoted = is_quoted != (*at == '"');
    return at;
  }

  [[noreturn]] void bad_length(int64_t n_found) const {
    throw Error(
        ErrorCode::kCorrupt, lines_.where(),
        fmt::format("expected {} columns ({} and {} values), found {}", n_columns_,
                    n_columns_ - n_values_ == 1 ? "the label" : fmt::format("{} labels", n_columns_ - n_values_),
                    n_values_, n_found));
  }

  [[noreturn]] void bad_number(std::string_view line, int64_t column) const {
    const char* begin = line.data();
    const char* const end = line.data() + line.size();
    for (int64_t i = 0; i < column; ++i) begin = past_field(begin, end) + 1;
    const std::string_view field(begin, static_cast<size_t>(past_field(begin, end) - begin));
    throw Error(
        ErrorCode::kCorrupt, lines_.where(),
        fmt::format("column {}: expected {}, found `{}`", column + 1,
                    is_label_[static_cast<size_t>(column)] && must_be_class() ? "a label (a whole number)" : "a number",
                    field.substr(0, 40)));
  }

  Lines lines_;
  char separator_ = ',';
  bool has_header_ = false;
  bool has_names_ = false;  // labels are names rather than numbers
  int64_t n_columns_ = 0;
  int64_t n_values_ = 0;
  int64_t label_column_ = 0;    // the last one of them
  std::vector<bool> is_label_;  // by column
  bool is_any_ = false;         // labels may be any numbers, and of several columns
  ClassNames classes_;
  std::vector<Gap> gaps_;
};

}  // namespace

Opened open_csv(const Request& request) {
  if (!request.file || !is_text(request.start)) return nullptr;
  const std::string_view first = std::string_view(request.start).substr(0, request.start.find('\n'));
  if (find_separator(first) == '\0') return nullptr;
  return std::make_unique<Csv>(request);
}

}  // namespace hoarfrost::data
