// What the other Keras would not answer alike, however it is said: where Keras 2 and Keras 3 pass masks on differently,
// and classes of packages that are for one of them.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include <algorithm>
#include <set>

#include "keras/architecture.h"
#include "keras/dialect.h"
#include "keras/mask_versions.h"
#include "keras/model.h"

namespace hoarfrost::keras {
namespace {

// Keras 3.4 and later pass a mask on where all inputs have one, where any of them counts; others what masks there are,
// where all of them count; 3.0 to 3.3 none. (Dot passes none on in any.)
const std::set<std::string_view> kMerging{"Add", "Subtract", "Average", "Concatenate"};
// In Keras 3.4 and later their values hang on the masks too.
const std::set<std::string_view> kMergingByMasks{"Multiply", "Maximum", "Minimum"};
// Keras 3 passes the mask on, Keras 2 does not.
const std::set<std::string_view> kPassing{"Identity", "Rescaling", "Normalization"};

class MaskComparison {
 public:
  MaskComparison(Dialect dialect, const Model& model)
      : dialect_(dialect), model_(model), is_early_(loses_masks_of_lists(model.version)), calls_(calls_of(model)) {}

  void expect_same() const {
    for (const LoweredCall& call : calls_) {
      if (std::ranges::none_of(call.masks, is_masked)) continue;
      const std::string place = fmt::format("layer `{}` ({})", call.layer_name, call.class_name);
      if (is_between(3, 0) && kPassing.contains(call.class_name))
        cannot_say(dialect_, place, "it passes its mask on in Keras 3 alone");
      if (is_between(3, 4) || is_early_) expect_same_merging(call, place);
      if (is_between(3, 8) && call.class_name == "MultiHeadAttention") expect_no_others(call, place);
    }
  }

 private:
  static bool is_masked(const std::string& mask) { return !mask.empty(); }

  static std::vector<LoweredCall> calls_of(const Model& model) {
    try {
      return lower(model).calls;
    } catch (const Error&) {
      return {};  // what is no graph may still be saved
    }
  }

  // Whether that Keras lies between the one that wrote the model and the one that it is saved for.
  [[nodiscard]] bool is_between(int major, int minor) const {
    return (model_.version >= Version{.major = major, .minor = minor}) != (dialect_ == Dialect::kKeras3);
  }

  void expect_same_merging(const LoweredCall& call, const std::string& place) const {
    const bool is_merging = kMergingByMasks.contains(call.class_name) || kMerging.contains(call.class_name);
    if (is_early_ && is_merging) cannot_say(dialect_, place, "it passes no mask on in Keras 3.0 to 3.3");
    if (kMergingByMasks.contains(call.class_name))
      cannot_say(dialect_, place, "what it gives for masked steps hangs on the masks in Keras 3 alone");
    if (!kMerging.contains(call.class_name)) return;
    if (!std::ranges::all_of(call.masks, is_masked))
      cannot_say(dialect_, place, "one of its inputs alone is masked, which Keras 2 passes on and Keras 3 does not");
    const bool is_one = std::ranges::all_of(call.masks, [&](const std::string& mask) { return mask == call.masks[0]; });
    if (!is_one && !joins_steps(call))
      cannot_say(
          dialect_, place,
          "its inputs' masks differ: in Keras 2 a step counts where all of them say so, in Keras 3 where one does");
  }

  // Of a Concatenate along time, which joins the masks as well.
  [[nodiscard]] bool joins_steps(const LoweredCall& call) const {
    const auto layer = std::ranges::find(model_.layers, call.layer_name, &ModelLayer::name);
    if (call.class_name != "Concatenate" || layer == model_.layers.end() || layer->config == nullptr) return false;
    return layer->config->is_object() && layer->config->value("axis", Json(-1)) == 1;
  }

  void expect_no_others(const LoweredCall& call, const std::string& place) const {
    for (const LoweredCall& other : calls_) {
      if (&other == &call || other.outputs == other.inputs) continue;
      for (const std::string& input : call.inputs) {
        if (std::ranges::find(other.inputs, input) == other.inputs.end()) continue;
        cannot_say(dialect_, place,
                   fmt::format("layer `{}` takes the same input, whose mask it finds in Keras 2, and not behind this "
                               "layer in Keras 3",
                               other.layer_name));
      }
    }
  }

  Dialect dialect_;
  const Model& model_;
  bool is_early_;  // of Keras 3.0 to 3.3
  std::vector<LoweredCall> calls_;
};

}  // namespace

void expect_same_masks(Dialect dialect, const Model& model) {
  const bool is_to_keras3 = dialect == Dialect::kKeras3;
  if (is_to_keras3 == (model.version >= Version{.major = 3, .minor = 8})) return;
  MaskComparison(dialect, model).expect_same();
}

void expect_known_package(Dialect dialect, std::string_view registered, const std::string& place) {
  const bool is_addons =
      registered.starts_with("Addons>") && find_layer(registered) != find_layer(plain_class_name(registered));
  if (is_addons && dialect == Dialect::kKeras3)
    cannot_say(dialect, place, fmt::format("`{}` is of TensorFlow Addons, which is for Keras 2 alone", registered));
  if (registered.starts_with("keras_hub>") && dialect != Dialect::kKeras3)
    cannot_say(dialect, place, fmt::format("`{}` is of KerasHub, which is for Keras 3 alone", registered));
}

}  // namespace hoarfrost::keras
