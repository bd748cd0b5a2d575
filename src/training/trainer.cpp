#include "training/trainer.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "base/crc32c.h"
#include "keras/shapes.h"
#include "keras/variables.h"
#include "keras/weight_setting.h"
#include "training/gradient_sums.h"
#include "training/initialize.h"

namespace hoarfrost::training {
namespace {

Shape without_batch(const Shape& shape) {
  if (!shape.has_rank() || shape.rank() == 0) return shape;
  return Shape(std::vector<int64_t>(shape.sizes().begin() + 1, shape.sizes().end()));
}

// NaN or infinity among float32 values.
bool has_no_number(const Tensor& tensor) {
  if (tensor.dtype() != DType::kFloat32) return false;
  return !std::ranges::all_of(tensor.values<float>(), [](float x) { return std::isfinite(x); });
}

Compilation complete(Compilation compilation, size_t n_outputs) {
  for (const std::string* refused : {&compilation.refused_optimizer, &compilation.refused_loss}) {
    if (!refused->empty()) throw Error(ErrorCode::kUnsupported, "", *refused);
  }
  if (compilation.losses.empty())
    throw Error(ErrorCode::kInvalidArgument, "", "the model was saved without a loss: give --loss");
  if (compilation.optimizer.is_null())
    throw Error(ErrorCode::kInvalidArgument, "", "the model was saved without an optimizer: give --optimizer");
  if (compilation.losses.size() == 1) compilation.losses.resize(n_outputs, compilation.losses[0]);
  if (compilation.metrics.size() == 1) compilation.metrics.resize(n_outputs, compilation.metrics[0]);
  if (compilation.losses.size() != n_outputs) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("the model has {} outputs, {} losses are given", n_outputs, compilation.losses.size()));
  }
  return compilation;
}

// The names of the trainable variables in the order in which Keras' optimizers keep their arrays.
std::vector<std::string> in_keras_order(const keras::Lowered& lowered, const keras::Model& model) {
  std::vector<std::string> names;
  for (const keras::Variable& variable : keras::trainable_variables(model)) {
    const auto found = std::ranges::find_if(lowered.origins, [&](const auto& origin) {
      return origin.layer == variable.layer && origin.index == variable.index;
    });
    if (found != lowered.origins.end()) names.push_back(found->variable);
  }
  if (names.size() != lowered.trainable_names.size()) {
    throw Error(ErrorCode::kUnsupported, fmt::format("model `{}`", model.name),
                "has trainable weights that no call of a layer uses");
  }
  return names;
}

}  // namespace

Trainer::Trainer(const keras::Model& model, Compilation compilation, const Options& options)
    : options_(options),
      model_(initialized(model, options.seed)),
      compilation_(complete(std::move(compilation), model.outputs.size())),
      optimizer_(compilation_.optimizer),
      training_(keras::lower(*model_, {.name_suffix = {},
                                       .phase = keras::Phase::kTraining,
                                       .recurrence = keras::RecurrenceForm::kUnroll,
                                       .group_size = options.group == nullptr ? 1 : options.group->size()})),
      inference_(keras::lower(
          *model_,
          {.name_suffix = {}, .phase = keras::Phase::kInference, .recurrence = keras::RecurrenceForm::kAuto})) {
  for (const Json& loss : compilation_.losses) losses_.emplace_back(loss);
  training_.trainable_names = in_keras_order(training_, *model_);
  adopt_weights();
  make_slots();
  find_constraints();
  set_formats();
}

// The steps work on the memory of the model's own weights.
void Trainer::adopt_weights() {
  for (const keras::VariableOrigin& origin : training_.origins) {
    variable_index_[origin.variable] = variables_.size();
    variables_.push_back(origin.layer->weights.at(origin.index));
  }
  for (const std::string& name : training_.trainable_names) {
    const size_t i = variable_index_.at(name);
    if (variables_[i].dtype() != DType::kFloat32) {
      throw Error(ErrorCode::kUnsupported, fmt::format("weight `{}`", name),
                  fmt::format("training works on float32 weights, found {}", dtype_name(variables_[i].dtype())));
    }
    trainable_.push_back(i);
  }
  if (trainable_.empty())
    throw Error(ErrorCode::kUnsupported, fmt::format("model `{}`", model_->name), "has no trainable weight");
  clipped_.resize(trainable_.size());
}

void Trainer::make_slots() {
  for (const SlotSpec& spec : optimizer_.slots()) {
    Slot slot{spec.name, {}};
    for (const size_t i : trainable_) {
      Tensor values(DType::kFloat32, variables_[i].shape());
      std::ranges::fill(values.mutable_values<float>(), spec.initial);
      slot.values.push_back(std::move(values));
    }
    slots_.push_back(std::move(slot));
  }
}

void Trainer::find_constraints() {
  for (const keras::VariableOrigin& origin : training_.origins) {
    const auto& config = origin.layer->config;
    const Json* constraint = config == nullptr ? nullptr : keras::weight_setting(*config, origin.weight, "constraint");
    if (constraint == nullptr) continue;
    try {
      constraints_.emplace_back(variable_index_.at(origin.variable), Constraint(*constraint));
    } catch (Error& error) {
      throw error.within(fmt::format("layer `{}`", origin.layer->name));
    }
  }
}

void Trainer::set_formats() {
  for (const keras::TensorRef& ref : model_->inputs) {
    const keras::ModelLayer& layer = model_->layers[ref.layer];
    format_.inputs.push_back({layer.name, without_batch(layer.input_shape), layer.input_dtype});
  }
  const keras::Shapes outputs =
      keras::infer_shapes(*model_, keras::input_shapes(*model_), [](const auto&, const auto&, const auto&) {});
  output_names_ = keras::output_names(*model_);
  for (size_t i = 0; i < outputs.size(); ++i)
    format_.outputs.push_back({output_names_[i], without_batch(outputs[i]), losses_[i].labels()});
}

void Trainer::begin(const Examples& examples) {
  x_shapes_ = examples.x_shapes();
  y_shapes_ = examples.y_shapes();
  if (x_shapes_.size() != format_.inputs.size() || y_shapes_.size() != format_.outputs.size()) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("the model has {} inputs and {} outputs, the data {} and {}", format_.inputs.size(),
                            format_.outputs.size(), x_shapes_.size(), y_shapes_.size()));
  }
  steps_.clear();
  (void)step_graph(training_, step_options(1, 1, true));  // says what cannot be trained before anything is
  for (size_t i = 0; i < format_.outputs.size(); ++i) (void)metrics(i);
}

Trainer::Batch Trainer::batch_of(int64_t n) const {
  Batch batch;
  for (size_t i = 0; i < x_shapes_.size(); ++i)
    batch.x.emplace_back(format_.inputs[i].dtype, with_batch(x_shapes_[i], n));
  for (const Shape& shape : y_shapes_) batch.y.emplace_back(DType::kFloat32, with_batch(shape, n));
  batch.example_weights = Tensor(DType::kFloat32, {n});
  std::ranges::fill(batch.example_weights.mutable_values<float>(), 1.0F / static_cast<float>(n));
  return batch;
}

StepOptions Trainer::step_options(int64_t n, double share, bool has_gradients) const {
  const int group_size = options_.group == nullptr ? 1 : options_.group->size();
  return {x_shapes_, y_shapes_, losses_, compilation_.loss_weights, n, has_gradients, group_size, share};
}

Step& Trainer::step(const Batch& batch, bool has_gradients) {
  const int64_t n = batch.example_weights.n_elements();
  auto& found = steps_[{n, batch.share, has_gradients}];
  if (found == nullptr) {
    const StepOptions options = step_options(n, batch.share, has_gradients);
    found = std::make_unique<Step>(step_graph(has_gradients ? training_ : inference_, options), options_.threads,
                                   options_.group);
  }
  return *found;
}

// Another one for each step, the same for every process and every training that goes on from there; parts of a batch
// draw on their own.
std::array<int64_t, 2> Trainer::seed_of_step() const {
  const int64_t rank = options_.group == nullptr ? 0 : options_.group->rank();
  return {static_cast<int64_t>(options_.seed * 0x9E3779B97F4A7C15ULL) + rank, optimizer_.iterations() << 20};
}

Step::Feed Trainer::feed(const Batch& batch, std::array<int64_t, 2> seed) const {
  return {batch.x, batch.y, &batch.example_weights, seed, variables_};
}

Trainer::Result Trainer::train_on_batch(const Batch& batch) {
  Step& step = this->step(batch, true);
  const Step::Feed feed = this->feed(batch, seed_of_step());
  const Step::Result stepped = options_.group == nullptr ? step.run(feed) : run_with_others(step, feed);
  Result result = summed(stepped);
  if (!std::isfinite(result.loss)) return result;
  apply(stepped, step.graph());
  return result;
}

Trainer::Result Trainer::test_on_batch(const Batch& batch) { return summed(step(batch, false).run(feed(batch, {}))); }

std::vector<runtime::Step> Trainer::profile(const Batch& batch, double seconds) {
  using Clock = std::chrono::steady_clock;
  Step& step = this->step(batch, true);
  auto parts = step.profile(feed(batch, seed_of_step()), seconds);
  const Step::Result stepped = step.run(feed(batch, seed_of_step()));
  constexpr int kRounds = 20;
  const auto start = Clock::now();
  for (int i = 0; i < kRounds; ++i) apply(stepped, step.graph());
  runtime::Step optimizer{optimizer_.class_name(), "own:optimizer"};
  optimizer.seconds = std::chrono::duration<double>(Clock::now() - start).count() / kRounds;
  for (const size_t i : trainable_)
    optimizer.n_bytes += static_cast<double>(variables_[i].n_bytes()) * static_cast<double>(3 + 2 * slots_.size());
  parts.push_back(std::move(optimizer));
  return parts;
}

// With the losses of all processes; predictions stay this one's.
Trainer::Result Trainer::summed(const Step::Result& step) const {
  Result result{step.loss, step.losses, step.predictions};
  if (options_.group == nullptr) return result;
  result.losses.push_back(result.loss);
  options_.group->sum(result.losses);
  result.loss = result.losses.back();
  result.losses.pop_back();
  return result;
}

// Its gradients are the sums of all processes'.
Step::Result Trainer::run_with_others(Step& step, const Step::Feed& feed) const {
  GradientSums sums(*options_.group, trainable_.size());
  const Step::Result result =
      step.run(feed, [&](std::span<const size_t> places) { sums.update(step.gradients(), places); });
  sums.finish(step.gradients());
  return result;
}

void Trainer::apply(const Step::Result& result, const StepGraph& graph) {
  std::vector<Parameter> parameters;
  for (size_t t = 0; t < trainable_.size(); ++t) {
    Parameter parameter{variables_[trainable_[t]].mutable_values<float>(), result.gradients[t].values<float>(), {}};
    for (Slot& slot : slots_) parameter.slots.push_back(slot.values[t].mutable_values<float>());
    parameters.push_back(std::move(parameter));
  }
  optimizer_.apply(parameters, clipped_);
  for (const auto& [i, constraint] : constraints_)
    constraint.apply(variables_[i].shape(), variables_[i].mutable_values<float>());
  for (size_t i = 0; i < graph.updated.size(); ++i) {
    const Tensor& value = result.updates[i];
    std::memcpy(variables_[variable_index_.at(graph.updated[i])].mutable_bytes().data(), value.bytes().data(),
                value.n_bytes());
  }
}

std::string Trainer::first_layer_without_number(const Batch& batch) {
  std::vector<std::string> endpoints, layers;
  for (const auto& input : format_.inputs) layers.push_back(fmt::format("{} (InputLayer)", input.name));
  for (const keras::LoweredCall& call : training_.calls) {
    for (const std::string& output : call.outputs) {
      endpoints.push_back(output);
      layers.push_back(fmt::format("{} ({})", call.layer_name, call.class_name));
    }
  }
  std::vector<Tensor> values = batch.x;
  std::ranges::move(step(batch, true).values_at(endpoints, feed(batch, seed_of_step())), std::back_inserter(values));
  std::vector<int64_t> first{static_cast<int64_t>(std::ranges::find_if(values, has_no_number) - values.begin())};
  if (auto* group = options_.group) {
    first.resize(static_cast<size_t>(group->size()));
    std::swap(first[0], first[static_cast<size_t>(group->rank())]);
    group->sum(first);
  }
  const auto i = static_cast<size_t>(*std::ranges::min_element(first));
  return i < layers.size() ? layers[i] : "";
}

std::vector<Metric> Trainer::metrics(size_t output) const {
  std::vector<Metric> result;
  if (output >= compilation_.metrics.size()) return result;
  const Shape labels = with_batch(y_shapes_.at(output), 1), predictions = with_batch(format_.outputs[output].shape, 1);
  for (const std::string& name : compilation_.metrics[output]) result.push_back(metric_for(name, labels, predictions));
  return result;
}

std::vector<std::pair<std::string, Tensor>> Trainer::weights() const {
  std::vector<std::pair<std::string, Tensor>> result;
  for (const auto& [name, i] : variable_index_) result.emplace_back(name, variables_[i].copied());
  return result;
}

void Trainer::expect_equal_weights() const {
  auto* group = options_.group;
  if (group == nullptr) return;
  uint32_t crc = 0;
  for (const Tensor& variable : variables_) crc = crc32c(variable.bytes(), crc);
  std::vector<int64_t> all(static_cast<size_t>(group->size()));
  all[static_cast<size_t>(group->rank())] = crc;
  group->sum(all);
  const auto other = std::ranges::find_if(all, [&](int64_t each) { return each != all[0]; });
  if (other == all.end()) return;
  throw Error(
      ErrorCode::kMismatch, "",
      fmt::format(
          "rank {} and rank 0 have come to different weights: start all processes on the same kind of processor",
          other - all.begin()));
}

void Trainer::set_weights(const std::vector<std::pair<std::string, Tensor>>& weights) {
  for (const auto& [name, value] : weights) {
    Tensor& target = variables_[variable_index_.at(name)];
    std::memcpy(target.mutable_bytes().data(), value.bytes().data(), value.n_bytes());
  }
}

keras::TrainingState Trainer::state() const {
  keras::TrainingState state;
  state.training_config = training_config(compilation_, optimizer_, output_names_);
  state.optimizer_weights.emplace_back("iteration:0", Tensor::scalar(optimizer_.iterations()));
  std::vector<std::string> names;
  for (const Slot& slot : slots_) names.push_back(slot.name);
  for (const auto& weight : keras::optimizer_weight_names(*model_, optimizer_.class_name(), names))
    state.optimizer_weights.emplace_back(weight.name, slots_[weight.slot].values[weight.variable]);
  return state;
}

void Trainer::restore(const keras::TrainingState& state) {
  const keras::TrainingState own = this->state();
  if (state.optimizer_weights.empty()) return;
  optimizer_.set_iterations(static_cast<int64_t>(Reader(state.optimizer_weights[0].second)[0]));
  if (state.optimizer_weights.size() == 1) return;  // compiled, and saved before the first step
  if (state.optimizer_weights.size() != own.optimizer_weights.size()) {
    throw Error(
        ErrorCode::kMismatch, "optimizer",
        fmt::format("expected {} arrays for {}, the file holds {}: give --optimizer anew to begin with an empty one",
                    own.optimizer_weights.size(), optimizer_.class_name(), state.optimizer_weights.size()));
  }
  for (size_t i = 1; i < own.optimizer_weights.size(); ++i) {
    const auto& [name, mine] = own.optimizer_weights[i];
    const Tensor& theirs = state.optimizer_weights[i].second;
    if (theirs.dtype() != mine.dtype() || theirs.shape() != mine.shape()) {
      throw Error(ErrorCode::kMismatch, fmt::format("optimizer weight `{}`", name),
                  fmt::format("expected {} {}, the file holds {} {}", dtype_name(mine.dtype()),
                              mine.shape().to_string(), dtype_name(theirs.dtype()), theirs.shape().to_string()));
    }
    Tensor target = mine;
    std::memcpy(target.mutable_bytes().data(), theirs.bytes().data(), theirs.n_bytes());
  }
}

}  // namespace hoarfrost::training
