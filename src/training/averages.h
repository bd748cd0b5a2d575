// What an epoch, or a validation, comes to: Keras' running means.
#pragma once

#include <hoarfrost/callback.h>

#include <string>
#include <vector>

#include "training/trainer.h"

namespace hoarfrost::training {

// What was counted so far, for an epoch that is left in its middle.
struct Counts {
  std::vector<double> loss_sums;  // over examples: of the loss, then of each output's; then their number
  std::vector<std::vector<double>> metric_counts;  // Metric::counts of each output's metrics, in their order
};

// Every process of a group calls logs() and counts() together, for metrics are counted over all of them.
class Averages {
 public:
  explicit Averages(const Trainer& trainer);
  // n: examples of the whole batch.
  void add(const Trainer::Result& result, const Trainer::Batch& batch, int64_t n);
  // loss, each output's loss where there are several, metrics; 0 while nothing was added.
  [[nodiscard]] Logs logs(const std::string& prefix) const;
  // The names that logs() gives.
  [[nodiscard]] std::vector<std::string> names(const std::string& prefix) const;
  [[nodiscard]] Counts counts() const;
  void go_on_from(const Counts& counts);

 private:
  [[nodiscard]] Metric summed(const Metric& metric) const;
  const Trainer& trainer_;
  std::vector<double> sums_;
  double n_ = 0;
  std::vector<std::vector<Metric>> metrics_;
};

}  // namespace hoarfrost::training
