// EarlyStopping of Keras 2.15 (callbacks.py): stops when the monitored quantity has not improved for `patience` epochs.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "training/callbacks/monitor.h"

namespace hoarfrost::training {
namespace {

constexpr std::string_view kEarlyStoppingParameters[] = {
    "monitor", "min_delta", "patience", "verbose", "mode", "baseline", "restore_best_weights", "start_from_epoch"};

// Keras looks at how the name ends here, and for "acc" anywhere in it elsewhere.
bool rises_by_ending(const std::string& monitor) {
  return monitor.ends_with("acc") || monitor.ends_with("accuracy") || monitor.ends_with("auc");
}

class EarlyStopping : public Callback {
 public:
  EarlyStopping(std::string name, const CallbackArguments& arguments)
      : name_(std::move(name)),
        monitor_(arguments.get_text("monitor", "val_loss")),
        min_delta_(std::abs(arguments.get_float("min_delta", 0))),
        patience_(arguments.get_int("patience", 0)),
        is_verbose_(arguments.get_bool("verbose", false)),
        is_rising_(more_is_better(arguments, rises_by_ending(monitor_))),
        baseline_(arguments.get_float("baseline", is_rising_ ? -kInfinity : kInfinity)),
        restores_(arguments.get_bool("restore_best_weights", false)),
        start_from_epoch_(arguments.get_int("start_from_epoch", 0)),
        best_(worst()) {}

  void on_train_begin(Control& control) override { expect_logged(control, monitor_, name_ + ": monitor"); }

  void on_epoch_end(Control& control, int64_t epoch, Logs& logs) override {
    const auto current = logged(logs, monitor_);
    if (!current) {
      control.say(
          fmt::format("Early stopping conditioned on metric `{}` which is not available. Available metrics are: {}",
                      monitor_, logged_names(logs)));
      return;
    }
    if (epoch < start_from_epoch_) return;
    // After the first epoch there is something to go back to, even if nothing ever improves.
    if (restores_ && !has_best_weights_) keep(control);
    ++wait_;
    if (is_better(*current, best_)) {
      best_ = *current;
      best_epoch_ = epoch;
      if (restores_) keep(control);
      if (std::isinf(baseline_) || is_better(*current, baseline_)) wait_ = 0;
      return;
    }
    if (wait_ < patience_ || epoch == 0) return;
    control.stop(fmt::format("Epoch {}: early stopping", epoch + 1));
    is_stopping_ = true;
  }

  // Keras does it at the end of the epoch; here the callbacks after it, a ModelCheckpoint among them, still see the
  // epoch's own weights.
  void on_train_end(Control& control) override {
    if (is_stopping_ && restores_) restore(control);
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string state() const override {
    const Json state = {{"wait", wait_},
                        {"best", std::isinf(best_) ? Json() : Json(best_)},
                        {"best_epoch", best_epoch_},
                        {"has_best_weights", has_best_weights_ ? 1 : 0}};
    return state.dump();
  }
  void set_state(const std::string& text) override {
    const CallbackState state(name_, text);
    wait_ = state.get_int("wait");
    best_ = state.get("best", worst());
    best_epoch_ = state.get_int("best_epoch");
    has_best_weights_ = state.get_int("has_best_weights") != 0;
  }
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> kept_weights() const override { return best_weights_; }
  void set_kept_weights(std::vector<std::pair<std::string, Tensor>> weights) override {
    best_weights_ = std::move(weights);
  }

 private:
  [[nodiscard]] double worst() const { return is_rising_ ? -kInfinity : kInfinity; }
  // NaN is better than nothing.
  [[nodiscard]] bool is_better(double value, double reference) const {
    return is_rising_ ? value - min_delta_ > reference : value + min_delta_ < reference;
  }

  void keep(const Control& control) {
    best_weights_ = control.weights();
    has_best_weights_ = true;
  }
  void restore(Control& control) {
    if (best_weights_.empty()) {
      control.say(fmt::format(
          "{}: the weights of epoch {}, the best, were not kept when training was interrupted; the last ones stay",
          name_, best_epoch_ + 1));
      return;
    }
    if (is_verbose_)
      control.say(fmt::format("Restoring model weights from the end of the best epoch: {}.", best_epoch_ + 1));
    control.set_weights(best_weights_);
  }

  std::string name_;
  std::string monitor_;
  double min_delta_;
  int64_t patience_;
  bool is_verbose_;
  bool is_rising_;
  double baseline_;  // infinite: none
  bool restores_;
  int64_t start_from_epoch_;
  int64_t wait_ = 0;
  double best_;
  int64_t best_epoch_ = 0;
  bool has_best_weights_ = false;
  bool is_stopping_ = false;
  std::vector<std::pair<std::string, Tensor>> best_weights_;
};

}  // namespace

const CallbackSpec callback_early_stopping{
    "EarlyStopping", kEarlyStoppingParameters,
    [](std::string name, const CallbackArguments& arguments) -> std::unique_ptr<Callback> {
      return std::make_unique<EarlyStopping>(std::move(name), arguments);
    }};

}  // namespace hoarfrost::training
