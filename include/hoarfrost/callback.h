// keras.callbacks: what happens beside training. Derive from Callback for one of your own, or make one of Keras' from
// the text that a person has in Python.
#pragma once

#include <hoarfrost/builder.h>
#include <hoarfrost/tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
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
  // Whether the rate follows a schedule of the optimizer: then set_learning_rate() replaces it.
  [[nodiscard]] virtual bool has_schedule() const { return false; }
  // What the logs of an epoch will hold, so that a callback that waits for something else is refused before training;
  // empty: unknown.
  [[nodiscard]] virtual std::vector<std::string> log_names() const { return {}; }
  // Of the processes of a job, one writes files.
  [[nodiscard]] virtual bool writes_files() const { return true; }
  // The model as Keras' to_json() says it, for TensorBoard's graph; "" leaves it out.
  [[nodiscard]] virtual std::string architecture() const { return ""; }
  // A line for the person, on stderr.
  virtual void say(const std::string& line) = 0;
  // All weights by variable name, copied, and put back.
  [[nodiscard]] virtual std::vector<std::pair<std::string, Tensor>> weights() const = 0;
  virtual void set_weights(const std::vector<std::pair<std::string, Tensor>>& weights) = 0;
  // A complete model with its optimizer, or its weights alone; .h5 or .keras by the name's ending. Throws Error{kIo}:
  // the file that was there is then as it was.
  virtual void save(const std::filesystem::path& path, bool weights_only) = 0;
};

// Called by fit in this order. Epochs and batches count from 0. One object serves one training; set_state(), where a
// training goes on, comes before on_train_begin(), and the state to be saved is taken when every callback has had
// on_epoch_end(): a ModelCheckpoint that saves earlier than its neighbours have looked would keep their last epoch's,
// so fit calls those whose saves_model() last, and the logs that they see are complete.
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
  // Throws Error{kCorrupt} for what is no state of this callback.
  virtual void set_state(const std::string& /*state*/) {}
  // The part of the state that is too large for JSON (EarlyStopping's best weights), by variable name.
  [[nodiscard]] virtual std::vector<std::pair<std::string, Tensor>> kept_weights() const { return {}; }
  virtual void set_kept_weights(std::vector<std::pair<std::string, Tensor>> /*weights*/) {}
  // Whether it calls Control::save().
  [[nodiscard]] virtual bool saves_model() const { return false; }
  // Files that could not be written while training went on: the exit status tells.
  [[nodiscard]] virtual int64_t n_failures() const { return 0; }
};

// One per text, `EarlyStopping(monitor='val_loss', patience=3)`: Keras' names, parameters, their order and defaults;
// `keras.callbacks.` and the like may stand before it. Their name() is the class's, numbered where it comes again:
// "CSVLogger", "CSVLogger_1". Throws Error{kInvalidArgument} (no such callback or parameter: the nearest are named; a
// value of another kind) and Error{kUnsupported} (a value that Keras knows and Hoarfrost does not).
std::vector<std::unique_ptr<Callback>> make_callbacks(std::span<const std::string> texts);
std::unique_ptr<Callback> make_callback(const std::string& text);
// Object{"ModelCheckpoint", {{"filepath", path}, {"save_best_only", true}}}
std::unique_ptr<Callback> make_callback(const keras::Object& object);

// The classes, for messages and help.
std::vector<std::string> callback_names();

}  // namespace hoarfrost::training
