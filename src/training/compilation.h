// What Keras' model.compile takes: losses, metrics and the optimizer.
#pragma once

#include <string>
#include <vector>

#include "training/loss.h"
#include "training/metric.h"
#include "training/optimizer.h"

namespace hoarfrost::training {

// By output, in the model's order. A loss is a name or {"class_name", "config"}; so is the optimizer; metrics are
// names.
struct Compilation {
  Json optimizer;                                 // null: not said
  std::vector<Json> losses;                       // empty: not said
  std::vector<double> loss_weights;               // empty: 1 each
  std::vector<std::vector<std::string>> metrics;  // "accuracy" means what the output and its loss make of it
  // Why the file's own was not taken: a Trainer throws it, unless another was said (and this cleared).
  std::string refused_optimizer, refused_loss;
};

// What a file's training_config says, in the dialect of Keras 1.2 to 2.15 or Keras 3's compile_config. Losses and
// metrics by name are found by the outputs' names. Metrics that are not known are left out and said in `notes`; an
// unknown loss or optimizer is kept as refused, for the person may say another instead. Throws Error{kCorrupt} for text
// that is no JSON.
struct ReadCompilation {
  Compilation compilation;
  std::vector<std::string> notes;
};
ReadCompilation compilation_from(const std::string& training_config, const std::vector<std::string>& output_names);

// The training_config that Keras 2.15 writes.
std::string training_config(const Compilation& compilation, const Optimizer& optimizer,
                            const std::vector<std::string>& output_names);

// The metric that a name means for this output: "accuracy" and "acc" stand for categorical, sparse or binary accuracy
// (and so do "crossentropy" and "ce" for what Keras has under these names), by Keras 2.15's rule: binary for one unit,
// sparse where labels have one axis less (or their last is 1), else categorical.
Metric metric_for(const std::string& name, const Shape& labels, const Shape& output);

}  // namespace hoarfrost::training
