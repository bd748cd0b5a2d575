#include "base/fingerprint.h"

#include <bit>
#include <cstring>
#include <utility>

namespace hoarfrost {
namespace {

constexpr uint64_t k0 = 0xc3a5c85c97cb3127U, k1 = 0xb492b66fbe98f273U, k2 = 0x9ae16a3b2f90404fU;

template <typename T>
uint64_t little_endian(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
uint64_t word(const char* at) { return little_endian<uint64_t>(at); }
uint64_t half_word(const char* at) { return little_endian<uint32_t>(at); }

uint64_t shifted(uint64_t x) { return x ^ (x >> 47U); }

// FarmHash's HashLen16.
uint64_t mixed(uint64_t u, uint64_t v, uint64_t factor) {
  const uint64_t a = shifted((u ^ v) * factor);
  return shifted((v ^ a) * factor) * factor;
}

uint64_t farm_to_16(const char* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  if (n >= 8) {
    const uint64_t a = word(s) + k2, b = word(s + n - 8);
    return mixed(std::rotr(b, 37) * factor + a, (std::rotr(a, 25) + b) * factor, factor);
  }
  if (n >= 4) return mixed(n + (half_word(s) << 3U), half_word(s + n - 4), factor);
  if (n == 0) return k2;
  const auto byte = [s](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(s[i])); };
  const uint32_t y = byte(0) + (byte(n / 2) << 8U);
  const uint32_t z = static_cast<uint32_t>(n) + (byte(n - 1) << 2U);
  return shifted(y * k2 ^ z * k0) * k2;
}

uint64_t farm_to_32(const char* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  const uint64_t a = word(s) * k1, b = word(s + 8), c = word(s + n - 8) * factor, d = word(s + n - 16) * k2;
  return mixed(std::rotr(a + b, 43) + std::rotr(c, 30) + d, a + std::rotr(b + k2, 18) + c, factor);
}

uint64_t farm_to_64(const char* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  const uint64_t a = word(s) * k2, b = word(s + 8), c = word(s + n - 8) * factor, d = word(s + n - 16) * k2;
  const uint64_t y = std::rotr(a + b, 43) + std::rotr(c, 30) + d;
  const uint64_t z = mixed(y, a + std::rotr(b + k2, 18) + c, factor);
  const uint64_t e = word(s + 16) * factor, f = word(s + 24);
  const uint64_t g = (y + word(s + n - 32)) * factor, h = (z + word(s + n - 24)) * factor;
  return mixed(std::rotr(e + f, 43) + std::rotr(g, 30) + h, e + std::rotr(f + a, 18) + g, factor);
}

using Pair = std::pair<uint64_t, uint64_t>;

// FarmHash's WeakHashLen32WithSeeds.
Pair weak_of_32(const char* s, uint64_t a, uint64_t b) {
  a += word(s);
  b = std::rotr(b + a + word(s + 24), 21);
  const uint64_t c = a;
  a += word(s + 8) + word(s + 16);
  b += std::rotr(a, 44);
  return {a + word(s + 24), b + c};
}

struct FarmState {
  uint64_t x = 81, y = 81 * k1 + 113, z = 0;
  Pair v, w;

  // 64 bytes; weight: how much w's second and v's first count, 9 in the last round.
  void take(const char* s, uint64_t factor, uint64_t weight) {
    x = std::rotr(x + y + v.first + word(s + 8), 37) * factor;
    y = std::rotr(y + v.second + word(s + 48), 42) * factor;
    x ^= w.second * weight;
    y += v.first * weight + word(s + 40);
    z = std::rotr(z + w.first, 33) * factor;
    v = weak_of_32(s, v.second * factor, x + w.first);
    w = weak_of_32(s + 32, z + w.second, y + word(s + 16));
    std::swap(z, x);
  }
};

void sip_round(std::array<uint64_t, 4>& v) {
  v[0] += v[1];
  v[2] += v[3];
  v[1] = std::rotl(v[1], 13) ^ v[0];
  v[3] = std::rotl(v[3], 16) ^ v[2];
  v[0] = std::rotl(v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = std::rotl(v[1], 17) ^ v[2];
  v[3] = std::rotl(v[3], 21) ^ v[0];
  v[2] = std::rotl(v[2], 32);
}

}  // namespace

uint64_t fingerprint64(std::string_view text) {
  const char* s = text.data();
  const size_t n = text.size();
  if (n <= 16) return farm_to_16(s, n);
  if (n <= 32) return farm_to_32(s, n);
  if (n <= 64) return farm_to_64(s, n);
  FarmState state;
  state.z = shifted(state.y * k2 + 113) * k2;
  state.x = state.x * k2 + word(s);
  const char* const end = s + (n - 1) / 64 * 64;
  for (; s != end; s += 64) state.take(s, k1, 1);
  const uint64_t factor = k1 + ((state.z & 0xffU) << 1U);
  const uint64_t rest = (n - 1) & 63U;
  state.w.first += rest;
  state.v.first += state.w.first;
  state.w.first += state.v.first;
  state.take(end + rest - 63, factor, 9);
  return mixed(mixed(state.v.first, state.w.first, factor) + shifted(state.y) * k0 + state.z,
               mixed(state.v.second, state.w.second, factor) + state.x, factor);
}

uint64_t sip_hash64(const SipKey& key, std::string_view text) {
  std::array<uint64_t, 4> v{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U,
                            key[1] ^ 0x7465646279746573U};
  const auto take = [&v](uint64_t m) {
    v[3] ^= m;
    sip_round(v);
    sip_round(v);
    v[0] ^= m;
  };
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) take(word(text.data() + at));
  uint64_t last = static_cast<uint64_t>(text.size()) << 56U;
  for (size_t i = 0; at + i < text.size(); ++i)
    last |= static_cast<uint64_t>(static_cast<unsigned char>(text[at + i])) << (8 * i);
  take(last);
  v[2] ^= 0xffU;
  for (int i = 0; i < 4; ++i) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t concatenated_fingerprints(uint64_t first, uint64_t second) {
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995U;
  uint64_t result = first ^ kFactor;
  result ^= shifted(second * kFactor) * kFactor;
  result *= kFactor;
  return shifted(shifted(result) * kFactor);
}

}  // namespace hoarfrost
