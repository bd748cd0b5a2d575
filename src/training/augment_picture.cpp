#include "training/augment_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "base/random_stream.h"

namespace hoarfrost::training {
namespace {

// [[a b tx], [c d ty], [0 0 1]], of row and column.
struct Affine {
  std::array<double, 2> row{1, 0};
  std::array<double, 2> column{0, 1};
  std::array<double, 2> offset{0, 0};

  [[nodiscard]] Affine then(const Affine& next) const {  // the product of the matrices
    const auto times = [](const std::array<double, 2>& left, const Affine& right, int i) {
      return left[0] * right.row[static_cast<size_t>(i)] + left[1] * right.column[static_cast<size_t>(i)];
    };
    return {{times(row, next, 0), times(row, next, 1)},
            {times(column, next, 0), times(column, next, 1)},
            {row[0] * next.offset[0] + row[1] * next.offset[1] + offset[0],
             column[0] * next.offset[0] + column[1] * next.offset[1] + offset[1]}};
  }
};

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

// Keras 2.15's apply_affine_transform: where an output pixel comes from. nullopt: nothing moves.
std::optional<Affine> affine_of(const PictureChange& change, const PictureSize& size) {
  const bool moves = change.tx != 0 || change.ty != 0, zooms = change.zx != 1 || change.zy != 1;
  if (change.theta == 0 && change.shear == 0 && !moves && !zooms) return {};
  const double theta = radians(change.theta), shear = radians(change.shear);
  const Affine turned{{std::cos(theta), -std::sin(theta)}, {std::sin(theta), std::cos(theta)}, {}};
  const Affine moved{{1, 0}, {0, 1}, {change.tx, change.ty}};
  const Affine sheared{{1, -std::sin(shear)}, {0, std::cos(shear)}, {}};
  const Affine zoomed{{change.zx, 0}, {0, change.zy}, {}};
  // transform_matrix_offset_center: about the middle.
  const double middle_row = static_cast<double>(size.height) / 2 - 0.5;
  const double middle_column = static_cast<double>(size.width) / 2 - 0.5;
  const Affine to_middle{{1, 0}, {0, 1}, {middle_row, middle_column}};
  const Affine from_middle{{1, 0}, {0, 1}, {-middle_row, -middle_column}};
  const Affine m = to_middle.then(turned).then(moved).then(sheared).then(zoomed).then(from_middle);
  // Of x and y, made one of row and column after the middle was put in: pictures that are not square turn about another
  // point, as they do in Keras.
  return Affine{{m.column[1], m.column[0]}, {m.row[1], m.row[0]}, {m.offset[1], m.offset[0]}};
}

// The two pixels along an axis between which a place lies, and how much the second one counts.
struct Between {
  int64_t first;
  int64_t second;
  double part;
};

// scipy.ndimage's modes (SciPy 1.11, ni_interpolation.c: map_coordinate); its wrap has a period of n - 1. nullopt: the
// place is outside and the picture is not continued there.
std::optional<Between> place_of(double at, int64_t n, FillMode mode) {
  if (n == 1 && mode != FillMode::kConstant) return Between{0, 0, 0};
  const auto last = static_cast<double>(n - 1);
  if (!(at >= 0 && at <= last)) {
    const auto length = static_cast<double>(n);
    switch (mode) {
      case FillMode::kConstant:
        return {};
      case FillMode::kNearest:
        at = at < 0 ? 0 : last;
        break;
      case FillMode::kReflect:  // d c b a | a b c d | d c b a, between a and a, too
        at -= 2 * length * std::floor(at / (2 * length));
        if (at > length - 0.5) at = 2 * length - 1 - at;
        break;
      case FillMode::kWrap:
        at -= at < 0 ? -last * (std::trunc(-at / last) + 1) : last * std::trunc(at / last);
        break;
    }
  }
  const double floor = std::floor(at);
  const auto clamped = [&](double index) {
    return static_cast<int64_t>(std::clamp(index, 0.0, last));  // the border pixel again, for reflect
  };
  return Between{clamped(floor), clamped(floor + 1), at - floor};
}

// scipy.ndimage.affine_transform of order 1, in double precision.
void move_pixels(const Affine& affine, const Augmentation& how, const PictureSize& size, const float* from, float* to) {
  const int64_t n_channels = size.channels;
  for (int64_t row = 0; row < size.height; ++row) {
    for (int64_t column = 0; column < size.width; ++column, to += n_channels) {
      const auto r = static_cast<double>(row), c = static_cast<double>(column);
      const auto y = place_of(r * affine.row[0] + c * affine.row[1] + affine.offset[0], size.height, how.fill_mode);
      const auto x =
          y ? place_of(r * affine.column[0] + c * affine.column[1] + affine.offset[1], size.width, how.fill_mode)
            : std::nullopt;
      if (!x) {
        std::fill_n(to, n_channels, static_cast<float>(how.cval));
        continue;
      }
      const float* top = from + y->first * size.width * n_channels;
      const float* bottom = from + y->second * size.width * n_channels;
      const int64_t left = x->first * n_channels, right = x->second * n_channels;
      const double w00 = (1 - y->part) * (1 - x->part), w01 = (1 - y->part) * x->part;
      const double w10 = y->part * (1 - x->part), w11 = y->part * x->part;
      for (int64_t k = 0; k < n_channels; ++k)
        to[k] = static_cast<float>(top[left + k] * w00 + top[right + k] * w01 + bottom[left + k] * w10 +
                                   bottom[right + k] * w11);
    }
  }
}

void flip(const PictureSize& size, bool horizontally, bool vertically, float* pixels) {
  const int64_t n_row = size.width * size.channels;
  if (horizontally) {
    for (int64_t row = 0; row < size.height; ++row) {
      float* const first = pixels + row * n_row;
      for (int64_t x = 0; x < size.width / 2; ++x)
        std::swap_ranges(first + x * size.channels, first + (x + 1) * size.channels,
                         first + (size.width - 1 - x) * size.channels);
    }
  }
  if (!vertically) return;
  for (int64_t row = 0; row < size.height / 2; ++row)
    std::swap_ranges(pixels + row * n_row, pixels + (row + 1) * n_row, pixels + (size.height - 1 - row) * n_row);
}

// apply_channel_shift: within the picture's own extremes.
void shift_channels(double intensity, int64_t n, float* pixels) {
  const auto [low, high] = std::minmax_element(pixels, pixels + n);
  const float least = *low, most = *high;
  const auto added = static_cast<float>(intensity);
  for (int64_t i = 0; i < n; ++i) pixels[i] = std::clamp(pixels[i] + added, least, most);
}

// apply_brightness_shift(scale=False), with PIL's ImageEnhance.Brightness: bytes, times the factor, cut off to bytes.
// Values outside 0 … 255 are spread over the bytes first and back after.
void brighten(double brightness, int64_t n, float* pixels) {
  const auto [low, high] = std::minmax_element(pixels, pixels + n);
  const float least = *low, most = *high;
  const bool is_spread = least < 0 || most > 255;
  const auto factor = static_cast<float>(brightness);
  for (int64_t i = 0; i < n; ++i) {
    float value = pixels[i];
    if (is_spread) value = most > least ? (value - least) / (most - least) * 255 : 0;
    value = std::trunc(std::clamp(std::trunc(value) * factor, 0.0F, 255.0F));
    pixels[i] = is_spread ? value / 255 * (most - least) + least : value;
  }
}

}  // namespace

PictureChange draw_change(const Augmentation& how, const PictureSize& size, uint64_t seed, int64_t row) {
  RandomStream random(seed, static_cast<uint64_t>(row));
  const auto of_range = [&](double range) { return range == 0 ? 0.0 : random.uniform(-range, range); };
  PictureChange change;
  change.theta = of_range(how.rotation_range);
  // Keras 2.15 draws tx from height_shift_range, and then moves along the width by tx. Here ranges do what they are
  // named for.
  change.tx = of_range(how.width_shift_range) * (how.width_shift_range < 1 ? static_cast<double>(size.width) : 1.0);
  change.ty = of_range(how.height_shift_range) * (how.height_shift_range < 1 ? static_cast<double>(size.height) : 1.0);
  change.shear = of_range(how.shear_range);
  if (how.zoom_low != 1 || how.zoom_high != 1) {
    change.zx = random.uniform(how.zoom_low, how.zoom_high);
    change.zy = random.uniform(how.zoom_low, how.zoom_high);
  }
  change.flips_horizontally = how.horizontal_flip && random.uniform() < 0.5;
  change.flips_vertically = how.vertical_flip && random.uniform() < 0.5;
  change.channel_shift = of_range(how.channel_shift_range);
  change.has_brightness = how.brightness_low != 1 || how.brightness_high != 1;
  if (change.has_brightness) change.brightness = random.uniform(how.brightness_low, how.brightness_high);
  return change;
}

void change_picture(const Augmentation& how, const PictureChange& change, const PictureSize& size, float* pixels,
                    std::vector<float>& spare) {
  const int64_t n = size.n_values();
  if (const auto affine = affine_of(change, size)) {
    spare.assign(pixels, pixels + n);
    move_pixels(*affine, how, size, spare.data(), pixels);
  }
  if (change.channel_shift != 0) shift_channels(change.channel_shift, n, pixels);
  flip(size, change.flips_horizontally, change.flips_vertically, pixels);
  if (change.has_brightness) brighten(change.brightness, n, pixels);
}

}  // namespace hoarfrost::training
