// ModelCheckpoint of Keras 2.15 (callbacks.py): saves the model after every epoch or number of batches, or where the
// monitored quantity is the best so far. Where Keras ends the training because a file cannot be written, it goes on
// here, with the file that was there; and weights that made the loss NaN take no good ones' place.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "training/callbacks/monitor.h"
#include "training/python_format.h"

namespace hoarfrost::training {
namespace {

// `period`: epochs between two saves, before Keras 2.3.
constexpr std::string_view kModelCheckpointParameters[] = {"filepath",
                                                           "monitor",
                                                           "verbose",
                                                           "save_best_only",
                                                           "save_weights_only",
                                                           "mode",
                                                           "save_freq",
                                                           "options",
                                                           "initial_value_threshold",
                                                           "period",
                                                           "load_weights_on_restart"};

bool rises(const std::string& monitor) {
  return monitor.find("acc") != std::string::npos || monitor.starts_with("fmeasure");
}

// Batches between two saves; 0: it saves at the end of epochs.
int64_t save_freq(const CallbackArguments& arguments) {
  const PythonValue* value = arguments.find("save_freq");
  if (value == nullptr || (value->kind == PythonValue::Kind::kText && value->text == "epoch")) return 0;
  if (value->kind != PythonValue::Kind::kInt || value->number < 1)
    arguments.fail("save_freq", fmt::format("expected 'epoch' or a number of batches, found `{}`", value->text));
  return static_cast<int64_t>(value->number);
}

class ModelCheckpoint : public Callback {
 public:
  ModelCheckpoint(std::string name, const CallbackArguments& arguments)
      : name_(std::move(name)),
        monitor_(arguments.get_text("monitor", "val_loss")),
        is_verbose_(arguments.get_bool("verbose", false)),
        saves_best_only_(arguments.get_bool("save_best_only", false)),
        saves_weights_only_(arguments.get_bool("save_weights_only", false)),
        is_rising_(more_is_better(arguments, rises(monitor_))),
        save_freq_(save_freq(arguments)),
        period_(arguments.get_int("period", 1)),
        path_(arguments.get_text("filepath"), name_ + ": filepath",
              [](std::string_view field) { return field == "epoch" || field == "batch"; }),
        best_(arguments.get_float("initial_value_threshold", worst())) {
    if (arguments.has("options")) arguments.unsupported("options", "is TensorFlow's alone: leave it out");
    if (arguments.get_bool("load_weights_on_restart", false))
      arguments.unsupported("load_weights_on_restart", "give the checkpoint as the model to train on");
    const std::string text = arguments.get_text("filepath");
    const bool is_known = std::ranges::any_of(std::initializer_list<std::string_view>{".h5", ".hdf5", ".keras"},
                                              [&](std::string_view ending) { return text.ends_with(ending); });
    if (!is_known)
      arguments.unsupported("filepath",
                            fmt::format("expected a name that ends in .h5, .hdf5 or .keras, found `{}`", text));
    for (const std::string& field : path_.names()) {
      if (save_freq_ == 0 ? field == "batch" : field.starts_with("val_")) {
        arguments.fail("filepath",
                       fmt::format("`{{{}}}` is not known when it saves, {}", field,
                                   save_freq_ == 0 ? "at the end of an epoch" : "after a number of batches"));
      }
    }
  }

  void on_train_begin(Control& control) override {
    if (saves_best_only_) expect_logged(control, monitor_, name_ + ": monitor");
    for (const std::string& field : path_.names()) {
      if (field != "epoch" && field != "batch") expect_logged(control, field, name_ + ": filepath");
    }
  }
  void on_epoch_begin(Control& /*control*/, int64_t epoch) override { epoch_ = epoch; }

  void on_batch_end(Control& control, int64_t batch, const Logs& logs) override {
    if (save_freq_ == 0) return;
    n_batches_ += batch <= last_batch_ ? batch + 1 : batch - last_batch_;
    last_batch_ = batch;
    if (n_batches_ < save_freq_) return;
    n_batches_ = 0;
    save(control, epoch_, batch, logs);
  }

  void on_epoch_end(Control& control, int64_t epoch, Logs& logs) override {
    if (save_freq_ != 0 || ++n_epochs_ < period_) return;
    n_epochs_ = 0;
    save(control, epoch, 0, logs);
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string state() const override {
    return Json{{"best", std::isinf(best_) ? Json() : Json(best_)},
                {"n_epochs", n_epochs_},
                {"n_batches", n_batches_},
                {"last_batch", last_batch_}}
        .dump();
  }
  void set_state(const std::string& text) override {
    const CallbackState state(name_, text);
    best_ = state.get("best", worst());
    n_epochs_ = state.get_int("n_epochs");
    n_batches_ = state.get_int("n_batches");
    last_batch_ = state.get_int("last_batch");
  }
  [[nodiscard]] bool saves_model() const override { return true; }
  [[nodiscard]] int64_t n_failures() const override { return n_failures_; }

 private:
  [[nodiscard]] double worst() const { return is_rising_ ? -kInfinity : kInfinity; }

  [[nodiscard]] std::string path(int64_t epoch, int64_t batch, const Logs& logs) const {
    return path_.format([&](const std::string& field) {
      if (field == "epoch") return static_cast<double>(epoch + 1);
      if (field == "batch") return static_cast<double>(batch + 1);
      if (const auto value = logged(logs, field)) return *value;
      throw Error(ErrorCode::kInvalidArgument, name_ + ": filepath",
                  fmt::format("`{{{}}}` is not in the logs, which have {}", field, logged_names(logs)));
    });
  }

  void save(Control& control, int64_t epoch, int64_t batch, const Logs& logs) {
    if (const auto loss = logged(logs, "loss"); loss && std::isnan(*loss)) {
      control.say(fmt::format("{}: epoch {}: not saved, for the loss is NaN; the last file stays", name_, epoch + 1));
      return;
    }
    const std::string file = path(epoch, batch, logs);
    if (!saves_best_only_) {
      if (is_verbose_) control.say(fmt::format("Epoch {}: saving model to {}", epoch + 1, file));
      write(control, file);
      return;
    }
    const auto current = logged(logs, monitor_);
    if (!current) {
      control.say(fmt::format("Can save best model only with {} available, skipping.", monitor_));
    } else if (is_rising_ ? *current > best_ : *current < best_) {
      if (is_verbose_)
        control.say(fmt::format("Epoch {}: {} improved from {:.5f} to {:.5f}, saving model to {}", epoch + 1, monitor_,
                                best_, *current, file));
      const double before = best_;
      best_ = *current;  // the file remembers it
      if (!write(control, file)) best_ = before;
    } else if (is_verbose_) {
      control.say(fmt::format("Epoch {}: {} did not improve from {:.5f}", epoch + 1, monitor_, best_));
    }
  }

  bool write(Control& control, const std::string& file) {
    try {
      control.save(file, saves_weights_only_);
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kIo) throw;
      ++n_failures_;
      control.say(fmt::format("{}: {}; what was there stays, and training goes on", name_, error.what()));
      return false;
    }
  }

  std::string name_;
  std::string monitor_;
  bool is_verbose_;
  bool saves_best_only_;
  bool saves_weights_only_;
  bool is_rising_;
  int64_t save_freq_;
  int64_t period_;
  PythonFormat path_;
  double best_;
  int64_t epoch_ = 0;
  int64_t n_epochs_ = 0;   // since the last save
  int64_t n_batches_ = 0;  // since the last save
  int64_t last_batch_ = -1;
  int64_t n_failures_ = 0;
};

}  // namespace

const CallbackSpec callback_model_checkpoint{
    "ModelCheckpoint", kModelCheckpointParameters,
    [](std::string name, const CallbackArguments& arguments) -> std::unique_ptr<Callback> {
      return std::make_unique<ModelCheckpoint>(std::move(name), arguments);
    }};

}  // namespace hoarfrost::training
