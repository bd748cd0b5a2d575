// keras.callbacks: what happens beside training.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hoarfrost::training {

// Names and numbers in Keras' order: loss, the metrics, val_loss, val_…, lr.
using Logs = std::vector<std::pair<std::string, double>>;

// What a callback may see and change.
class Control {
 public:
  virtual ~Control() = default;
  [[nodiscard]] virtual double learning_rate() const = 0;
  virtual void set_learning_rate(double rate) = 0;
  [[nodiscard]] virtual int64_t iterations() const = 0;  // of the optimizer
  [[nodiscard]] virtual int64_t epochs() const = 0;      // the epoch to reach
  [[nodiscard]] virtual int64_t batches() const = 0;     // of an epoch
  // Training ends after this batch. `why` is said to the person; empty: nothing is.
  virtual void stop(const std::string& why) = 0;
  // A line for the person, on stderr.
  virtual void say(const std::string& line) = 0;
  // All weights by variable name, copied, and put back.
  [[nodiscard]] virtual std::vector<std::pair<std::string, Tensor>> weights() const = 0;
  virtual void set_weights(const std::vector<std::pair<std::string, Tensor>>& weights) = 0;
  // A complete model with its optimizer, or its weights alone; .h5 or .keras by the name's ending. Throws Error{kIo}: the
  // file that was there is then as it was.
  virtual void save(const std::filesystem::path& path, bool weights_only) = 0;
};

// Called by fit in this order. Epochs and batches count from 0.
class Callback {
 public:
  virtual ~Callback() = default;
  virtual void on_train_begin(Control&) {}
  virtual void on_epoch_begin(Control&, int64_t /*epoch*/) {}
  virtual void on_batch_end(Control&, int64_t /*batch*/, const Logs& /*logs*/) {}
  // What it adds to the logs (`lr`) the callbacks after it see.
  virtual void on_epoch_end(Control&, int64_t /*epoch*/, Logs& /*logs*/) {}
  virtual void on_train_end(Control&) {}
  // What it remembers, as JSON, so that a resumed training goes on with it; "" for nothing. `name` is unique among a
  // training's callbacks.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string state() const { return ""; }
  virtual void set_state(const std::string& /*state*/) {}
};

}  // namespace hoarfrost::training
