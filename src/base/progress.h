// Progress of long work, in Keras' manner:
//   12/79 [===>..........................] - ETA: 3s - accuracy: 0.9300
// On a terminal one line that is drawn over; elsewhere plain lines, at most one per ten seconds. On stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace hoarfrost {

class Progress {
 public:
  // Shows nothing when is_shown is false.
  Progress(int64_t total, bool is_shown, std::FILE* out = stderr);
  // `text` stands at the line's end: "accuracy: 0.9300".
  void update(int64_t done, std::string_view text);
  // The closing line, with the time that it took.
  void finish(std::string_view text);

  // One line, for update and for tests; eta_seconds below 0 leaves it out.
  static std::string line(int64_t done, int64_t total, double eta_seconds, std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void show(std::string line, bool is_last);

  int64_t total_;
  bool is_shown_;
  bool is_terminal_;
  std::FILE* out_;
  Clock::time_point start_ = Clock::now();
  double last_shown_ = 0;  // seconds after the start
  size_t last_length_ = 0;
};

}  // namespace hoarfrost
