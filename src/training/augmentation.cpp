
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/examples.h>

#include <algorithm>
#include <array>

namespace hoarfrost::training {
namespace {

constexpr std::array<std::string_view, 4> kFillModes{"nearest", "constant", "reflect", "wrap"};

}  // namespace

std::string_view fill_mode_name(FillMode mode) { return kFillModes[static_cast<size_t>(mode)]; }

FillMode fill_mode_from_name(std::string_view name) {
  const auto found = std::ranges::find(kFillModes, name);
  if (found == kFillModes.end()) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected one of {}, found `{}`", fmt::join(kFillModes, ", "), name));
  }
  return static_cast<FillMode>(found - kFillModes.begin());
}

bool Augmentation::is_none() const {
  Augmentation none;
  none.fill_mode = fill_mode, none.cval = cval;  // how, not what
  return *this == none;
}

std::string Augmentation::to_string() const {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view name, double value) {
    if (value != 0) parts.push_back(fmt::format("{} {:g}", name, value));
  };
  const auto add_range = [&](std::string_view name, double low, double high) {
    if (low != 1 || high != 1) parts.push_back(fmt::format("{} {:g} to {:g}", name, low, high));
  };
  add("rotation_range", rotation_range);
  add("width_shift_range", width_shift_range);
  add("height_shift_range", height_shift_range);
  add("shear_range", shear_range);
  add_range("zoom_range", zoom_low, zoom_high);
  add_range("brightness_range", brightness_low, brightness_high);
  add("channel_shift_range", channel_shift_range);
  if (horizontal_flip) parts.emplace_back("horizontal_flip");
  if (vertical_flip) parts.emplace_back("vertical_flip");
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace hoarfrost::training
