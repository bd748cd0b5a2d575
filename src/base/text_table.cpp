#include "base/text_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoarfrost {
namespace {

bool is_number(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789.,-+e% ") == std::string::npos;
}

// In characters of UTF-8, as fmt pads.
size_t width_of(const std::string& cell) {
  return static_cast<size_t>(
      std::ranges::count_if(cell, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  std::vector<bool> to_the_right(header.size(), !rows.empty());
  for (const auto& cell : header) widths.push_back(width_of(cell));
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
      to_the_right[i] = to_the_right[i] && (row[i].empty() || is_number(row[i]));
    }
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      text += to_the_right[i] ? fmt::format("{:>{}}", cells[i], widths[i]) : fmt::format("{:<{}}", cells[i], widths[i]);
      text += i + 1 < cells.size() ? "  " : "";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text = line(header);
  size_t total = 0;
  for (const size_t width : widths) total += width + 2;
  text += std::string(total - 2, '-') + "\n";
  for (const auto& row : rows) text += line(row);
  return text;
}

}  // namespace hoarfrost
