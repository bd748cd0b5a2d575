#include "training/averages.h"

#include <fmt/format.h>

namespace hoarfrost::training {

Averages::Averages(const Trainer& trainer) : trainer_(trainer), sums_(1 + trainer.output_names().size(), 0) {
  for (size_t i = 0; i < trainer.output_names().size(); ++i) metrics_.push_back(trainer.metrics(i));
}

void Averages::add(const Trainer::Result& result, const Trainer::Batch& batch, int64_t n) {
  n_ += static_cast<double>(n);
  sums_[0] += result.loss * static_cast<double>(n);
  for (size_t i = 0; i < result.losses.size(); ++i) sums_[1 + i] += result.losses[i] * static_cast<double>(n);
  if (batch.share == 0) return;
  for (size_t i = 0; i < metrics_.size(); ++i) {
    for (Metric& metric : metrics_[i]) metric.update(batch.y[i], result.predictions[i].cast(DType::kFloat32));
  }
}

std::vector<std::string> Averages::names(const std::string& prefix) const {
  const auto& outputs = trainer_.output_names();
  const bool is_one = outputs.size() == 1;
  std::vector<std::string> names{prefix + "loss"};
  for (size_t i = 0; !is_one && i < outputs.size(); ++i) names.push_back(fmt::format("{}{}_loss", prefix, outputs[i]));
  for (size_t i = 0; i < metrics_.size(); ++i) {
    for (const Metric& metric : metrics_[i]) names.push_back(prefix + (is_one ? "" : outputs[i] + "_") + metric.name());
  }
  return names;
}

Logs Averages::logs(const std::string& prefix) const {
  std::vector<double> values;
  const size_t n_losses = sums_.size() == 2 ? 1 : sums_.size();  // of one output, the loss alone
  for (size_t i = 0; i < n_losses; ++i) values.push_back(n_ == 0 ? 0 : sums_[i] / n_);
  for (const auto& of_output : metrics_) {
    for (const Metric& metric : of_output) values.push_back(summed(metric).result());
  }
  Logs logs;
  const auto names = this->names(prefix);
  for (size_t i = 0; i < names.size(); ++i) logs.emplace_back(names[i], values[i]);
  return logs;
}

Counts Averages::counts() const {
  Counts counts{sums_, {}};
  counts.loss_sums.push_back(n_);
  for (const auto& of_output : metrics_) {
    for (const Metric& metric : of_output) counts.metric_counts.push_back(summed(metric).counts());
  }
  return counts;
}

// Only rank 0 goes on with what its metrics counted before, so that sums over the group count it once.
void Averages::go_on_from(const Counts& counts) {
  if (counts.loss_sums.size() != sums_.size() + 1) return;
  sums_.assign(counts.loss_sums.begin(), counts.loss_sums.end() - 1);
  n_ = counts.loss_sums.back();
  const auto* group = trainer_.options().group;
  if (group != nullptr && group->rank() != 0) return;
  size_t i = 0;
  for (auto& of_output : metrics_) {
    for (Metric& metric : of_output) {
      if (i < counts.metric_counts.size()) metric.set_counts(counts.metric_counts[i++]);
    }
  }
}

Metric Averages::summed(const Metric& metric) const {
  auto* group = trainer_.options().group;
  if (group == nullptr) return metric;
  Metric result = metric;
  auto counts = metric.counts();
  group->sum(counts);
  result.set_counts(counts);
  return result;
}

}  // namespace hoarfrost::training
