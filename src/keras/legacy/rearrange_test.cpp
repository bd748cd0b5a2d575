#include "keras/legacy/rearrange.h"

#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <numeric>

namespace hoarfrost::keras::legacy {
namespace {

// 0, 1, 2, … in row-major order.
Tensor counted(const Shape& shape) {
  Tensor result(DType::kFloat32, shape);
  std::iota(result.mutable_values<float>().begin(), result.mutable_values<float>().end(), 0.0F);
  return result;
}

std::vector<float> values(const Tensor& tensor) {
  const Reader reader(tensor);
  std::vector<float> result;
  for (int64_t i = 0; i < tensor.n_elements(); ++i) result.push_back(static_cast<float>(reader[i]));
  return result;
}

TEST(Rearrange, TransposedIsNumPysTranspose) {
  const Tensor y = transposed(counted({2, 3, 1}), {1, 2, 0});
  EXPECT_EQ(y.shape(), Shape({3, 1, 2}));
  EXPECT_EQ(values(y), (std::vector<float>{0, 3, 1, 4, 2, 5}));
}

TEST(Rearrange, FlippedReversesTheFirstAxesOnly) {
  EXPECT_EQ(values(flipped(counted({2, 2, 2}), 2)), (std::vector<float>{6, 7, 4, 5, 2, 3, 0, 1}));
  EXPECT_EQ(values(flipped(counted({3, 2}), 1)), (std::vector<float>{4, 5, 2, 3, 0, 1}));
}

TEST(Rearrange, SpreadRepeatsAxesOfOne) {
  const Tensor y = spread(counted({1, 2}), {3, 2});
  EXPECT_EQ(y.shape(), Shape({3, 2}));
  EXPECT_EQ(values(y), (std::vector<float>{0, 1, 0, 1, 0, 1}));
}

TEST(Rearrange, JoinedPutsColumnsSideBySide) {
  const Tensor y = joined({counted({2, 1}), counted({2, 2})});
  EXPECT_EQ(y.shape(), Shape({2, 3}));
  EXPECT_EQ(values(y), (std::vector<float>{0, 0, 1, 1, 2, 3}));
  EXPECT_THROW(joined({counted({2, 1}), counted({3, 1})}), Error);
}

}  // namespace
}  // namespace hoarfrost::keras::legacy
