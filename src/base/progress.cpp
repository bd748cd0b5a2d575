#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace hoarfrost {
namespace {

constexpr int64_t kWidth = 30;  // of Keras' bar
constexpr double kTerminalPause = 0.1;
constexpr double kPlainPause = 10;

std::string time_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(seconds, 0.0));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  if (whole >= 60) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

}  // namespace

Progress::Progress(int64_t total, bool is_shown, std::FILE* out)
    : total_(std::max<int64_t>(total, 1)), is_shown_(is_shown), is_terminal_(::isatty(::fileno(out)) == 1), out_(out) {}

std::string Progress::line(int64_t done, int64_t total, double eta_seconds, std::string_view text) {
  const int64_t n_filled = kWidth * done / total;
  std::string bar(static_cast<size_t>(n_filled), '=');
  if (n_filled > 0 && n_filled < kWidth) bar.back() = '>';
  bar.resize(kWidth, '.');
  const std::string count = std::to_string(total);
  std::string result = fmt::format("{:>{}}/{} [{}]", done, count.size(), count, bar);
  if (eta_seconds >= 0) result += " - ETA: " + time_text(eta_seconds);
  if (!text.empty()) result += fmt::format(" - {}", text);
  return result;
}

void Progress::update(int64_t done, std::string_view text) {
  const double now = seconds();
  if (!is_shown_ || done <= 0 || now - last_shown_ < (is_terminal_ ? kTerminalPause : kPlainPause)) return;
  last_shown_ = now;
  const double eta = now / static_cast<double>(done) * static_cast<double>(total_ - done);
  show(line(done, total_, eta, text), false);
}

void Progress::finish(std::string_view text) {
  if (!is_shown_) return;
  const double spent = seconds();
  const double per_step = spent / static_cast<double>(total_) * 1000;
  const std::string times = fmt::format("{} {:.3g}ms/step", time_text(spent), per_step);
  show(line(total_, total_, -1, text.empty() ? times : fmt::format("{} - {}", times, text)), true);
}

void Progress::show(std::string line, bool is_last) {
  const size_t length = line.size();
  if (is_terminal_) {
    if (length < last_length_) line.append(last_length_ - length, ' ');  // covers what stood there
    line.insert(0, 1, '\r');
  }
  if (is_last || !is_terminal_) line += '\n';
  last_length_ = length;
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

}  // namespace hoarfrost
