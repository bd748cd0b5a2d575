// Where Keras 2 and Keras 3 pass masks on differently, so that a model said in the other's words would answer
// otherwise.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include <algorithm>
#include <set>

#include "keras/dialect.h"

namespace hoarfrost::keras {
namespace {

// Keras 2 passes on what masks there are, Keras 3 none where one is missing.
const std::set<std::string_view> kMerging{"Add",     "Subtract", "Multiply",    "Average",
                                          "Maximum", "Minimum",  "Concatenate", "Dot"};
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

}  // namespace hoarfrost::keras
