#include "data/array_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>

namespace hoarfrost::data {
namespace {

using Names = std::array<ArrayNames, 3>;
constexpr Names kTest{{{"x_test", "y_test"}, {"X_test", "y_test"}, {"test_images", "test_labels"}}};
constexpr Names kTrain{{{"x_train", "y_train"}, {"X_train", "y_train"}, {"train_images", "train_labels"}}};
constexpr std::array<ArrayNames, 10> kWhole{{{"x", "y"},
                                             {"X", "Y"},
                                             {"X", "y"},
                                             {"images", "labels"},
                                             {"data", "labels"},
                                             {"data", "label"},
                                             {"image", "label"},
                                             {"features", "labels"},
                                             {"inputs", "targets"},
                                             {"test_set_x", "test_set_y"}}};

}  // namespace

ArrayNames find_array_names(const std::function<bool(std::string_view)>& has, const std::vector<std::string>& all,
                            const OpenOptions& options, const std::string& where) {
  const bool needs_labels = options.labels.empty();
  const bool is_test = options.split == Split::kTest;
  std::vector<ArrayNames> candidates;
  for (const ArrayNames& names : is_test ? kTest : kTrain) candidates.push_back(names);
  for (const ArrayNames& names : kWhole) candidates.push_back(names);
  for (const ArrayNames& names : is_test ? kTrain : kTest) candidates.push_back(names);
  for (const ArrayNames& names : candidates) {
    if (has(names.examples) && (!needs_labels || has(names.labels)))
      return {names.examples, needs_labels ? names.labels : ""};
  }
  const bool lacks_labels =
      std::ranges::any_of(candidates, [&](const ArrayNames& names) { return has(names.examples); });
  throw Error(ErrorCode::kInvalidArgument, where,
              fmt::format("expected arrays x and y, or images and labels, or x_test and y_test; found {}{}",
                          all.empty() ? "none" : fmt::format("{}", fmt::join(all, ", ")),
                          lacks_labels ? "; --labels FILE names a .npy with the labels" : ""));
}

}  // namespace hoarfrost::data
