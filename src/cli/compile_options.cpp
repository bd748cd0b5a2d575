#include "cli/compile_options.h"

#include "cli/numbers.h"

namespace hoarfrost::cli {
namespace {

using training::Json;

void set_optimizer(const CompileOptions& options, training::Compilation& compilation) {
  if (!options.optimizer.empty()) compilation.refused_optimizer.clear();
  if (!compilation.refused_optimizer.empty()) return;
  if (!options.optimizer.empty())
    compilation.optimizer = Json{{"class_name", options.optimizer}, {"config", Json::object()}};
  if (compilation.optimizer.is_null()) compilation.optimizer = Json{{"class_name", "adam"}, {"config", Json::object()}};
  if (compilation.optimizer.is_string())
    compilation.optimizer = Json{{"class_name", compilation.optimizer}, {"config", Json::object()}};
  Json& config = compilation.optimizer["config"];
  if (options.learning_rate > 0) {
    config.erase("lr");
    config["learning_rate"] =
        options.decay > 0 ? training::decayed(options.learning_rate, options.decay) : Json(options.learning_rate);
  } else if (options.decay > 0) {
    config["decay"] = options.decay;
  }
  if (options.momentum > 0) config["momentum"] = options.momentum;
  if (options.nesterov) config["nesterov"] = true;
  if (options.clipnorm > 0) config["clipnorm"] = options.clipnorm;
  if (options.clipvalue > 0) config["clipvalue"] = options.clipvalue;
}

Json loss_json(const CompileOptions& options, const std::string& name) {
  Json config = Json::object();
  if (options.from_logits) config["from_logits"] = true;
  if (options.label_smoothing > 0) config["label_smoothing"] = options.label_smoothing;
  return config.empty() ? Json(name) : Json{{"class_name", training::Loss(name).class_name()}, {"config", config}};
}

}  // namespace

void apply(const CompileOptions& options, training::Compilation& compilation) {
  set_optimizer(options, compilation);
  if (!options.losses.empty()) {
    compilation.losses.clear();
    compilation.refused_loss.clear();
    for (const std::string& name : options.losses) compilation.losses.push_back(loss_json(options, name));
  }
  if (!options.loss_weights.empty()) compilation.loss_weights = options.loss_weights;
  if (!options.metrics.empty()) compilation.metrics = {options.metrics};
  const bool classifies = !compilation.losses.empty() &&
                          training::Loss(compilation.losses[0]).name().find("crossentropy") != std::string::npos;
  if (compilation.metrics.empty() && classifies) compilation.metrics = {{"accuracy"}};
}

void add_compile_options(CLI::App& app, CompileOptions& options) {
  constexpr const char* kGroup = "Compile (a complete .h5 or .keras brings its own; these change it)";
  app.add_option(
         "--optimizer", options.optimizer,
         "sgd, rmsprop, adagrad, adadelta, adam (default), adamw, adamax, nadam, ftrl; begins with an empty memory")
      ->group(kGroup);
  app.add_option("--learning-rate,--learning_rate,--lr", options.learning_rate,
                 "The optimizer's learning rate (default: Keras')")
      ->check(kPositive)
      ->group(kGroup);
  app.add_option("--decay", options.decay, "As Keras before 2.11 had it: rate / (1 + decay * iterations)")
      ->check(kNotNegative)
      ->group(kGroup);
  app.add_option("--momentum", options.momentum, "Of sgd and rmsprop")->check(kNotNegative)->group(kGroup);
  app.add_flag("--nesterov", options.nesterov, "Nesterov's momentum, of sgd")->group(kGroup);
  app.add_option("--clipnorm", options.clipnorm, "Scale each gradient down to this norm")
      ->check(kNotNegative)
      ->group(kGroup);
  app.add_option("--clipvalue", options.clipvalue, "Clip gradients' values at this")
      ->check(kNotNegative)
      ->group(kGroup);
  app.add_option("--loss", options.losses,
                 "Keras' name, such as categorical_crossentropy, mse, huber; one per output or one for all")
      ->delimiter(',')
      ->group(kGroup);
  app.add_option("--loss-weights,--loss_weights", options.loss_weights, "What each output's loss counts")
      ->delimiter(',')
      ->group(kGroup);
  app.add_flag("--from-logits,--from_logits", options.from_logits,
               "The outputs given to --loss are no probabilities yet")
      ->group(kGroup);
  app.add_option("--label-smoothing,--label_smoothing", options.label_smoothing, "Of the cross-entropies")
      ->check(kNotNegative)
      ->group(kGroup);
  app.add_option("--metrics", options.metrics,
                 "accuracy (default for cross-entropies), top_5_categorical_accuracy, auc, precision, recall, mae, mse")
      ->delimiter(',')
      ->group(kGroup);
}

}  // namespace hoarfrost::cli
