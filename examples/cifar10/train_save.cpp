// The tutorial's train_save.py in C++: trains its network on CIFAR-10 and saves it in Keras' three ways.
// usage: train_save_cifar10 [--data FOLDER] [--output FOLDER] [--epochs N] [--batchsize N]
#include <hoarfrost/layers.h>
#include <hoarfrost/training.h>

#include <iostream>

#include "../options.h"

namespace training = hoarfrost::training;
using namespace hoarfrost::keras::layers;
using hoarfrost::keras::models::Model;

// As the Python says it: tools/make_example_architectures.py.
Model network() {
  const auto inputs = Input({32, 32, 3});
  auto x = Conv2D(32, {3, 3}, {.padding = "same", .activation = "relu"})(inputs);
  x = BatchNormalization()(x);
  x = MaxPooling2D({2, 2})(x);
  x = Conv2D(64, {3, 3}, {.padding = "same", .activation = "relu"})(x);
  x = BatchNormalization()(x);
  x = MaxPooling2D({2, 2})(x);
  x = Flatten()(x);
  x = Dense(512, {.activation = "relu"})(x);
  x = Dropout(0.5)(x);
  const auto predictions = Dense(10, {.activation = "softmax"})(x);
  return Model(inputs, predictions);
}

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv, {.epochs = 5, .batch_size = 100});
  const auto to = [&](const char* name) { return options.output / name; };
  for (const char* folder : {"method1", "method2", "method3"}) std::filesystem::create_directories(to(folder));

  training::CompiledModel model(network(), {.optimizer = Object{"Adam", {{"learning_rate", 1e-4}, {"decay", 1e-6}}},
                                            .loss = "categorical_crossentropy",
                                            .metrics = {"accuracy"}});

  // Pictures become values from 0 to 1; the last tenth of the 50,000 validates.
  const auto data = training::open_examples(options.data, model.format());
  for (const auto& note : data.notes) std::cerr << note << '\n';
  const auto [train, validation] = training::split(data.examples, 0.1);

  // Method 1: HDF5 checkpoints during training, of the best epoch.
  const auto checkpoint = training::make_callback(
      Object{"ModelCheckpoint",
             {{"filepath", to("method1/keras_chkpt.h5")}, {"monitor", "val_accuracy"}, {"save_best_only", true}}});
  const auto history = model.fit(*train, {.batch_size = options.batch_size,
                                          .epochs = options.epochs,
                                          .validation_data = validation.get(),
                                          .callbacks = {checkpoint.get()}});
  if (history.is_invalid) throw hoarfrost::Error(hoarfrost::ErrorCode::kMismatch, "train_save", history.invalid);

  // Method 2: the complete model, with its optimizer.
  model.save(to("method2/k_complete_model.h5"));

  // Method 3: the architecture in JSON, the weights in HDF5.
  model.save_weights(to("method3/k_model_weights.h5"));
  model.save_architecture(to("method3/k_model_architecture.json"));
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
