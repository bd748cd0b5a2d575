// usage: replay FILE…
// Gives a fuzz target each file whole, cut short and with bits flipped, so that ordinary builds hold it to its
// contract: no crash, no hang, no exception but Error. libFuzzer goes on from there.
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n_bytes);

namespace {

constexpr size_t kCuts = 16;
constexpr size_t kFlips = 16;

using Bytes = std::vector<uint8_t>;

bool is_survived(const Bytes& bytes) { return LLVMFuzzerTestOneInput(bytes.data(), bytes.size()) == 0; }

int replay(const Bytes& whole, std::mt19937& random) {
  int n_failed = is_survived(whole) ? 0 : 1;
  for (size_t i = 0; i < kCuts; ++i) {
    const auto end = whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * i / kCuts);
    if (!is_survived(Bytes(whole.begin(), end))) ++n_failed;
  }
  for (size_t i = 0; i < kFlips && !whole.empty(); ++i) {
    Bytes flipped = whole;
    // Half of them near the beginning, where headers are.
    const size_t n = i % 2 == 0 ? std::min<size_t>(whole.size(), 512) : whole.size();
    flipped[random() % n] ^= static_cast<uint8_t>(1U << random() % 8U);
    if (!is_survived(flipped)) ++n_failed;
  }
  return n_failed;
}

}  // namespace

int main(int argc, char** argv) try {
  std::mt19937 random(1);
  int n_failed = 0;
  for (int i = 1; i < argc; ++i) {
    const auto file = hoarfrost::File::open(argv[i]);
    const auto text = file->text();
    std::cout << argv[i] << std::endl;  // a crash names its file
    n_failed += replay(Bytes(text.begin(), text.end()), random);
  }
  return argc < 2 || n_failed > 0 ? 1 : 0;
} catch (const hoarfrost::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
