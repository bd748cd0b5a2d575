// Keras' model.fit: epochs of shuffled batches, validation, callbacks, and the line that each epoch prints.
#pragma once

#include <hoarfrost/training.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "training/averages.h"
#include "training/class_weight.h"
#include "training/trainer.h"

namespace hoarfrost::training {

// Where in its epochs a training stands.
struct Position {
  int64_t epoch = 0;  // that is to be done next, or is being done
  int64_t batch = 0;  // likewise, of that epoch
  Counts counts;      // of an epoch that was left in its middle
};

struct FitOptions {
  int64_t epochs = 1;       // to reach, counted from the first
  int64_t batch_size = 32;  // of all processes together
  bool shuffle = true;
  ClassWeight class_weight;
  bool show_progress = true;
  const std::atomic<bool>* stop = nullptr;  // set by a signal: the batch is finished, then training stops
};

class Fit {
 public:
  // Callbacks are called in their order, those that save the model last. Examples, trainer and callbacks must outlive
  // it; validation may be null. Throws what Trainer::begin throws.
  Fit(Trainer& trainer, const Examples& train, const Examples* validation, std::vector<Callback*> callbacks,
      FitOptions options);
  ~Fit();

  // From `position` to options.epochs. Throws what the examples throw.
  History run();

  [[nodiscard]] const Position& position() const { return position_; }
  // What resumes exactly here: the position, the optimizer's rate, the callbacks' states; JSON for
  // TrainingState::hoarfrost.
  [[nodiscard]] std::string state() const;
  // What a step takes, part by part (Trainer::profile), reading a batch of examples first. It trains.
  std::vector<runtime::Step> profile(double seconds);
  // The first epochs are done already: Keras' initial_epoch.
  void begin_at(int64_t epoch) { position_ = {epoch, 0, {}}; }
  // Goes on from what save() put into a file. Throws Error{kCorrupt | kMismatch} for a state that is none, or of other
  // data, another batch size or another model.
  void restore(const keras::TrainingState& state);
  // The trainer's state, with what resumes exactly here: state() and the weights that callbacks keep.
  [[nodiscard]] keras::TrainingState training_state() const;
  // A complete model with all that a later training needs.
  void save(const std::filesystem::path& path, bool weights_only);

 private:
  class Controls;
  struct Rows {
    std::vector<int64_t> indices;  // this process's
    double weight = 0;             // of each in the loss
    double share = 0;              // what part of the whole they are
  };
  bool run_epoch(History& history);
  bool train_batch(Averages& averages, Progress& progress, std::span<const int64_t> order, History& history);
  Logs validate();
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> kept_weights() const;
  void restore_kept(const std::vector<std::pair<std::string, Tensor>>& kept);
  [[nodiscard]] Rows rows_of(std::span<const int64_t> whole) const;
  Trainer::Batch& fill(const Examples& examples, const Rows& rows, uint64_t seed, bool is_weighted);
  void say_invalid(const Trainer::Result& result, const Trainer::Batch& batch, History& history);
  [[nodiscard]] bool is_stopped() const;
  [[nodiscard]] int64_t n_batches() const;

  Trainer& trainer_;
  const Examples& train_;
  const Examples* validation_;
  std::vector<Callback*> callbacks_;
  FitOptions options_;
  Position position_;
  std::unique_ptr<Controls> controls_;
  std::map<int64_t, Trainer::Batch> batches_;  // by the number of rows
  double seconds_ = 0;
  int64_t n_examples_ = 0;
};

}  // namespace hoarfrost::training
