// StatelessRandomUniform and StatelessRandomNormal: the very numbers of the ops' references (ops/random.cpp says whose
// they are), sixteen counters at a time.
#include <array>
#include <cmath>
#include <numbers>

#include "runtime/kernel.h"
#include "runtime/kernels/avx512.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

constexpr int64_t kLanes = 16;    // blocks made together
constexpr int64_t kPerBlock = 4;  // numbers of a block

struct Stream {
  uint32_t key[2];
  uint32_t high[2];  // the counter's upper half; the lower is the block's place
};

// Philox-4x32-10 for the blocks from `first` on: word w of block `first + i` comes to words[w * kLanes + i].
HOARFROST_LOOP(philox_blocks, (const Stream& stream, uint64_t first, uint32_t* words), (stream, first, words)) {
  constexpr uint64_t kMultiplierA = 0xD2511F53, kMultiplierB = 0xCD9E8D57;
  uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) {
    const uint64_t place = first + static_cast<uint64_t>(i);
    c0[i] = static_cast<uint32_t>(place);
    c1[i] = static_cast<uint32_t>(place >> 32);
    c2[i] = stream.high[0];
    c3[i] = stream.high[1];
  }
  uint32_t key0 = stream.key[0], key1 = stream.key[1];
  for (int round = 0; round < 10; ++round) {
    for (int64_t i = 0; i < kLanes; ++i) {
      const uint64_t a = kMultiplierA * c0[i], b = kMultiplierB * c2[i];
      c0[i] = static_cast<uint32_t>(b >> 32) ^ c1[i] ^ key0;
      c1[i] = static_cast<uint32_t>(b);
      c2[i] = static_cast<uint32_t>(a >> 32) ^ c3[i] ^ key1;
      c3[i] = static_cast<uint32_t>(a);
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  for (int64_t i = 0; i < kLanes; ++i) {
    words[i] = c0[i];
    words[kLanes + i] = c1[i];
    words[2 * kLanes + i] = c2[i];
    words[3 * kLanes + i] = c3[i];
  }
}

#if defined(__x86_64__)
// The high and the low halves of sixteen products.
HOARFROST_AVX512_INLINE void multiply(__m512i x, __m512i by, __m512i& high, __m512i& low) {
  const __m512i even = _mm512_mul_epu32(x, by), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), by);
  high = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xAAAA, odd);
  low = _mm512_mask_mov_epi32(even, 0xAAAA, _mm512_slli_epi64(odd, 32));
}

// philox_blocks with the counters in registers, where the compiler leaves them in memory; `first` and the fifteen
// blocks behind it have the same upper half.
HOARFROST_AVX512 void philox_avx512(const Stream& stream, uint64_t first, uint32_t* words) {
  const __m512i by_a = _mm512_set1_epi32(static_cast<int>(0xD2511F53U)),
                by_b = _mm512_set1_epi32(static_cast<int>(0xCD9E8D57U));
  const __m512i places = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  __m512i c0 = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)), places);
  __m512i c1 = _mm512_set1_epi32(static_cast<int>(first >> 32));
  __m512i c2 = _mm512_set1_epi32(static_cast<int>(stream.high[0])),
          c3 = _mm512_set1_epi32(static_cast<int>(stream.high[1]));
  __m512i key0 = _mm512_set1_epi32(static_cast<int>(stream.key[0])),
          key1 = _mm512_set1_epi32(static_cast<int>(stream.key[1]));
  for (int round = 0; round < 10; ++round) {
    __m512i high_a, low_a, high_b, low_b;
    multiply(c0, by_a, high_a, low_a);
    multiply(c2, by_b, high_b, low_b);
    c0 = _mm512_xor_si512(_mm512_xor_si512(high_b, c1), key0);
    c1 = low_b;
    c2 = _mm512_xor_si512(_mm512_xor_si512(high_a, c3), key1);
    c3 = low_a;
    key0 = _mm512_add_epi32(key0, _mm512_set1_epi32(static_cast<int>(0x9E3779B9U)));
    key1 = _mm512_add_epi32(key1, _mm512_set1_epi32(static_cast<int>(0xBB67AE85U)));
  }
  _mm512_storeu_si512(words, c0);
  _mm512_storeu_si512(words + kLanes, c1);
  _mm512_storeu_si512(words + 2 * kLanes, c2);
  _mm512_storeu_si512(words + 3 * kLanes, c3);
}
#endif

void make_blocks(const Stream& stream, uint64_t first, uint32_t* words) {
#if defined(__x86_64__)
  const bool is_one_half = static_cast<uint32_t>(first) <= 0xFFFFFFF0U;
  if (has_avx512() && is_one_half) return philox_avx512(stream, first, words);
#endif
  philox_blocks(stream, first, words);
}

// In [0, 1): 23 random bits as the mantissa of a number in [1, 2); in the numbers' order.
HOARFROST_LOOP(to_uniform, (const uint32_t* words, float* numbers), (words, numbers)) {
  uint32_t bits[kLanes * kPerBlock];
  for (int64_t i = 0; i < kLanes; ++i) {
    for (int64_t w = 0; w < kPerBlock; ++w) bits[i * kPerBlock + w] = 0x3f800000U | (words[w * kLanes + i] & 0x7fffffU);
  }
  float values[kLanes * kPerBlock];
  __builtin_memcpy(values, bits, sizeof values);
  for (int64_t i = 0; i < kLanes * kPerBlock; ++i) numbers[i] = values[i] - 1.0F;
}

// Box and Muller, two numbers from two, in place.
void to_normal(float* numbers) {
  for (int64_t i = 0; i < kLanes * kPerBlock; i += 2) {
    const float u = std::max(numbers[i], 1.0e-7F);
    const float angle = 2.0F * std::numbers::pi_v<float> * numbers[i + 1];
    const float radius = std::sqrt(-2.0F * std::log(u));
    numbers[i] = std::sin(angle) * radius;
    numbers[i + 1] = std::cos(angle) * radius;
  }
}

// TensorFlow scrambles the seed of two numbers by one block of another key.
Stream stream_of(uint64_t seed0, uint64_t seed1) {
  uint32_t words[kPerBlock * kLanes];
  const Stream scrambler{{0x3ec8f720, 0x02461e29}, {static_cast<uint32_t>(seed1), static_cast<uint32_t>(seed1 >> 32)}};
  make_blocks(scrambler, seed0, words);
  return {{words[0], words[kLanes]}, {words[2 * kLanes], words[3 * kLanes]}};
}

class RandomKernel : public Kernel {
 public:
  RandomKernel(bool is_normal, bool is_wide, int64_t n, const Tensor& constant_seed)
      : is_normal_(is_normal), is_wide_(is_wide), n_(n), constant_seed_(constant_seed) {
    implementation = is_normal ? "own:random_normal" : "own:random_uniform";
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const void* seed = constant_seed_.empty() ? buffers.inputs[0] : constant_seed_.bytes().data();
    const Stream stream = stream_of(number(seed, 0), number(seed, 1));
    auto* numbers = static_cast<float*>(buffers.outputs[0]);
    constexpr int64_t kGroup = kLanes * kPerBlock;
    parallel_parts((n_ + kGroup - 1) / kGroup, n_ * 16, [&](int64_t first, int64_t last) {
      uint32_t words[kGroup];
      float group[kGroup];
      for (int64_t i = first; i < last; ++i) {
        make_blocks(stream, static_cast<uint64_t>(i * kLanes), words);
        to_uniform(words, group);
        if (is_normal_) to_normal(group);
        std::copy_n(group, std::min(kGroup, n_ - i * kGroup), numbers + i * kGroup);
      }
    });
  }

 private:
  [[nodiscard]] uint64_t number(const void* seed, size_t i) const {
    return static_cast<uint64_t>(is_wide_ ? static_cast<const int64_t*>(seed)[i]
                                          : int64_t{static_cast<const int32_t*>(seed)[i]});
  }

  bool is_normal_, is_wide_;  // is_wide: the seed is int64, not int32
  int64_t n_;
  Tensor constant_seed_;
};

}  // namespace

std::unique_ptr<Kernel> make_random(const Operation& operation, const Site& site) {
  const bool is_normal = operation.is("StatelessRandomNormal");
  if ((!is_normal && !operation.is("StatelessRandomUniform")) || !site.is_float(operation.outputs[0])) return nullptr;
  const Value& seed = site.value(operation.inputs[1]);
  const bool is_wide = seed.dtype == DType::kInt64;
  if (!is_wide && seed.dtype != DType::kInt32) return nullptr;
  const int64_t n = site.shape(operation.outputs[0]).n_elements();
  auto kernel =
      std::make_unique<RandomKernel>(is_normal, is_wide, n, seed.is_constant() ? seed.constant.aligned() : Tensor());
  if (!seed.is_constant()) kernel->inputs = {{operation.inputs[1], {}}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
