#include "keras/formula.h"

#include <gtest/gtest.h>

namespace hoarfrost::keras {
namespace {

TEST(ArrayOfFormula, ComputesWhatIsAskedForAndOnce) {
  int n_calls = 0;
  const Formula formula{{4, 5}, [&](const Index& o) {
                          ++n_calls;
                          return 10.0 * static_cast<double>(o[0]) + static_cast<double>(o[1]);
                        }};
  const Array array = Array::of(formula, Array(Tensor::scalar(0.0F)));
  EXPECT_EQ(array.shape(), Shape({4, 5}));
  EXPECT_EQ(n_calls, 0);
  EXPECT_EQ((array[{3, 2}]), 32);
  EXPECT_EQ((array[{3, 2}]), 32);
  EXPECT_EQ(array.at_offset(17), 32);
  EXPECT_EQ(n_calls, 1);
  EXPECT_EQ((array.reshaped({2, 10})[{1, 7}]), 32);  // the same memory
  EXPECT_EQ(n_calls, 1);
  EXPECT_EQ((array.transposed({1, 0})[{2, 3}]), 32);
  EXPECT_EQ(n_calls, 20);
  EXPECT_EQ(array.dtype(), DType::kFloat64);
}

TEST(ArrayOfFormula, IsPerturbedAsTheArrayItComesFrom) {
  const Formula third{{1}, [](const Index&) { return 1.0 / 3; }};
  const Array plain(Tensor::scalar(0.0F));
  EXPECT_EQ((Array::of(third, plain)[{0}]), 1.0 / 3);
  const double moved = Array::of(third, plain.perturbed_by(1e-3, 7))[{0}];
  EXPECT_NE(moved, 1.0 / 3);
  EXPECT_NEAR(moved, 1.0 / 3, 1e-3 / 3);
}

}  // namespace
}  // namespace hoarfrost::keras
