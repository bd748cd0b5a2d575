// The second tutorial's training in C++: its network on Sign Language MNIST, saved in Keras' three ways.
// usage: train_save_sign_language [--data FOLDER] [--output FOLDER] [--epochs N] [--batchsize N]
#include <hoarfrost/layers.h>
#include <hoarfrost/training.h>

#include <iostream>

#include "../options.h"

namespace training = hoarfrost::training;
using namespace hoarfrost::keras::layers;
using hoarfrost::keras::models::Model;

// As the Python says it: tools/make_example_architectures.py.
Model network() {
  const auto inputs = Input({28, 28, 1});
  auto x = Conv2D(28, {3, 3}, {.padding = "same"})(inputs);
  x = Activation("relu")(x);
  x = BatchNormalization()(x);
  x = MaxPooling2D({2, 2})(x);
  x = Conv2D(64, {3, 3}, {.padding = "same"})(x);
  x = Activation("relu")(x);
  x = BatchNormalization()(x);
  x = MaxPooling2D({2, 2})(x);
  x = Dropout(0.4)(x);
  x = Flatten()(x);
  x = Dense(512)(x);
  x = Activation("relu")(x);
  x = Dropout(0.4)(x);
  x = Dense(25)(x);
  const auto predictions = Activation("softmax")(x);
  return Model(inputs, predictions);
}

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv, {.epochs = 3, .batch_size = 32});
  const auto to = [&](const char* name) { return options.output / name; };
  for (const char* folder : {"method1", "method2", "method3"}) std::filesystem::create_directories(to(folder));

  training::CompiledModel model(network(), {.optimizer = Object{"Adam", {{"learning_rate", 1e-4}, {"decay", 1e-6}}},
                                            .loss = "categorical_crossentropy",
                                            .metrics = {"accuracy"}});

  // Pixels become values from 0 to 1; of the 27,455 rows the last 4,000 validate.
  const auto data = training::open_examples(options.data, model.format());
  for (const auto& note : data.notes) std::cerr << note << '\n';
  const auto [train, validation] = training::split(data.examples, 4000.0 / 27455);

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
