// The options by which `hoarfrost train` says what Keras' model.compile takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "training/compilation.h"

namespace hoarfrost::cli {

// Empty, 0 or false: as the model's file says, or Keras' default.
struct CompileOptions {
  std::string optimizer;
  double learning_rate = 0;
  double decay = 0;
  double momentum = 0;
  bool nesterov = false;
  double clipnorm = 0;
  double clipvalue = 0;
  std::vector<std::string> losses;
  std::vector<double> loss_weights;
  bool from_logits = false;
  double label_smoothing = 0;
  std::vector<std::string> metrics;
};

void add_compile_options(CLI::App& app, CompileOptions& options);

// What was typed takes the place of what the file says. Without an optimizer in either, Adam; without metrics, a
// cross-entropy's accuracy. Throws Error{kUnsupported} for a loss that is not known.
void apply(const CompileOptions& options, training::Compilation& compilation);

}  // namespace hoarfrost::cli
