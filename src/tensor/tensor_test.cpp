#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensor.h>

#include <cmath>

#include "temporary_folder.h"

namespace hoarfrost {
namespace {

TEST(Shape, AxesCountFromBothEnds) {
  const Shape shape{kUnknown, 32, 3};
  EXPECT_EQ(shape[-1], 3);
  EXPECT_EQ(shape[1], 32);
  EXPECT_EQ(shape.to_string(), "[?, 32, 3]");
  EXPECT_FALSE(shape.is_static());
  EXPECT_THROW((void)shape[3], Error);
  EXPECT_THROW((void)shape.n_elements(), Error);
  EXPECT_THROW((void)Shape({int64_t{1} << 40, int64_t{1} << 40}).n_elements(), Error);
}

TEST(Shape, Broadcasting) {
  EXPECT_EQ(broadcast({4, 1, 3}, {5, 1}), Shape({4, 5, 3}));
  EXPECT_EQ(broadcast({kUnknown, 1}, {1, 7}), Shape({kUnknown, 7}));
  EXPECT_EQ(broadcast({kUnknown, 3}, {8, 3}), Shape({8, 3}));
  EXPECT_THROW(broadcast({2, 3}, {2, 4}), Error);
}

TEST(Tensor, TypesAreHeld) {
  const Tensor t = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(t.values<float>()[3], 4);
  EXPECT_THROW((void)t.values<double>(), Error);
  EXPECT_EQ(t.cast(DType::kInt64).values<int64_t>()[2], 3);
  EXPECT_THROW((void)t.reshaped({3}), Error);
}

TEST(Tensor, FileViewsMustFit) {
  testing_support::TemporaryFolder folder;
  write_file(folder / "data", std::string("abcd\0\0\x80\x3f", 8));
  const auto file = File::open(folder / "data");
  EXPECT_EQ(Tensor(DType::kFloat32, {1}, FileRange{file, 4, 4}).values<float>()[0], 1.0f);
  EXPECT_THROW(Tensor(DType::kFloat32, {2}, FileRange{file, 4, 8}), Error);
}

TEST(Tensor, UnalignedViewsAreCopied) {
  testing_support::TemporaryFolder folder;
  write_file(folder / "data", std::string("a\0\0\x80\x3f\0\0\0\x40", 9));
  const Tensor view(DType::kFloat32, {2}, FileRange{File::open(folder / "data"), 1, 8});
  const Tensor aligned = view.aligned();
  EXPECT_EQ(aligned.file_range(), nullptr);
  EXPECT_EQ(aligned.values<float>()[0], 1.0f);
  EXPECT_EQ(aligned.values<float>()[1], 2.0f);
  view.release();
  EXPECT_EQ(view.aligned().values<float>()[1], 2.0f);
}

TEST(Tensor, HalvesRoundToNearestEven) {
  EXPECT_EQ(float_to_half(1.0f), 0x3c00);
  EXPECT_EQ(float_to_half(65504.0f), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(std::ldexp(1.0f, -24)), 1);
  EXPECT_EQ(float_to_half(2049.0f), 0x6800);  // halfway between 2048 and 2050
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    EXPECT_EQ(float_to_half(half_to_float(static_cast<uint16_t>(bits))), bits);
  }
  EXPECT_EQ(float_to_bfloat16(1.00390625f), 0x3f80);  // halfway, to even
  EXPECT_EQ(bfloat16_to_float(0x4049), 3.140625f);
}

}  // namespace
}  // namespace hoarfrost
