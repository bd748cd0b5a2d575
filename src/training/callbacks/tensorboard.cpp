// TensorBoard of Keras 2.15 (callbacks.py): LOG_DIR/train and LOG_DIR/validation with epoch_loss and its like, and
// evaluation_loss_vs_iterations. As with Keras, `epoch_learning_rate` is written where the optimizer follows a
// schedule, `epoch_lr` where a callback before this one changes the rate.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "tensorflow/event_file.h"
#include "training/callbacks/monitor.h"

namespace hoarfrost::training {
namespace {

// The last two are what Keras 1 had, and Keras 2.15 passes over.
constexpr std::string_view kTensorBoardParameters[] = {
    "log_dir",     "histogram_freq", "write_graph",     "write_images",        "write_steps_per_second",
    "update_freq", "profile_batch",  "embeddings_freq", "embeddings_metadata", "write_grads",
    "batch_size"};

// Batches between two records of their logs; 0: epochs alone.
int64_t update_freq(const CallbackArguments& arguments) {
  const PythonValue* value = arguments.find("update_freq");
  if (value == nullptr || value->text == "epoch") return 0;
  if (value->text == "batch") return 1;
  if (value->kind != PythonValue::Kind::kInt || value->number < 1)
    arguments.fail("update_freq",
                   fmt::format("expected 'epoch', 'batch' or a number of batches, found `{}`", value->text));
  return static_cast<int64_t>(value->number);
}

void refuse(const CallbackArguments& arguments, std::string_view parameter) {
  const PythonValue* value = arguments.find(parameter);
  const bool is_off = value == nullptr || (value->kind != PythonValue::Kind::kText && value->number == 0);
  if (!is_off) arguments.unsupported(parameter, "is not written; leave it out");
}

class TensorBoard : public Callback {
 public:
  TensorBoard(std::string name, const CallbackArguments& arguments)
      : name_(std::move(name)),
        folder_(arguments.get_text("log_dir", "logs")),
        histogram_freq_(arguments.get_int("histogram_freq", 0)),
        writes_graph_(arguments.get_bool("write_graph", true)),
        update_freq_(update_freq(arguments)) {
    for (const char* parameter :
         {"write_images", "write_steps_per_second", "profile_batch", "embeddings_freq", "embeddings_metadata"})
      refuse(arguments, parameter);
  }

  // Throws Error{kIo}: that a place cannot be written is better known before training.
  void on_train_begin(Control& control) override {
    is_writing_ = control.writes_files();
    const std::string architecture = writes_graph_ ? control.architecture() : "";
    if (!is_writing_ || architecture.empty()) return;
    train_.add_text("keras", 0, architecture, "graph_keras_model", "1");
    train_.flush();
  }

  void on_batch_end(Control& control, int64_t /*batch*/, const Logs& logs) override {
    if (!is_writing_ || update_freq_ == 0 || control.iterations() % update_freq_ != 0) return;
    for (const auto& [key, value] : logs)
      train_.add_scalar("batch_" + key, control.iterations(), static_cast<float>(value));
  }

  void on_epoch_end(Control& control, int64_t epoch, Logs& logs) override {
    if (!is_writing_) return;
    bool has_validation = false;
    for (const auto& [key, value] : logs) {
      if (!key.starts_with("val_")) {
        train_.add_scalar("epoch_" + key, epoch, static_cast<float>(value));
        continue;
      }
      has_validation = true;
      validation_.add_scalar(fmt::format("evaluation_{}_vs_iterations", key.substr(4)), control.iterations(),
                             static_cast<float>(value));
    }
    for (const auto& [key, value] : logs) {
      if (key.starts_with("val_")) validation_.add_scalar("epoch_" + key.substr(4), epoch, static_cast<float>(value));
    }
    if (control.has_schedule())
      train_.add_scalar("epoch_learning_rate", epoch, static_cast<float>(control.learning_rate()));
    if (histogram_freq_ > 0 && epoch % histogram_freq_ == 0) {
      for (const auto& [variable, values] : control.weights())
        train_.add_histogram(variable + "_0/histogram", epoch, values);
    }
    flush(control, train_);
    if (has_validation) flush(control, validation_);
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] int64_t n_failures() const override { return n_failures_; }

 private:
  void flush(Control& control, tensorflow::EventFile& file) {
    try {
      file.flush();
    } catch (const Error& error) {
      ++n_failures_;
      control.say(fmt::format("{}: {}; it is kept for the next epoch, and training goes on", name_, error.what()));
    }
  }

  std::string name_;
  std::filesystem::path folder_;
  int64_t histogram_freq_;  // epochs; 0: never
  bool writes_graph_;
  int64_t update_freq_;
  bool is_writing_ = true;
  tensorflow::EventFile train_{folder_ / "train"};
  tensorflow::EventFile validation_{folder_ / "validation"};
  int64_t n_failures_ = 0;
};

}  // namespace

const CallbackSpec callback_tensorboard{
    "TensorBoard", kTensorBoardParameters,
    [](std::string name, const CallbackArguments& arguments) -> std::unique_ptr<Callback> {
      return std::make_unique<TensorBoard>(std::move(name), arguments);
    }};

}  // namespace hoarfrost::training
