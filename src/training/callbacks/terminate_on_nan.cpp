// TerminateOnNaN of Keras 2.15 (callbacks.py): stops at the batch whose loss is no number or infinite.
#include <fmt/format.h>

#include <cmath>

#include "training/callbacks/monitor.h"

namespace hoarfrost::training {
namespace {

class TerminateOnNaN : public Callback {
 public:
  explicit TerminateOnNaN(std::string name) : name_(std::move(name)) {}

  void on_batch_end(Control& control, int64_t batch, const Logs& logs) override {
    const auto loss = logged(logs, "loss");
    if (loss && !std::isfinite(*loss)) control.stop(fmt::format("Batch {}: Invalid loss, terminating training", batch));
  }

  [[nodiscard]] std::string name() const override { return name_; }

 private:
  std::string name_;
};

}  // namespace

const CallbackSpec callback_terminate_on_nan{
    "TerminateOnNaN", {}, [](std::string name, const CallbackArguments&) -> std::unique_ptr<Callback> {
      return std::make_unique<TerminateOnNaN>(std::move(name));
    }};

}  // namespace hoarfrost::training
