// hoarfrost train: a Keras model on labelled data, with Keras' three saves, its callbacks, and exact resumption.
#include <fmt/format.h>
#include <hoarfrost/callback.h>
#include <hoarfrost/error.h>

#include <atomic>
#include <csignal>

#include "cli/command.h"
#include "cli/compile_options.h"
#include "cli/model_source.h"
#include "cli/numbers.h"
#include "cli/profile.h"
#include "cli/report.h"
#include "cli/training_data.h"
#include "distributed/group.h"
#include "keras/file_kind.h"
#include "keras/save.h"
#include "training/fit.h"

namespace hoarfrost::cli {
namespace {

namespace fs = std::filesystem;
using training::Fit;

std::atomic<bool> g_is_interrupted{false};

struct Options {
  ModelSource model;
  TrainingDataOptions data;
  fs::path output = "trained";
  CompileOptions compile;
  std::vector<std::string> callbacks;
  std::string monitor;
  int64_t epochs = 1;
  int64_t initial_epoch = -1;
  int64_t batch_size = 0;
  bool no_shuffle = false;
  int64_t seed = -1;
  int threads = 0;
  bool is_quiet = false;
  bool as_json = false;
  bool shows_profile = false;
};

// What training begins with: the model, and what its file says of an earlier training.
struct Start {
  std::shared_ptr<const keras::Model> model;
  keras::TrainingState state;
  Json hoarfrost;  // null: nothing
};

Start load(const Options& options) {
  keras::LoadOptions how = load_options(options.model);
  const keras::FileKind kind = keras::file_kind(*File::open(options.model.path));
  const bool is_text = kind == keras::FileKind::kJson || kind == keras::FileKind::kYaml;
  how.architecture_only = is_text && options.model.weights.empty();
  Start start{keras::load(options.model.path, how), {}, {}};
  if (is_text || !options.model.weights.empty()) return start;
  start.state = keras::read_training_state(*start.model, options.model.path);
  if (!start.state.hoarfrost.empty()) start.hoarfrost = Json::parse(start.state.hoarfrost, nullptr, false);
  return start;
}

int64_t integer_at(const Json& json, const char* key, int64_t fallback) {
  return json.is_object() && json.contains(key) && json.at(key).is_number_integer() ? json.at(key).get<int64_t>()
                                                                                    : fallback;
}

std::string quoted(const fs::path& path) {
  std::string result = "'";
  for (const char c : path.string()) result += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return result + "'";
}

// The tutorials' checkpoint: of the best epoch so far.
std::string checkpoint_callback(const Options& options, const training::Trainer& trainer, bool has_validation) {
  std::string monitor = options.monitor;
  if (monitor.empty()) {
    const auto& metrics = trainer.compilation().metrics;
    const bool has_accuracy = trainer.output_names().size() == 1 && !metrics.empty() &&
                              std::ranges::find(metrics[0], "accuracy") != metrics[0].end();
    monitor = std::string(has_validation ? "val_" : "") + (has_accuracy ? "accuracy" : "loss");
  }
  return fmt::format("ModelCheckpoint({}, monitor='{}', save_best_only=True)",
                     quoted(options.output / "method1/keras_chkpt.h5"), monitor);
}

// The saves of the tutorials' train_save.py, after its methods' names, and a .keras.
std::vector<fs::path> save_all(const Options& options, Fit& fit, const training::Trainer& trainer,
                               std::vector<std::string>& failures) {
  const fs::path& to = options.output;
  std::vector<fs::path> files;
  const auto save = [&](const fs::path& path, const auto& write) {
    try {
      write(path);
      files.push_back(path);
    } catch (const Error& error) {
      failures.emplace_back(error.what());
    }
  };
  save(to / "method2/k_complete_model.h5", [&](const fs::path& path) { fit.save(path, false); });
  save(to / "method3/k_model_weights.h5", [&](const fs::path& path) { fit.save(path, true); });
  save(to / "method3/k_model_architecture.json",
       [&](const fs::path& path) { keras::save_architecture(trainer.model(), path); });
  save(to / "k_complete_model.keras", [&](const fs::path& path) { fit.save(path, false); });
  return files;
}

void print(const Options& options, const training::History& history, const std::vector<fs::path>& files, Fit& fit) {
  constexpr double kProfileSeconds = 3;
  const auto profile = options.shows_profile ? fit.profile(kProfileSeconds) : std::vector<runtime::Step>();
  if (options.as_json) {
    Json json{{"epochs", Json::array()},
              {"examples_per_second", history.examples_per_second},
              {"interrupted", history.is_interrupted},
              {"files", Json::array()}};
    for (const training::Logs& logs : history.epochs) {
      Json epoch = Json::object();
      for (const auto& [name, value] : logs) epoch[name] = value;
      json["epochs"].push_back(std::move(epoch));
    }
    for (const fs::path& file : files) json["files"].push_back(file.string());
    if (options.shows_profile) json["profile"] = profile_json(profile, runtime::measure_peak(options.threads));
    return print_json(json);
  }
  if (!history.epochs.empty()) {
    std::vector<std::string> header{"epoch"};
    for (const auto& [name, value] : history.epochs.back()) header.push_back(name);
    std::vector<std::vector<std::string>> rows;
    const int64_t first = options.epochs - static_cast<int64_t>(history.epochs.size());
    for (size_t i = 0; i < history.epochs.size(); ++i) {
      std::vector<std::string> row{std::to_string(first + static_cast<int64_t>(i) + 1)};
      for (const auto& [name, value] : history.epochs[i]) row.push_back(fmt::format("{:.4f}", value));
      row.resize(header.size());
      rows.push_back(std::move(row));
    }
    fmt::print("{}", table(header, rows));
    fmt::print("{:.0f} examples per second\n", history.examples_per_second);
  }
  std::vector<std::vector<std::string>> rows;
  for (const fs::path& file : files) rows.push_back({file.string(), size_text(fs::file_size(file))});
  if (!rows.empty()) fmt::print("{}", table({"saved", "size"}, rows));
  if (options.shows_profile) fmt::print("{}", profile_text(profile, runtime::measure_peak(options.threads)));
}

struct Training {
  std::vector<std::string> notes;
  Start start;
  std::unique_ptr<training::Trainer> trainer;
  TrainingData data;
  std::vector<std::unique_ptr<training::Callback>> callbacks;
  std::unique_ptr<Fit> fit;
};

void say_start(const Options& options, const Training& training) {
  for (const std::string& text : training.notes) note(text);
  for (const std::string& text : training.data.notes) note(text);
  if (options.is_quiet) return;
  const std::string validated =
      training.data.validation == nullptr ? "" : fmt::format(", validate on {}", training.data.validation->size());
  const auto& position = training.fit->position();
  const std::string resumed = position.epoch + position.batch == 0 ? ""
                              : position.batch == 0 ? fmt::format("; epoch {} is the next", position.epoch + 1)
                                                    : fmt::format("; it goes on within epoch {}, after {} batches",
                                                                  position.epoch + 1, position.batch);
  fmt::print(stderr, "Train on {} examples{}{}\n", training.data.train->size(), validated, resumed);
}

Training prepare(const Options& options, distributed::Group* group, int threads) {
  Training result;
  result.start = load(options);
  auto [compilation, notes] =
      training::compilation_from(result.start.state.training_config, keras::output_names(*result.start.model));
  result.notes = std::move(notes);
  apply(options.compile, compilation);
  const Json& before = result.start.hoarfrost;
  const auto seed = static_cast<uint64_t>(options.seed >= 0 ? options.seed : integer_at(before, "seed", 0));
  try {
    result.trainer = std::make_unique<training::Trainer>(*result.start.model, compilation,
                                                         training::Trainer::Options{seed, threads, group});
    if (options.compile.optimizer.empty()) result.trainer->restore(result.start.state);
  } catch (Error& error) {
    throw error.within(options.model.path.string());
  }
  result.data = open_training_data(options.data, result.trainer->format(), options.model.path, threads);
  std::vector<std::string> texts = options.callbacks;
  texts.push_back(checkpoint_callback(options, *result.trainer, result.data.validation != nullptr));
  result.callbacks = training::make_callbacks(texts);
  std::vector<training::Callback*> callbacks;
  for (const auto& callback : result.callbacks) callbacks.push_back(callback.get());
  training::FitOptions fit;
  fit.epochs = options.epochs;
  fit.batch_size = options.batch_size > 0 ? options.batch_size : integer_at(before, "batch_size", 32);
  fit.shuffle = !options.no_shuffle;
  fit.class_weight = result.data.class_weight;
  fit.show_progress = !options.is_quiet && (group == nullptr || group->rank() == 0);
  fit.stop = &g_is_interrupted;
  result.fit = std::make_unique<Fit>(*result.trainer, *result.data.train, result.data.validation.get(), callbacks, fit);
  if (options.initial_epoch >= 0)
    result.fit->begin_at(options.initial_epoch);
  else if (!before.is_null())
    result.fit->restore(result.start.state);
  return result;
}

int finish(const Options& options, Training& training, const training::History& history) {
  std::vector<std::string> failures;
  std::vector<fs::path> files;
  if (!history.is_invalid) files = save_all(options, *training.fit, *training.trainer, failures);
  if (options.data.data.save_preprocessing) {
    for (const fs::path& file :
         {options.output / "method1/keras_chkpt.h5", options.output / "method2/k_complete_model.h5"}) {
      files.push_back(data::Preprocessing::path_beside(file));
      write_file(files.back(), training.data.preprocessing.to_json());
    }
  }
  const fs::path checkpoint = options.output / "method1/keras_chkpt.h5";
  std::error_code ignored;
  if (fs::exists(checkpoint, ignored)) files.insert(files.begin(), checkpoint);
  print(options, history, files, *training.fit);
  if (history.is_invalid) {
    throw Error(ErrorCode::kMismatch, options.model.path.string(),
                fmt::format("{}; nothing is saved over what there was: try a smaller --learning-rate, or --clipnorm",
                            history.invalid));
  }
  if (history.is_interrupted) {
    fmt::print(stderr, "Interrupted. To go on: hoarfrost train {} --epochs {} --output {} with the same --data\n",
               (options.output / "method2/k_complete_model.h5").string(), options.epochs, options.output.string());
  }
  for (const std::string& failure : failures) note(failure);
  int64_t n_failures = static_cast<int64_t>(failures.size());
  for (const auto& callback : training.callbacks) n_failures += callback->n_failures();
  constexpr int kInterrupted = 130;  // as a shell counts Ctrl-C
  return n_failures > 0 ? 1 : history.is_interrupted ? kInterrupted : 0;
}

void make_folders(const fs::path& output) {
  for (const char* name : {"method1", "method2", "method3"}) {
    std::error_code error;
    fs::create_directories(output / name, error);
    if (error)
      throw Error(ErrorCode::kIo, (output / name).string(), fmt::format("cannot make the folder: {}", error.message()));
  }
}

int run(const Options& options) {
  const auto group = distributed::join();
  const int threads = group != nullptr && options.threads == 0 ? group->threads() : options.threads;
  const bool is_first = group == nullptr || group->rank() == 0;
  Training training;
  distributed::together(group.get(), [&] {
    training = prepare(options, group.get(), threads);
    if (is_first) make_folders(options.output);
  });
  if (is_first) say_start(options, training);
  struct sigaction action {};
  action.sa_handler = [](int) { g_is_interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second Ctrl-C ends it at once
  ::sigaction(SIGINT, &action, nullptr);
  training::History history;
  distributed::or_abort(group.get(), [&] { history = training.fit->run(); });
  return is_first ? finish(options, training, history) : 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option(
         "MODEL", options->model.path,
         "A JSON or YAML architecture (its weights are drawn as it says), or a complete .h5 or .keras, which goes on "
         "where it stopped")
      ->required();
  app.add_option("--weights", options->model.weights, "Weights for a JSON or YAML architecture to begin with");
  app.add_option("--input-shape", options->model.input_shapes,
                 "Sizes that the model leaves open, batch included: 1,32,32,3 or NAME=1,32,32,3");
  app.add_option("-o,--output", options->output,
                 "The folder for the saves: method1 (checkpoint of the best epoch), method2 (complete), method3 (JSON "
                 "and weights), and a .keras")
      ->capture_default_str();
  app.add_option("--epochs", options->epochs, "The epoch to reach, counted from the first")
      ->capture_default_str()
      ->check(kPositive);
  app.add_option("--initial-epoch,--initial_epoch", options->initial_epoch,
                 "Epochs that are done already (default: what the file says)")
      ->check(kNotNegative);
  app.add_option("-b,--batch-size,--batch_size,--batchsize,--batch", options->batch_size,
                 "Examples per step (default: what the file says, or 32)")
      ->check(kPositive);
  add_training_data_options(app, options->data);
  app.add_flag("--no-shuffle", options->no_shuffle, "Take the examples in the data's order");
  app.add_option("--seed", options->seed,
                 "Of weights, shuffling, dropout and augmentation: the same seed gives the same bits (default: what "
                 "the file says, or 0)")
      ->check(kNotNegative);
  app.add_option("--threads", options->threads, "Threads (default: as many as the process may use)")->check(kPositive);
  add_compile_options(app, options->compile);
  app.add_option("--callback", options->callbacks,
                 "One of Keras' callbacks as Python writes it; may be given again: \"EarlyStopping(monitor='val_loss', "
                 "patience=3)\"")
      ->allow_extra_args(false);
  app.add_option("--monitor", options->monitor,
                 "By what method1's checkpoint knows the best epoch (default: val_accuracy, or what there is)");
  app.add_flag("-q,--quiet", options->is_quiet, "No progress on stderr");
  app.add_flag(
      "--profile", options->shows_profile,
      "After the saves, show what each part of a step takes, beside what this machine can do at most (measured)");
  app.add_flag("--json", options->as_json, "Print one JSON object: epochs, examples_per_second, files");
  app.footer(
      "Ctrl-C finishes the batch, saves, says how to go on, and ends with status 130.\n\nExample:\n"
      "  hoarfrost train model.json --data sign_mnist_train.csv --validation-split 0.1 --loss "
      "sparse_categorical_crossentropy --epochs 3\n"
      "  hoarfrost train trained/method2/k_complete_model.h5 --data sign_mnist_train.csv --validation-split 0.1 "
      "--epochs 6\n"
      "  mpirun -n 4 hoarfrost train model.json --data cifar-10-batches-bin --loss categorical_crossentropy "
      "--batch-size 400");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_train{"train",     "", "Train a Keras model, with Keras' three saves, and go on where it stopped",
                            add_options, {}, true};

}  // namespace hoarfrost::cli
