// What the other Keras would not answer alike, however it is said: where Keras 2 and Keras 3 pass masks on differently,
// and classes of packages that are for one of them.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include <algorithm>
#include <set>

#include "keras/architecture.h"
#include "keras/dialect.h"

namespace hoarfrost::keras {
namespace {

// Keras 2 passes on what masks there are, Keras 3 none where one is missing. (Dot passes none on in either.)
const std::set<std::string_view> kMerging{"Add",     "Subtract", "Multiply",   "Average",
                                          "Maximum", "Minimum",  "Concatenate"};
// Keras 3 passes the mask on, Keras 2 does not.
const std::set<std::string_view> kPassing{"Identity", "Rescaling", "Normalization"};

}  // namespace

void expect_same_masks(Dialect dialect, const Model& model) {
  std::vector<LoweredCall> calls;
  try {
    calls = lower(model).calls;
  } catch (const Error&) {
    return;  // what is no graph may still be saved
  }
  for (const LoweredCall& call : calls) {
    const auto is_masked = [](const std::string& mask) { return !mask.empty(); };
    if (std::ranges::none_of(call.masks, is_masked)) continue;
    const std::string place = fmt::format("layer `{}` ({})", call.layer_name, call.class_name);
    if (kPassing.contains(call.class_name)) cannot_say(dialect, place, "it passes its mask on in Keras 3 alone");
    if (kMerging.contains(call.class_name) && !std::ranges::all_of(call.masks, is_masked))
      cannot_say(dialect, place, "one of its inputs alone is masked, which Keras 2 passes on and Keras 3 does not");
  }
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
