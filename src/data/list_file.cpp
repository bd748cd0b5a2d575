// A text that lists pictures and their labels: `cats/12.jpg,0` or, as Caffe has it, `cats/12.jpg 0`. Paths are relative
// to the list's folder; labels are whole numbers, or names.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <charconv>
#include <set>

#include "data/class_names.h"
#include "data/image.h"
#include "data/lines.h"
#include "data/picture_files.h"

namespace hoarfrost::data {
namespace {

constexpr size_t kMostNames = 100'000;

struct Entry {
  std::string path;
  std::string label;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

// The label stands behind the last separator, for paths may hold spaces. Empty parts: the line is no entry.
Entry entry_of(std::string_view line) {
  line = trimmed(line);
  size_t at = line.find_last_of(",;\t");
  if (at == std::string_view::npos) at = line.find_last_of(' ');
  if (at == std::string_view::npos) return {};
  return {std::string(trimmed(line.substr(0, at))), std::string(trimmed(line.substr(at + 1)))};
}

bool parse_index(std::string_view text, int64_t& index) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Whether the first line, or the second one below a header, is a picture and a label.
bool is_list(std::string_view start) {
  for (int i = 0; i < 2; ++i) {
    const std::string_view line = start.substr(0, start.find('\n'));
    if (const Entry entry = entry_of(line); is_image_name(entry.path) && !entry.label.empty()) return true;
    start.remove_prefix(std::min(line.size() + 1, start.size()));
  }
  return false;
}

}  // namespace

Opened open_list_file(const Request& request) {
  if (!request.file || !is_text(request.start) || !is_list(request.start)) return nullptr;
  const std::string where = request.path.string();
  const int64_t n_classes = request.format.n_classes;
  std::vector<Entry> entries;
  std::vector<int64_t> line_numbers;
  Lines lines(request.file);
  while (const auto line = lines.next()) {
    Entry entry = entry_of(*line);
    if (!is_image_name(entry.path) || entry.label.empty()) {
      if (lines.number() == 1) continue;  // a header
      throw Error(ErrorCode::kCorrupt, lines.where(),
                  fmt::format("expected a picture's path and its label, found `{}`", line->substr(0, 60)));
    }
    entries.push_back(std::move(entry));
    line_numbers.push_back(lines.number());
  }
  PictureFiles pictures;
  pictures.kind = "list of pictures";
  pictures.folder = request.path.parent_path();
  int64_t ignored = 0;
  const bool has_names = !parse_index(entries[0].label, ignored);
  ClassNames classes = read_class_names(request.options.classes, n_classes);
  if (has_names) {
    std::set<std::string> names;
    for (const Entry& entry : entries) names.insert(entry.label);
    if (names.size() > kMostNames)
      throw Error(ErrorCode::kCorrupt, where, fmt::format("more than {} different labels", kMostNames));
    classes = match_class_names({names.begin(), names.end()}, classes, n_classes, "labels", where);
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    int64_t label = 0;
    const std::string place = fmt::format("{}:{}", where, line_numbers[i]);
    if (has_names)
      label = classes.label_of(entries[i].label);
    else if (!parse_index(entries[i].label, label))
      throw Error(ErrorCode::kCorrupt, place,
                  fmt::format("expected a label (a whole number), found `{}`", entries[i].label.substr(0, 40)));
    expect_label(label, n_classes, place);
    pictures.files.push_back({std::move(entries[i].path), label});
  }
  pictures.class_names = classes.names;
  return open_picture_files(std::move(pictures), request);
}

}  // namespace hoarfrost::data
