// ReduceLROnPlateau of Keras 2.15 (callbacks.py): a lower learning rate when the monitored quantity has not improved
// for `patience` epochs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "training/callbacks/monitor.h"
#include "training/callbacks/rate.h"
#include "training/python_number.h"

namespace hoarfrost::training {
namespace {

// `epsilon` is what min_delta was called before Keras 2.1.6.
constexpr std::string_view kReduceLROnPlateauParameters[] = {"monitor",   "factor",   "patience", "verbose", "mode",
                                                             "min_delta", "cooldown", "min_lr",   "epsilon"};

class ReduceLROnPlateau : public Callback {
 public:
  ReduceLROnPlateau(std::string name, const CallbackArguments& arguments)
      : name_(std::move(name)),
        monitor_(arguments.get_text("monitor", "val_loss")),
        factor_(arguments.get_float("factor", 0.1)),
        patience_(arguments.get_int("patience", 10)),
        is_verbose_(arguments.get_bool("verbose", false)),
        is_rising_(more_is_better(arguments, monitor_.find("acc") != std::string::npos)),
        min_delta_(arguments.get_float("epsilon", arguments.get_float("min_delta", 1e-4))),
        cooldown_(arguments.get_int("cooldown", 0)),
        min_lr_(arguments.get_float("min_lr", 0)),
        best_(worst()) {
    if (!(factor_ < 1)) arguments.fail("factor", fmt::format("expected less than 1, found {}", python_repr(factor_)));
  }

  void on_train_begin(Control& control) override { expect_logged(control, monitor_, name_ + ": monitor"); }

  void on_epoch_end(Control& control, int64_t epoch, Logs& logs) override {
    log_rate(control, logs);
    const auto current = logged(logs, monitor_);
    if (!current) {
      control.say(fmt::format(
          "Learning rate reduction is conditioned on metric `{}` which is not available. Available metrics are: {}",
          monitor_, logged_names(logs)));
      return;
    }
    if (cooling_ > 0) {
      --cooling_;
      wait_ = 0;
    }
    if (is_rising_ ? *current > best_ + min_delta_ : *current < best_ - min_delta_) {
      best_ = *current;
      wait_ = 0;
    } else if (cooling_ == 0 && ++wait_ >= patience_) {
      reduce(control, epoch);
    }
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string state() const override {
    return Json{{"wait", wait_}, {"best", std::isinf(best_) ? Json() : Json(best_)}, {"cooldown_counter", cooling_}}
        .dump();
  }
  void set_state(const std::string& text) override {
    const CallbackState state(name_, text);
    wait_ = state.get_int("wait");
    best_ = state.get("best", worst());
    cooling_ = state.get_int("cooldown_counter");
  }

 private:
  [[nodiscard]] double worst() const { return is_rising_ ? -kInfinity : kInfinity; }

  void reduce(Control& control, int64_t epoch) {
    const double old_rate = as_keras(control.learning_rate());
    if (!(old_rate > as_keras(min_lr_))) return;
    const double rate = std::max(old_rate * factor_, min_lr_);
    control.set_learning_rate(as_keras(rate));
    if (is_verbose_)
      control.say(
          fmt::format("Epoch {}: ReduceLROnPlateau reducing learning rate to {}.", epoch + 1, python_repr(rate)));
    cooling_ = cooldown_;
    wait_ = 0;
  }

  std::string name_;
  std::string monitor_;
  double factor_;
  int64_t patience_;
  bool is_verbose_;
  bool is_rising_;
  double min_delta_;
  int64_t cooldown_;
  double min_lr_;
  double best_;
  int64_t wait_ = 0;
  int64_t cooling_ = 0;  // epochs
};

}  // namespace

const CallbackSpec callback_reduce_lr_on_plateau{
    "ReduceLROnPlateau", kReduceLROnPlateauParameters,
    [](std::string name, const CallbackArguments& arguments) -> std::unique_ptr<Callback> {
      return std::make_unique<ReduceLROnPlateau>(std::move(name), arguments);
    }};

}  // namespace hoarfrost::training
