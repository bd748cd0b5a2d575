// LearningRateScheduler of Keras 2.15 (callbacks.py). Where Keras takes a function of Python, it takes a table of
// epochs (from 0) and the rates that hold from them on, "0:1e-3,10:1e-4", or an expression in `epoch` and `lr`, the
// rate before; `lambda epoch, lr: …` may stay before it.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <charconv>
#include <cmath>
#include <functional>

#include "training/callbacks/monitor.h"
#include "training/callbacks/rate.h"
#include "training/expression.h"
#include "training/python_number.h"

namespace hoarfrost::training {
namespace {

constexpr std::string_view kSchedulerParameters[] = {"schedule", "verbose"};
using Rate = std::function<double(double epoch, double rate)>;

template <typename Number>
bool parse(std::string_view text, Number& number) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_table(std::string_view text) {
  const size_t colon = text.find(':');
  return colon != std::string_view::npos &&
         text.substr(0, colon).find_first_not_of("0123456789 ") == std::string_view::npos;
}

Rate table(const CallbackArguments& arguments, std::string_view text) {
  std::vector<std::pair<int64_t, double>> rows;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view row = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t colon = row.find(':');
    int64_t epoch = 0;
    double rate = 0;
    const bool is_row = colon != std::string_view::npos && parse(row.substr(0, colon), epoch) &&
                        parse(row.substr(colon + 1), rate) && std::isfinite(rate) && rate >= 0;
    if (!is_row) arguments.fail("schedule", fmt::format("expected EPOCH:RATE, as in 0:1e-3,10:1e-4, found `{}`", row));
    if (!rows.empty() && epoch <= rows.back().first)
      arguments.fail("schedule",
                     fmt::format("epoch {} comes after epoch {}: expected them in order", epoch, rows.back().first));
    rows.emplace_back(epoch, rate);
  }
  return [rows](double epoch, double rate) {
    for (const auto& [from, value] : rows) {
      if (epoch >= static_cast<double>(from)) rate = value;
    }
    return rate;
  };
}

// "lambda e, r: e * r" or the expression alone.
Rate expression(const CallbackArguments& arguments, std::string_view text) {
  std::vector<std::string> names;
  if (text.starts_with("lambda")) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) arguments.fail("schedule", fmt::format("expected `:` in `{}`", text));
    for (std::string_view rest = text.substr(6, colon - 6); !rest.empty();) {
      const size_t comma = std::min(rest.find(','), rest.size());
      std::string name(rest.substr(0, comma));
      std::erase(name, ' ');
      names.push_back(name);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (names.empty() || names.size() > 2)
      arguments.fail("schedule", fmt::format("expected `lambda epoch:` or `lambda epoch, lr:`, found `{}`",
                                             text.substr(0, colon + 1)));
    text.remove_prefix(colon + 1);
  } else {
    names = {"epoch", "lr"};
  }
  try {
    return [value = Expression(text, names), n = names.size()](double epoch, double rate) {
      const double values[] = {epoch, rate};
      return value(std::span(values).first(n));
    };
  } catch (const Error& error) {
    arguments.fail("schedule", error.what());
  }
}

class LearningRateScheduler : public Callback {
 public:
  LearningRateScheduler(std::string name, const CallbackArguments& arguments)
      : name_(std::move(name)), is_verbose_(arguments.get_bool("verbose", false)) {
    const PythonValue* schedule = arguments.find("schedule");
    if (schedule == nullptr)
      arguments.fail("schedule",
                     "is missing: expected a table such as '0:1e-3,10:1e-4', or an expression in epoch and lr");
    rate_ = is_table(schedule->text) ? table(arguments, schedule->text) : expression(arguments, schedule->text);
  }

  void on_epoch_begin(Control& control, int64_t epoch) override {
    const double rate = rate_(static_cast<double>(epoch), as_keras(control.learning_rate()));
    if (!std::isfinite(rate) || rate < 0)
      throw Error(ErrorCode::kInvalidArgument, name_,
                  fmt::format("the learning rate of epoch {} would be {}", epoch + 1, python_repr(rate)));
    control.set_learning_rate(as_keras(rate));
    if (is_verbose_)
      control.say(
          fmt::format("Epoch {}: LearningRateScheduler setting learning rate to {}.", epoch + 1, python_repr(rate)));
  }
  void on_epoch_end(Control& control, int64_t /*epoch*/, Logs& logs) override { log_rate(control, logs); }

  [[nodiscard]] std::string name() const override { return name_; }

 private:
  std::string name_;
  bool is_verbose_;
  Rate rate_;
};

}  // namespace

const CallbackSpec callback_learning_rate_scheduler{
    "LearningRateScheduler", kSchedulerParameters,
    [](std::string name, const CallbackArguments& arguments) -> std::unique_ptr<Callback> {
      return std::make_unique<LearningRateScheduler>(std::move(name), arguments);
    }};

}  // namespace hoarfrost::training
