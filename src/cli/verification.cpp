#include "cli/verification.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/numbers.h"

namespace hoarfrost::cli {

evaluation::VerifyOptions VerifyFlags::options() const {
  evaluation::VerifyOptions options;
  options.seed = seed;
  options.budget_seconds = budget_seconds;
  options.exhaustive = exhaustive;
  options.threads = threads;
  return options;
}

void add_verify_flags(CLI::App& app, VerifyFlags& flags) {
  app.add_option("--seed", flags.seed, "Seed of the random input of the proof")->capture_default_str();
  app.add_option("--verify-seconds", flags.budget_seconds,
                 "Time for the layers' definitions; above it they compute a sample of the elements")
      ->capture_default_str()
      ->check(kPositive);
  app.add_flag("--exhaustive", flags.exhaustive, "Prove every element, however long it takes");
  app.add_option("-t,--threads", flags.threads, "Threads; 0: all that the process may use")
      ->capture_default_str()
      ->check(kNotNegative);
}

std::vector<std::string> note_nan_weights(const keras::Lowered& lowered) {
  auto layers = evaluation::nan_weights(lowered);
  for (const auto& layer : layers)
    note(fmt::format("layer `{}` has weights that are NaN or infinite: was the training stable?", layer));
  return layers;
}

std::string proof_text(const evaluation::Verification& proof) {
  if (proof.layers.empty()) return "Verified: the model has no layer that computes anything.";
  const auto& worst = *std::ranges::max_element(proof.layers, {}, &evaluation::Comparison::max_rel);
  int64_t compared = 0;
  int64_t all = 0;
  for (const auto& layer : proof.layers) {
    compared += layer.n_compared;
    all += layer.n_elements;
  }
  return fmt::format(
      "Verified: {} layers equal their definitions in double precision ({} of {} elements); largest relative error "
      "{:.1e} (layer `{}`).",
      proof.layers.size(), compared, all, worst.max_rel, worst.name);
}

std::string divergence_text(const evaluation::Verification& proof) {
  const auto* first = proof.first_divergence();
  if (first == nullptr) return "nothing diverges";
  const std::string what = first->class_name.empty() ? fmt::format("output `{}`", first->name)
                                                     : fmt::format("layer `{}` ({})", first->name, first->class_name);
  return fmt::format("{} diverges first: {}", what, first->divergence);
}

Json to_json(const evaluation::Verification& proof) {
  const auto rows = [](const std::vector<evaluation::Comparison>& comparisons) {
    Json result = Json::array();
    for (const auto& c : comparisons) {
      result.push_back({{"name", c.name},
                        {"max_abs", c.max_abs},
                        {"max_rel", c.max_rel},
                        {"compared", c.n_compared},
                        {"elements", c.n_elements},
                        {"equal", c.equal}});
    }
    return result;
  };
  return {{"layers", rows(proof.layers)},
          {"outputs", rows(proof.outputs)},
          {"not_found", proof.not_found},
          {"equal", proof.equal}};
}

}  // namespace hoarfrost::cli
