// StatelessRandomUniform and StatelessRandomNormal: TensorFlow 2.15's numbers bit by bit (stateless_random_ops.cc,
// philox_random.h, random_distributions.h). Philox-4x32-10 is Salmon et al., Parallel Random Numbers: As Easy as 1, 2,
// 3 (2011). The same seed gives the same numbers, whatever ran before: so training can be resumed anywhere.
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

using Block = std::array<uint32_t, 4>;
using Key = std::array<uint32_t, 2>;

Block philox(Block counter, Key key) {
  constexpr uint64_t kMultiplierA = 0xD2511F53, kMultiplierB = 0xCD9E8D57;
  constexpr uint32_t kWeylA = 0x9E3779B9, kWeylB = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = kMultiplierA * counter[0], b = kMultiplierB * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += kWeylA;
    key[1] += kWeylB;
  }
  return counter;
}

// A stream of blocks for a seed of two numbers, which TensorFlow scrambles first.
class Generator {
 public:
  Generator(uint64_t seed0, uint64_t seed1) {
    const Block mix = philox({static_cast<uint32_t>(seed0), static_cast<uint32_t>(seed0 >> 32),
                              static_cast<uint32_t>(seed1), static_cast<uint32_t>(seed1 >> 32)},
                             {0x3ec8f720, 0x02461e29});
    key_ = {mix[0], mix[1]};
    counter_ = {0, 0, mix[2], mix[3]};
  }
  Block next() {
    const Block result = philox(counter_, key_);
    for (size_t i = 0; i < 4 && ++counter_[i] == 0; ++i) {
    }
    return result;
  }

 private:
  Key key_{};
  Block counter_{};
};

// In [0, 1): 23 random bits as the mantissa of a number in [1, 2).
float uniform(uint32_t bits) { return std::bit_cast<float>(0x3f800000U | (bits & 0x7fffffU)) - 1.0F; }

std::array<float, 4> uniforms(const Block& block) {
  return {uniform(block[0]), uniform(block[1]), uniform(block[2]), uniform(block[3])};
}

// Box and Muller, two numbers from two.
std::array<float, 4> normals(const Block& block) {
  std::array<float, 4> result{};
  for (size_t i = 0; i < 4; i += 2) {
    const float u = std::max(uniform(block[i]), 1.0e-7F);
    const float angle = 2.0F * std::numbers::pi_v<float> * uniform(block[i + 1]);
    const float radius = std::sqrt(-2.0F * std::log(u));
    result[i] = std::sin(angle) * radius;
    result[i + 1] = std::cos(angle) * radius;
  }
  return result;
}

std::vector<Known> infer_random(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto dtype = node.get_or<DType>("dtype", DType::kFloat32);
  if (dtype != DType::kFloat32) unsupported(node, "expected float32 numbers, found {}", dtype_name(dtype));
  const Shape seed = shape_of_rank(node, inputs, 1, 1);
  if (!may_equal(seed[0], 2)) mismatch(node, "expected a seed of 2 numbers, found {}", seed[0]);
  const auto sizes = partial_integers(node, inputs[0]);
  if (!sizes) return {of_type(dtype, Shape::unknown_rank())};
  for (const int64_t size : *sizes) {
    if (size < 0 && !inputs[0].value.empty()) mismatch(node, "expected sizes of 0 or more, found {}", size);
  }
  return {of_type(dtype, Shape(*sizes))};
}

template <auto numbers_of>
std::vector<Tensor> random(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_random(node, all)[0]);
  const auto seed = *integers(node, all[1]);
  Generator generator(static_cast<uint64_t>(seed[0]), static_cast<uint64_t>(seed[1]));
  const auto values = output.mutable_values<float>();
  for (size_t i = 0; i < values.size(); i += 4) {
    const auto numbers = numbers_of(generator.next());
    std::copy_n(numbers.begin(), std::min<size_t>(4, values.size() - i),
                values.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return {output};
}

}  // namespace

std::span<const OpSpec> random_ops() {
  static constexpr OpSpec kOps[] = {
      {"StatelessRandomUniform", infer_random, random<uniforms>},
      {"StatelessRandomNormal", infer_random, random<normals>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
