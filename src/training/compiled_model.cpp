#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/training.h>

#include <nlohmann/json.hpp>

#include "keras/save.h"
#include "training/compilation.h"
#include "training/fit.h"
#include "training/trainer.h"

namespace hoarfrost::training {
namespace {

Json value_of(const keras::Argument& argument) { return argument.is_said() ? Json::parse(argument.json()) : Json(); }

// As a file's training_config has them, so that both are read by one reader; what that would pass over is an error
// here.
Compilation compilation_of(const CompileArguments& arguments, const keras::Model& model) {
  const Json config = {{"optimizer_config", value_of(arguments.optimizer)},
                       {"loss", value_of(arguments.loss)},
                       {"metrics", value_of(arguments.metrics)},
                       {"loss_weights", value_of(arguments.loss_weights)}};
  auto [compilation, notes] = compilation_from(config.dump(), keras::output_names(model));
  if (!arguments.loss.is_said()) throw Error(ErrorCode::kInvalidArgument, "compile", "expected a loss, found none");
  if (!notes.empty()) throw Error(ErrorCode::kUnsupported, "compile", notes.front());
  return compilation;
}

}  // namespace

struct CompiledModel::Parts {
  Trainer trainer;
  keras::TrainingState position;  // where the last fit() stopped, with its callbacks' weights
};

CompiledModel::CompiledModel(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CompiledModel::~CompiledModel() = default;
CompiledModel::CompiledModel(CompiledModel&&) noexcept = default;
CompiledModel& CompiledModel::operator=(CompiledModel&&) noexcept = default;

CompiledModel::CompiledModel(const keras::Model& model, const CompileArguments& arguments)
    : parts_(new Parts{{model, compilation_of(arguments, model), {arguments.seed, arguments.threads, nullptr}}, {}}) {}

CompiledModel CompiledModel::load_model(const std::filesystem::path& path, int threads) {
  const auto model = keras::load(path);
  const keras::TrainingState state = keras::read_training_state(*model, path);
  try {
    if (state.training_config.empty())
      throw Error(ErrorCode::kInvalidArgument, "",
                  "was saved without being compiled: load it with keras::load, and compile it");
    auto [compilation, notes] = compilation_from(state.training_config, keras::output_names(*model));
    const Json before = Json::parse(state.hoarfrost, nullptr, false);
    const uint64_t seed = before.is_object() ? before.value("seed", uint64_t{0}) : 0;
    auto parts = std::unique_ptr<Parts>(new Parts{{*model, std::move(compilation), {seed, threads, nullptr}}, state});
    parts->trainer.restore(state);
    return CompiledModel(std::move(parts));
  } catch (Error& error) {
    throw error.within(path.string());
  }
}

const ModelFormat& CompiledModel::format() const { return parts_->trainer.format(); }

History CompiledModel::fit(const Examples& train, const FitArguments& arguments) {
  if (arguments.batch_size < 1 || arguments.epochs < 1)
    throw Error(ErrorCode::kInvalidArgument, "fit", "batch_size and epochs begin at 1");
  FitOptions options;
  options.epochs = arguments.epochs;
  options.batch_size = arguments.batch_size;
  options.shuffle = arguments.shuffle;
  options.show_progress = arguments.verbose;
  options.stop = arguments.stop;
  if (!arguments.class_weight.empty()) {
    Json weights = Json::object();
    for (const auto& [label, weight] : arguments.class_weight) weights[std::to_string(label)] = weight;
    options.class_weight = ClassWeight::parse(weights.dump(), 0);
  }
  Fit fit(parts_->trainer, train, arguments.validation_data, arguments.callbacks, options);
  if (arguments.initial_epoch >= 0)
    fit.begin_at(arguments.initial_epoch);
  else if (!parts_->position.hoarfrost.empty())
    fit.restore(parts_->position);
  History history = fit.run();
  parts_->position = fit.training_state();
  return history;
}

void CompiledModel::save(const std::filesystem::path& path) const {
  keras::TrainingState state = parts_->trainer.state();
  state.hoarfrost = parts_->position.hoarfrost;
  state.kept_weights = parts_->position.kept_weights;
  keras::save_model(parts_->trainer.model(), state, path);
}

void CompiledModel::save_weights(const std::filesystem::path& path) const {
  keras::save_weights(parts_->trainer.model(), path);
}

void CompiledModel::save_architecture(const std::filesystem::path& path) const {
  keras::save_architecture(parts_->trainer.model(), path);
}

}  // namespace hoarfrost::training
