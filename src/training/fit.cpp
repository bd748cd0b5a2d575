#include "training/fit.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "training/shuffle.h"

namespace hoarfrost::training {
namespace {

// Keras' progress bar: four decimals, or an exponent for what they would not show.
std::string number_text(double value) {
  return std::abs(value) > 1e-3 || value == 0 ? fmt::format("{:.4f}", value) : fmt::format("{:.4e}", value);
}

std::string text_of(const Logs& logs) {
  std::string text;
  for (const auto& [name, value] : logs)
    text += fmt::format("{}{}: {}", text.empty() ? "" : " - ", name, number_text(value));
  return text;
}

uint64_t seed_of_batch(uint64_t seed, int64_t epoch, int64_t batch) {
  return seed * 0x9E3779B97F4A7C15ULL + static_cast<uint64_t>(epoch) * 0xBF58476D1CE4E5B9ULL +
         static_cast<uint64_t>(batch);
}

}  // namespace

class Fit::Controls final : public Control {
 public:
  explicit Controls(Fit& fit) : fit_(fit) {}
  [[nodiscard]] double learning_rate() const override { return fit_.trainer_.optimizer().learning_rate(); }
  void set_learning_rate(double rate) override { fit_.trainer_.optimizer().set_learning_rate(rate); }
  [[nodiscard]] int64_t iterations() const override { return fit_.trainer_.optimizer().iterations(); }
  [[nodiscard]] int64_t epochs() const override { return fit_.options_.epochs; }
  [[nodiscard]] int64_t batches() const override { return fit_.n_batches(); }
  [[nodiscard]] bool has_schedule() const override { return fit_.trainer_.optimizer().has_schedule(); }
  [[nodiscard]] std::vector<std::string> log_names() const override {
    std::vector<std::string> names;
    for (const char* prefix : {"", "val_"}) {
      if (*prefix != '\0' && fit_.validation_ == nullptr) continue;
      std::ranges::copy(Averages(fit_.trainer_).names(prefix), std::back_inserter(names));
    }
    return names;
  }
  [[nodiscard]] std::string architecture() const override { return keras::architecture_text(fit_.trainer_.model()); }
  [[nodiscard]] bool writes_files() const override {
    const auto* group = fit_.trainer_.options().group;
    return group == nullptr || group->rank() == 0;
  }
  void stop(const std::string& why) override {
    is_stopped = true;
    if (!why.empty()) say(why);
  }
  void say(const std::string& line) override {
    if (fit_.options_.show_progress) fmt::print(stderr, "{}\n", line);
  }
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> weights() const override { return fit_.trainer_.weights(); }
  void set_weights(const std::vector<std::pair<std::string, Tensor>>& weights) override {
    fit_.trainer_.set_weights(weights);
  }
  void save(const std::filesystem::path& path, bool weights_only) override { fit_.save(path, weights_only); }

  bool is_stopped = false;

 private:
  Fit& fit_;
};

Fit::Fit(Trainer& trainer, const Examples& train, const Examples* validation, std::vector<Callback*> callbacks,
         FitOptions options)
    : trainer_(trainer),
      train_(train),
      validation_(validation),
      callbacks_(std::move(callbacks)),
      options_(std::move(options)),
      controls_(std::make_unique<Controls>(*this)) {
  std::ranges::stable_partition(callbacks_, [](const Callback* callback) { return !callback->saves_model(); });
  trainer_.begin(train);
  if (validation != nullptr &&
      (validation->x_shapes() != train.x_shapes() || validation->y_shapes() != train.y_shapes()))
    throw Error(ErrorCode::kMismatch, "", "the validation examples have other shapes than the training ones");
}

Fit::~Fit() = default;

int64_t Fit::n_batches() const { return (train_.size() + options_.batch_size - 1) / options_.batch_size; }

// With a group, every member sees the same.
bool Fit::is_stopped() const {
  const bool is_asked = options_.stop != nullptr && options_.stop->load();
  auto* group = trainer_.options().group;
  if (group == nullptr) return is_asked;
  std::vector<int64_t> n{is_asked ? 1 : 0};
  group->sum(n);
  return n[0] > 0;
}

// A process for which no row is left computes the first one, which then counts nothing.
Fit::Rows Fit::rows_of(std::span<const int64_t> whole) const {
  const auto share = distributed::share_of(trainer_.options().group, static_cast<int64_t>(whole.size()));
  const auto own =
      share.n == 0 ? whole.first(1) : whole.subspan(static_cast<size_t>(share.first), static_cast<size_t>(share.n));
  return {{own.begin(), own.end()},
          share.n == 0 ? 0 : 1.0 / static_cast<double>(whole.size()),
          static_cast<double>(share.n) / static_cast<double>(whole.size())};
}

Trainer::Batch& Fit::fill(const Examples& examples, const Rows& rows, uint64_t seed, bool is_weighted) {
  const auto n = static_cast<int64_t>(rows.indices.size());
  auto found = batches_.find(n);
  if (found == batches_.end()) found = batches_.emplace(n, trainer_.batch_of(n)).first;
  Trainer::Batch& batch = found->second;
  batch.share = rows.share;
  examples.gather(rows.indices, seed, batch.x, batch.y);
  const auto weights = batch.example_weights.mutable_values<float>();
  std::ranges::fill(weights, static_cast<float>(rows.weight));
  if (is_weighted && !options_.class_weight.empty()) {
    const auto by_class = options_.class_weight.of(batch.y[0]);
    for (size_t i = 0; i < weights.size(); ++i) weights[i] *= by_class[i];
  }
  return batch;
}

void Fit::say_invalid(const Trainer::Result& result, const Trainer::Batch& batch, History& history) {
  history.is_invalid = true;
  const std::string layer = trainer_.first_layer_without_number(batch);
  history.invalid =
      fmt::format("epoch {}, batch {}: the loss is {}; {}", position_.epoch + 1, position_.batch + 1, result.loss,
                  layer.empty() ? "the layers' outputs are all numbers: look at the labels"
                                : fmt::format("the first output that is no number is layer `{}`'s", layer));
}

// Whether training goes on.
bool Fit::train_batch(Averages& averages, Progress& progress, std::span<const int64_t> order, History& history) {
  const auto first = static_cast<size_t>(position_.batch * options_.batch_size);
  const auto whole = order.subspan(first, std::min(order.size() - first, static_cast<size_t>(options_.batch_size)));
  Trainer::Batch& batch =
      fill(train_, rows_of(whole), seed_of_batch(trainer_.options().seed, position_.epoch, position_.batch), true);
  const Trainer::Result result = trainer_.train_on_batch(batch);
  averages.add(result, batch, static_cast<int64_t>(whole.size()));
  n_examples_ += static_cast<int64_t>(whole.size());
  if (!std::isfinite(result.loss)) say_invalid(result, batch, history);
  const Logs logs = averages.logs("");
  for (Callback* callback : callbacks_) callback->on_batch_end(*controls_, position_.batch, logs);
  ++position_.batch;
  progress.update(position_.batch, text_of(logs));
  history.is_interrupted = is_stopped();
  return !history.is_invalid && !history.is_interrupted && !controls_->is_stopped;
}

Logs Fit::validate() {
  Averages averages(trainer_);
  std::vector<int64_t> all(static_cast<size_t>(validation_->size()));
  std::iota(all.begin(), all.end(), 0);
  const std::span<const int64_t> indices = all;
  for (size_t first = 0; first < all.size(); first += static_cast<size_t>(options_.batch_size)) {
    const auto whole = indices.subspan(first, std::min(all.size() - first, static_cast<size_t>(options_.batch_size)));
    const Trainer::Batch& batch = fill(*validation_, rows_of(whole), 0, false);
    const Trainer::Result result = trainer_.test_on_batch(batch);
    averages.add(result, batch, static_cast<int64_t>(whole.size()));
  }
  return averages.logs("val_");
}

// Whether training goes on.
bool Fit::run_epoch(History& history) {
  using Clock = std::chrono::steady_clock;
  const int64_t epoch = position_.epoch;
  if (options_.show_progress) fmt::print(stderr, "Epoch {}/{}\n", epoch + 1, options_.epochs);
  if (position_.batch == 0) {
    for (Callback* callback : callbacks_) callback->on_epoch_begin(*controls_, epoch);
  }
  std::vector<int64_t> order(static_cast<size_t>(train_.size()));
  std::iota(order.begin(), order.end(), 0);
  if (options_.shuffle) order = Shuffle(train_.size(), trainer_.options().seed).order(epoch);
  Averages averages(trainer_);
  averages.go_on_from(position_.counts);
  Progress progress(n_batches(), options_.show_progress);
  const auto start = Clock::now();
  while (position_.batch < n_batches()) {
    const bool goes_on = train_batch(averages, progress, order, history);
    if (!goes_on && position_.batch < n_batches()) {
      seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
      position_.counts = averages.counts();
      return false;
    }
  }
  seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
  Logs logs = averages.logs("");
  if (validation_ != nullptr && !history.is_invalid) std::ranges::copy(validate(), std::back_inserter(logs));
  position_ = {epoch + 1, 0, {}};
  progress.finish(text_of(logs));
  if (history.is_invalid) return false;
  trainer_.expect_equal_weights();
  for (Callback* callback : callbacks_) callback->on_epoch_end(*controls_, epoch, logs);
  history.epochs.push_back(std::move(logs));
  return !controls_->is_stopped && !history.is_interrupted;
}

History Fit::run() {
  History history;
  for (Callback* callback : callbacks_) callback->on_train_begin(*controls_);
  while (position_.epoch < options_.epochs && run_epoch(history)) {
  }
  for (Callback* callback : callbacks_) callback->on_train_end(*controls_);
  history.examples_per_second = seconds_ > 0 ? static_cast<double>(n_examples_) / seconds_ : 0;
  return history;
}

std::string Fit::state() const {
  Json callbacks = Json::object();
  for (const Callback* callback : callbacks_) {
    if (const std::string state = callback->state(); !state.empty()) callbacks[callback->name()] = state;
  }
  return Json{{"version", 1},
              {"epoch", position_.epoch},
              {"batch", position_.batch},
              {"loss_sums", position_.counts.loss_sums},
              {"metric_counts", position_.counts.metric_counts},
              {"seed", trainer_.options().seed},
              {"examples", train_.size()},
              {"batch_size", options_.batch_size},
              {"learning_rate_factor", trainer_.optimizer().schedule_factor()},
              {"callbacks", callbacks}}
      .dump();
}

void Fit::restore(const keras::TrainingState& state) {
  const Json json = Json::parse(state.hoarfrost, nullptr, false);
  try {
    if (json.at("version") != 1)
      throw Error(ErrorCode::kCorrupt, "training state", "is of another version of Hoarfrost");
    const bool is_same = json.at("examples") == train_.size() && json.at("batch_size") == options_.batch_size;
    if (!is_same && json.at("batch") != 0) {
      throw Error(ErrorCode::kMismatch, "training state",
                  fmt::format("it stands within an epoch of {} examples in batches of {}, found {} in batches of {}: "
                              "give the same data and --batch-size",
                              json.at("examples").get<int64_t>(), json.at("batch_size").get<int64_t>(), train_.size(),
                              options_.batch_size));
    }
    position_.epoch = json.at("epoch");
    position_.batch = json.at("batch");
    position_.counts.loss_sums = json.at("loss_sums").get<std::vector<double>>();
    position_.counts.metric_counts = json.at("metric_counts").get<std::vector<std::vector<double>>>();
    trainer_.optimizer().set_schedule_factor(json.at("learning_rate_factor"));
    for (Callback* callback : callbacks_) {
      const auto found = json.at("callbacks").find(callback->name());
      if (found != json.at("callbacks").end()) callback->set_state(found->get<std::string>());
    }
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kCorrupt, "training state",
                fmt::format("expected what Hoarfrost writes, found: {}", error.what()));
  }
  restore_kept(state.kept_weights);
}

// Each under its callback's name: "EarlyStopping/dense/kernel".
std::vector<std::pair<std::string, Tensor>> Fit::kept_weights() const {
  std::vector<std::pair<std::string, Tensor>> result;
  for (const Callback* callback : callbacks_) {
    for (auto& [name, value] : callback->kept_weights())
      result.emplace_back(callback->name() + "/" + name, std::move(value));
  }
  return result;
}

void Fit::restore_kept(const std::vector<std::pair<std::string, Tensor>>& kept) {
  if (kept.empty()) return;
  const auto own = trainer_.weights();
  for (Callback* callback : callbacks_) {
    const std::string prefix = callback->name() + "/";
    std::vector<std::pair<std::string, Tensor>> weights;
    for (const auto& [name, value] : kept) {
      if (!name.starts_with(prefix)) continue;
      const auto found =
          std::ranges::find(own, name.substr(prefix.size()), [](const auto& weight) { return weight.first; });
      if (found == own.end() || found->second.shape() != value.shape() || found->second.dtype() != value.dtype())
        throw Error(ErrorCode::kMismatch, "training state",
                    fmt::format("the kept weight `{}` {} is none of this model's", name, value.shape().to_string()));
      weights.emplace_back(found->first, value);
    }
    if (!weights.empty()) callback->set_kept_weights(std::move(weights));
  }
}

std::vector<runtime::Step> Fit::profile(double seconds) {
  using Clock = std::chrono::steady_clock;
  std::vector<int64_t> whole(static_cast<size_t>(std::min(train_.size(), options_.batch_size)));
  std::iota(whole.begin(), whole.end(), 0);
  const Rows rows = rows_of(whole);
  constexpr int kRounds = 20;
  const auto start = Clock::now();
  for (int i = 0; i < kRounds; ++i) (void)fill(train_, rows, 0, true);
  runtime::Step reading{"examples", "own:gather"};
  reading.seconds = std::chrono::duration<double>(Clock::now() - start).count() / kRounds;
  std::vector<runtime::Step> parts{reading};
  std::ranges::move(trainer_.profile(fill(train_, rows, 0, true), seconds), std::back_inserter(parts));
  return parts;
}

keras::TrainingState Fit::training_state() const {
  keras::TrainingState result = trainer_.state();
  result.hoarfrost = state();
  result.kept_weights = kept_weights();
  return result;
}

void Fit::save(const std::filesystem::path& path, bool weights_only) {
  const auto* group = trainer_.options().group;
  if (group != nullptr && group->rank() != 0) return;
  if (weights_only) return keras::save_weights(trainer_.model(), path);
  keras::save_model(trainer_.model(), training_state(), path);
}

}  // namespace hoarfrost::training
