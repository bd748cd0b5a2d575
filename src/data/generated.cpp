#include "data/generated.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/random_stream.h"

namespace hoarfrost::data {
namespace {

constexpr int64_t kMostExamples = 1'000'000;
constexpr uint64_t kFirstTest = uint64_t{1} << 40U;  // examples of the two splits have streams of their own

constexpr std::array<std::string_view, 10> kPatterns{"rows",       "columns",       "rising", "falling", "checks",
                                                     "broad_rows", "broad_columns", "dots",   "grid",    "speckles"};

void expect_count(int64_t n, int64_t least, std::string_view what) {
  if (n >= least && n <= kMostExamples) return;
  throw Error(ErrorCode::kInvalidArgument, "",
              fmt::format("expected {} to {} {}, found {}", least, kMostExamples, what, n));
}

uint8_t byte_of(int64_t value) { return static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255)); }

// Where a pattern lies, and the speckles' bits.
struct Place {
  int64_t dx, dy;
  std::array<uint64_t, 16> bits;  // of 16×16 blocks
};

bool is_figure(int64_t pattern, int64_t x, int64_t y, const Place& place) {
  const int64_t px = x + place.dx, py = y + place.dy;
  switch (pattern) {
    case 0:
      return py % 6 < 3;
    case 1:
      return px % 6 < 3;
    case 2:
      return (px + y) % 8 < 4;
    case 3:
      return (px - y + 64) % 8 < 4;
    case 4:
      return (px / 3 + py / 3) % 2 == 0;
    case 5:
      return py % 14 < 7;
    case 6:
      return px % 14 < 7;
    case 7: {
      const int64_t from_x = px % 7 - 3, from_y = py % 7 - 3;
      return from_x * from_x + from_y * from_y <= 4;
    }
    case 8:
      return px % 7 < 2 || py % 7 < 2;
    default:
      return (place.bits[static_cast<size_t>(y / 2)] >> static_cast<uint64_t>(x / 2) & 1U) != 0;
  }
}

// A label, and a red, a green and a blue plane.
void add_picture(RandomStream random, std::string& rows) {
  constexpr int64_t kSide = 32, kLeastContrast = 60, kNoise = 16;
  const int64_t pattern = random.below(10);
  Place place{random.below(42), random.below(42), {}};
  for (uint64_t& bits : place.bits) bits = random.bits();
  std::array<int64_t, 3> ground{}, figure{};
  const int64_t sign = random.below(2) == 0 ? 1 : -1;  // either may be the lighter one
  for (size_t c = 0; c < 3; ++c) {
    const int64_t middle = 70 + random.below(116), contrast = kLeastContrast + random.below(60);
    ground[c] = middle - sign * contrast / 2;
    figure[c] = middle + sign * contrast / 2;
  }
  rows += static_cast<char>(pattern);
  for (size_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < kSide; ++y) {
      for (int64_t x = 0; x < kSide; ++x) {
        const int64_t colour = is_figure(pattern, x, y, place) ? figure[c] : ground[c];
        rows += static_cast<char>(byte_of(colour + random.below(2 * kNoise + 1) - kNoise));
      }
    }
  }
}

void write_pictures(const std::filesystem::path& path, uint64_t seed, uint64_t first, int64_t n) {
  OutputFile file(path);
  std::string rows;
  for (int64_t i = 0; i < n; ++i) {
    rows.clear();
    add_picture(RandomStream(seed, first + static_cast<uint64_t>(i)), rows);
    file.write(rows);
  }
  file.commit();
}

// Whether (x, y) lies within `radius` of the line from a to b, in 16ths of a pixel.
struct Point {
  int64_t x, y;
};
bool is_near(Point p, Point a, Point b, int64_t radius) {
  const int64_t dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  const int64_t along = std::clamp<int64_t>((p.x - a.x) * dx + (p.y - a.y) * dy, 0, length2);
  // The foot of the perpendicular, scaled by length2.
  const int64_t fx = (p.x - a.x) * length2 - along * dx, fy = (p.y - a.y) * length2 - along * dy;
  return fx * fx + fy * fy <= radius * radius * length2 * length2;
}

// The fingers of label l, as bits from the thumb on: those of 24 numbers that do not begin alike.
constexpr std::array<uint8_t, 25> kFingers{
    0b00000, 0b11110, 0b00001, 0b00010, 0b11111, 0b00011, 0b11100, 0b00110, 0b01100, 0,       0b10000, 0b10011, 0b00111,
    0b01110, 0b11000, 0b10010, 0b00100, 0b00101, 0b01000, 0b10001, 0b01001, 0b01010, 0b10100, 0b11001, 0b10101};

// From the palm's middle outwards, in pixels: thumb, and the four fingers.
constexpr std::array<Point, 5> kDirections{{{-11, 0}, {-7, -11}, {-2, -14}, {3, -13}, {8, -10}}};

// A row of the CSV.
void add_hand(RandomStream random, std::string& text) {
  constexpr int64_t kSide = 28, kUnit = 16;
  int64_t label = random.below(24);
  if (label >= 9) ++label;
  const Point palm{(13 * kUnit) + random.below(3 * kUnit), (18 * kUnit) + random.below(3 * kUnit)};
  const int64_t stretch = 14 + random.below(4);  // 16ths
  const int64_t hand = 150 + random.below(80), ground = 30 + random.below(70), slope = random.below(5) - 2;
  text += std::to_string(label);
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      const Point at{x * kUnit, y * kUnit};
      bool is_hand = is_near(at, {palm.x - kUnit, palm.y}, {palm.x + kUnit, palm.y}, 5 * kUnit);
      for (size_t finger = 0; finger < 5 && !is_hand; ++finger) {
        if ((kFingers[static_cast<size_t>(label)] >> (4 - finger) & 1U) == 0) continue;
        const Point tip{palm.x + kDirections[finger].x * stretch, palm.y + kDirections[finger].y * stretch};
        is_hand = is_near(at, palm, tip, kUnit + kUnit / 4);
      }
      const int64_t light = (is_hand ? hand : ground) + slope * (x - kSide / 2) + random.below(21) - 10;
      fmt::format_to(std::back_inserter(text), ",{}", byte_of(light));
    }
  }
  text += '\n';
}

void write_hands(const std::filesystem::path& path, uint64_t seed, uint64_t first, int64_t n) {
  OutputFile file(path);
  std::string text = "label";
  for (int pixel = 1; pixel <= 784; ++pixel) text += fmt::format(",pixel{}", pixel);
  text += '\n';
  for (int64_t i = 0; i < n; ++i) {
    add_hand(RandomStream(seed, first + static_cast<uint64_t>(i)), text);
    file.write(text);
    text.clear();
  }
  file.commit();
}

}  // namespace

void write_generated_cifar10(const std::filesystem::path& folder, int64_t n_train, int64_t n_test, uint64_t seed) {
  constexpr int64_t kBatches = 5;
  expect_count(n_train, kBatches, "examples to train on");
  expect_count(n_test, 1, "examples to test on");
  for (int64_t batch = 0; batch < kBatches; ++batch) {
    const int64_t first = n_train * batch / kBatches, end = n_train * (batch + 1) / kBatches;
    write_pictures(folder / fmt::format("data_batch_{}.bin", batch + 1), seed, static_cast<uint64_t>(first),
                   end - first);
  }
  write_pictures(folder / "test_batch.bin", seed, kFirstTest, n_test);
  std::string names;
  for (const std::string_view name : kPatterns) names += fmt::format("{}\n", name);
  write_file(folder / "batches.meta.txt", names);
}

void write_generated_sign_language(const std::filesystem::path& folder, int64_t n_train, int64_t n_test,
                                   uint64_t seed) {
  expect_count(n_train, 1, "examples to train on");
  expect_count(n_test, 1, "examples to test on");
  write_hands(folder / "sign_mnist_train.csv", seed, 0, n_train);
  write_hands(folder / "sign_mnist_test.csv", seed, kFirstTest, n_test);
}

}  // namespace hoarfrost::data
