// CSVLogger of Keras 2.15 (callbacks.py): a line per epoch, in the very bytes of Python's csv module. Keras' quirks are
// kept: epochs from 0, names sorted, and without validation in the first epoch a column of NA for each name's val_.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <limits>

#include "base/append_file.h"
#include "training/callbacks/monitor.h"
#include "training/python_number.h"

namespace hoarfrost::training {
namespace {

constexpr std::string_view kCSVLoggerParameters[] = {"filename", "separator", "append"};

class CsvLogger : public Callback {
 public:
  CsvLogger(std::string name, const CallbackArguments& arguments)
      : name_(std::move(name)), path_(arguments.get_text("filename")), appends_(arguments.get_bool("append", false)) {
    const std::string separator = arguments.get_text("separator", ",");
    if (separator.size() != 1 || separator == "\"" || separator == "\n" || separator == "\r")
      arguments.fail("separator", fmt::format("expected one character that is no quote, found `{}`", separator));
    separator_ = separator[0];
  }

  // Throws Error{kIo}: that a place cannot be written is better known before training.
  void on_train_begin(Control& control) override {
    if (!control.writes_files()) return;
    const uint64_t n_kept = n_bytes_ != kFresh ? n_bytes_ : appends_ ? kEverything : 0;
    file_ = std::make_unique<AppendFile>(path_, n_kept);
    has_header_ = file_->size() > 0;
  }

  void on_epoch_end(Control& control, int64_t epoch, Logs& logs) override {
    if (keys_.empty()) choose_keys(logs);
    if (file_ == nullptr) return;
    if (!has_header_) add_line("epoch", keys_);
    has_header_ = true;
    std::vector<std::string> cells;
    for (const std::string& key : keys_) cells.push_back(cell(logs, key));
    add_line(std::to_string(epoch), cells);
    try {
      file_->append(pending_);
      pending_.clear();
    } catch (const Error& error) {
      ++n_failures_;
      control.say(
          fmt::format("{}: {}; its lines are kept for the next epoch, and training goes on", name_, error.what()));
    }
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string state() const override {
    return Json{{"keys", keys_}, {"n_bytes", file_ == nullptr ? 0 : file_->size()}}.dump();
  }
  // Lines of epochs that were logged, but not saved, are written again.
  void set_state(const std::string& text) override {
    const CallbackState state(name_, text);
    keys_ = state.get_names("keys");
    n_bytes_ = static_cast<uint64_t>(std::max<int64_t>(state.get_int("n_bytes"), 0));
  }
  [[nodiscard]] int64_t n_failures() const override { return n_failures_; }

 private:
  static constexpr uint64_t kEverything = std::numeric_limits<uint64_t>::max(), kFresh = kEverything - 1;

  void choose_keys(const Logs& logs) {
    for (const auto& [key, value] : logs) keys_.push_back(key);
    std::ranges::sort(keys_);
    if (std::ranges::any_of(keys_, [](const std::string& key) { return key.starts_with("val_"); })) return;
    const size_t n = keys_.size();
    for (size_t i = 0; i < n; ++i) keys_.push_back("val_" + keys_[i]);
  }

  // Keras' rate is NumPy's float32, its other numbers are Python's.
  static std::string cell(const Logs& logs, const std::string& key) {
    const auto found = std::ranges::find(logs, key, &Logs::value_type::first);
    if (found == logs.end()) return "NA";
    return key == "lr" ? python_str(static_cast<float>(found->second)) : python_repr(as_keras(found->second));
  }

  void add_line(const std::string& first, const std::vector<std::string>& cells) {
    add_cell(first);
    for (const std::string& text : cells) {
      pending_ += separator_;
      add_cell(text);
    }
    pending_ += "\r\n";
  }
  // csv.QUOTE_MINIMAL.
  void add_cell(const std::string& text) {
    if (text.find_first_of(std::string("\"\r\n") + separator_) == std::string::npos) {
      pending_ += text;
      return;
    }
    pending_ += '"';
    for (const char c : text) pending_ += c == '"' ? "\"\"" : std::string(1, c);
    pending_ += '"';
  }

  std::string name_;
  std::string path_;
  bool appends_;
  char separator_ = ',';
  std::unique_ptr<AppendFile> file_;  // of the process that writes
  bool has_header_ = false;
  uint64_t n_bytes_ = kFresh;  // that an earlier training left
  std::vector<std::string> keys_;
  std::string pending_;  // lines that are not in the file yet
  int64_t n_failures_ = 0;
};

}  // namespace

const CallbackSpec callback_csv_logger{
    "CSVLogger", kCSVLoggerParameters,
    [](std::string name, const CallbackArguments& arguments) -> std::unique_ptr<Callback> {
      return std::make_unique<CsvLogger>(std::move(name), arguments);
    }};

}  // namespace hoarfrost::training
