// Training as Keras has it: compile a model, fit it to examples, save it in Keras' ways, and go on later to the same
// bits.
//
//   training::CompiledModel model(network, {.optimizer = Object{"Adam", {{"learning_rate", 1e-4}, {"decay", 1e-6}}},
//                                           .loss = "categorical_crossentropy", .metrics = {"accuracy"}});
//   const auto [train, validation] = training::split(examples, 0.1);
//   model.fit(*train, {.batch_size = 100, .epochs = 5, .validation_data = validation.get()});
//   model.save("k_complete_model.h5");
//
// `network` is what hoarfrost/builder.h builds or keras::load() reads. It is what `hoarfrost train` does
// (docs/training.md).
#pragma once

#include <hoarfrost/builder.h>
#include <hoarfrost/callback.h>
#include <hoarfrost/examples.h>
#include <hoarfrost/keras.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hoarfrost::training {

// model.compile()'s arguments, by Keras' names (docs/training.md lists them). A loss, or a list of metrics, of several
// outputs stands for each of them unless there is one per output.
struct CompileArguments {
  keras::Argument optimizer = "rmsprop";
  keras::Argument loss{};
  keras::Argument metrics{};       // {"accuracy"}; for several outputs {{"accuracy"}, {"mae"}}
  keras::Argument loss_weights{};  // one number per output; not said: 1 each
  uint64_t seed =
      0;  // of weights that are not there, shuffling, dropout and augmentation: the same one gives the same bits
  int threads = 0;  // 0: as many as the process may use
};

// model.fit()'s arguments.
struct FitArguments {
  int64_t batch_size = 32;
  int64_t epochs = 1;          // the epoch to reach, counted from the first
  int64_t initial_epoch = -1;  // epochs that are done already; -1: what the model's file says, or none
  bool shuffle = true;
  const Examples* validation_data = nullptr;    // of the same shapes; nullptr: none
  std::vector<Callback*> callbacks = {};        // in their order; those that save the model are called last
  std::map<int64_t, double> class_weight = {};  // what an example of each class counts; all classes or none
  bool verbose = true;                          // Keras' progress lines, on stderr
  const std::atomic<bool>* stop = nullptr;  // set elsewhere (by a signal): the batch is finished, then training stops
};

struct History {
  std::vector<Logs> epochs;        // of those that this call finished
  double examples_per_second = 0;  // of training alone
  bool is_interrupted = false;     // by `stop`: what is saved goes on there
  bool is_invalid = false;         // the loss became NaN or infinite; the weights are those before
  std::string invalid;             // where: "epoch 1, batch 12: the loss is nan; …"
};

class CompiledModel {
 public:
  // A copy of the model, whose missing weights are drawn as its layers say. Throws Error: kUnsupported (an optimizer,
  // loss, metric, initializer that is unknown, a layer that cannot be trained), kInvalidArgument (no loss; not one per
  // output).
  CompiledModel(const keras::Model& model, const CompileArguments& arguments);
  CompiledModel(const keras::models::Model& model, const CompileArguments& arguments)
      : CompiledModel(*model.built(), arguments) {}
  // keras.models.load_model(): a complete .h5 or .keras, Keras' own or ours, with its optimizer's memory. Throws what
  // keras::load throws, and Error{kInvalidArgument} for one that was never compiled.
  static CompiledModel load_model(const std::filesystem::path& path, int threads = 0);
  ~CompiledModel();
  CompiledModel(CompiledModel&&) noexcept;
  CompiledModel& operator=(CompiledModel&&) noexcept;

  // What examples must be like: open_examples() makes them so.
  [[nodiscard]] const ModelFormat& format() const;
  // Trains to the epoch `epochs`, and may be called again to go on. Throws Error: kMismatch (examples of other shapes;
  // a file that stands within an epoch of other data), kUnsupported naming the node that has no gradient, what
  // callbacks throw.
  History fit(const Examples& train, const FitArguments& arguments);
  // A complete model with its optimizer and all that a later training needs: for Keras 2.15 where the name ends in .h5,
  // for Keras 3 where it ends in .keras. Throws Error{kIo}: what was at `path` is then as it was.
  void save(const std::filesystem::path& path) const;
  void save_weights(const std::filesystem::path& path) const;       // weights alone, HDF5
  void save_architecture(const std::filesystem::path& path) const;  // to_json()

 private:
  struct Parts;
  explicit CompiledModel(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hoarfrost::training
