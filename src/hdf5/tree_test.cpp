#include "hdf5/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <filesystem>

namespace hoarfrost::hdf5 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Written by h5py 3.16; every numeric dataset of shape [2, 3, 4] holds i / 8.
std::filesystem::path datasets() { return std::filesystem::path(HOARFROST_GOLDEN) / "keras" / "datasets.h5"; }

std::shared_ptr<const Tree> open() {
  const auto file = File::open(datasets());
  return Tree::open({file, 0, file->size()}, "datasets.h5");
}

std::shared_ptr<const Tree> open_in_memory() {
  const auto bytes = File::open(datasets());
  return Tree::open(std::make_shared<std::vector<std::byte>>(bytes->bytes().begin(), bytes->bytes().end()), "memory");
}

std::string error_of(std::string_view path) {
  try {
    (void)open()->dataset(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Hdf5, ContiguousValuesAreViews) {
  const Tensor tensor = open()->dataset("/plain");
  ASSERT_NE(tensor.file_range(), nullptr);
  EXPECT_EQ(tensor.shape(), Shape({2, 3, 4}));
  EXPECT_EQ(tensor.values<float>()[23], 23.0F / 8);
  EXPECT_EQ(open_in_memory()->dataset("/plain").values<float>()[23], 23.0F / 8);
}

TEST(Hdf5, EveryLayoutAndTypeGivesTheSameValues) {
  const auto tree = open();
  for (const auto* name : {"plain", "deflated", "unfiltered_chunks", "half", "double", "big_endian"}) {
    const Tensor tensor = tree->dataset(join("/", name));
    ASSERT_EQ(tensor.shape(), Shape({2, 3, 4})) << name;
    const Reader reader(tensor);
    for (int64_t i = 0; i < 24; ++i) ASSERT_EQ(reader[i], static_cast<double>(i) / 8) << name;
  }
  EXPECT_EQ(tree->dataset("half").dtype(), DType::kFloat16);
  EXPECT_EQ(tree->dataset("double").dtype(), DType::kFloat64);
  EXPECT_EQ(tree->dataset("compact").values<float>()[2], 4);
  EXPECT_EQ(Reader(tree->dataset("int64"))[1], 1099511627776.0);
  EXPECT_EQ(tree->dataset("uint8").values<uint8_t>()[1], 255);
  EXPECT_EQ(tree->dataset("bool").dtype(), DType::kBool);
  EXPECT_FALSE(tree->dataset("bool").values<bool>()[1]);
  EXPECT_EQ(tree->dataset("scalar").shape(), Shape());
  EXPECT_EQ(tree->dataset("scalar").values<float>()[0], 7.5F);
  EXPECT_EQ(tree->dataset("empty").shape(), Shape({0, 3}));
  EXPECT_EQ(tree->dataset("never_written").values<float>()[3], 0);
}

TEST(Hdf5, RefusesWhatIsNotAWeight) {
  EXPECT_THAT(error_of("/string"), HasSubstr("datasets.h5:/string: expected numbers"));
  EXPECT_THAT(error_of("/compound"), HasSubstr("expected numbers"));
  EXPECT_THAT(error_of("/lzf"), HasSubstr("compressed with filter 32000"));
  EXPECT_THAT(error_of("/huge"), HasSubstr("claims 4503599627370496 bytes in a file of"));
  EXPECT_THAT(error_of("/external"), HasSubstr("the values are in another file"));
  EXPECT_THAT(error_of("/group"), HasSubstr("expected a dataset"));
  EXPECT_THAT(error_of("/plain/x"), HasSubstr("expected a dataset"));
  EXPECT_THAT(error_of("/elsewhere/dense/dense/kernel:0"), HasSubstr("expected a dataset, found none"));
  EXPECT_EQ(open()->kind("/elsewhere"), Kind::kNothing);
}

TEST(Hdf5, Attributes) {
  const auto tree = open();
  const std::string group = "/group/a\\b";
  EXPECT_EQ(tree->kind(group), Kind::kGroup);
  EXPECT_EQ(tree->text(group, "vlen"),
            "gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(tree->text(group, "fixed"), "hello");
  EXPECT_EQ(tree->text(group, "space_padded"), "ab");
  EXPECT_EQ(tree->text(group, "missing"), std::nullopt);
  EXPECT_THAT(*tree->names(group, "list"), ElementsAre("ab", "cde"));
  EXPECT_THAT(*tree->names(group, "vlen_list"), ElementsAre("x", "yz"));
  EXPECT_TRUE(tree->names(group, "none")->empty());
  EXPECT_THAT(*tree->names(group, "weight_names"), ElementsAre("a", "b", "c"));
  EXPECT_EQ(tree->names(group, "missing"), std::nullopt);
  EXPECT_THROW((void)tree->text(group, "number"), Error);
}

TEST(Hdf5, TensorsOutliveTheTree) {
  const Tensor tensor = open_in_memory()->dataset("plain");
  EXPECT_EQ(tensor.values<float>()[8], 1);
}

TEST(Hdf5, TruncatedFilesAreErrors) {
  const auto file = File::open(datasets());
  const auto bytes = file->bytes();
  for (uint64_t n = 8; n < bytes.size(); n += 97) {
    try {
      const auto tree = Tree::open(
          std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)),
          "cut");
      (void)tree->dataset("/plain");
      ADD_FAILURE() << n;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    }
  }
}

}  // namespace
}  // namespace hoarfrost::hdf5
