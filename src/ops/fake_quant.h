// The levels that FakeQuantWithMinMaxArgs, …Vars and …VarsPerChannel round to: TensorFlow 2.15's
// fake_quant_ops_functor.h, whose float32 arithmetic this is, step by step, for a last bit decides between two levels.
#pragma once

#include <hoarfrost/graph.h>

#include <algorithm>
#include <cmath>

namespace hoarfrost::ops {

struct FakeQuantLevels {
  float least = 0, most = 0;  // the range, moved so that zero is a level
  float scale = 0;            // between two levels
  float inverse = 0;          // of the scale
  float zero = 0;             // which level zero is, the least being 0
  bool is_zero = false;       // min and max are zero, and with them everything

  [[nodiscard]] float by_division(float x) const { return level((shifted(x) / scale) - zero); }   // …Vars
  [[nodiscard]] float by_product(float x) const { return level((shifted(x) * inverse) - zero); }  // the others

 private:
  [[nodiscard]] float shifted(float x) const { return std::max(std::min(x, most), least) - least; }
  [[nodiscard]] float level(float x) const { return is_zero ? 0.0F : std::floor(x + 0.5F) * scale; }
};

// num_bits: 2 to 16. narrow_range leaves out the least level.
inline FakeQuantLevels fake_quant_levels(float min, float max, int64_t num_bits, bool narrow_range) {
  FakeQuantLevels levels;
  levels.is_zero = min == 0 && max == 0;
  const float low = narrow_range ? 1 : 0;
  const float high = static_cast<float>((int64_t{1} << num_bits) - 1);
  levels.scale = (max - min) / (high - low);
  levels.inverse = (high - low) / (max - min);
  const float from_min = low - min / levels.scale;
  const float zero = from_min < low ? low : (from_min > high ? high : std::round(from_min));
  levels.least = (low - zero) * levels.scale;
  levels.most = (high - zero) * levels.scale;
  levels.zero = std::floor(-levels.least * levels.inverse + 0.5F);
  return levels;
}

// By the node's attributes num_bits and narrow_range.
inline FakeQuantLevels fake_quant_levels(const graph::Node& node, float min, float max) {
  return fake_quant_levels(min, max, node.get_or<int64_t>("num_bits", 8), node.get_or<bool>("narrow_range", false));
}

}  // namespace hoarfrost::ops
