#include "hdf5/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <sys/resource.h>

#include <csignal>

#include "hdf5/tree.h"
#include "temporary_folder.h"

namespace hoarfrost::hdf5 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename Fill>
std::shared_ptr<const Tree> written(const std::filesystem::path& path, const Fill& fill) {
  OutputFile file(path);
  Writer writer(file);
  fill(writer);
  writer.finish();
  file.commit();
  const auto read = File::open(path);
  return Tree::open({read, 0, read->size()}, "written.h5", true);
}

template <typename Fill>
std::string error_of(const Fill& fill) {
  const testing_support::TemporaryFolder folder;
  try {
    (void)written(folder / "a.h5", fill);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Hdf5Writer, GroupsAndDatasetsOfEveryType) {
  const testing_support::TemporaryFolder folder;
  const Tensor floats = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6.5});
  const auto tree = written(folder / "a.h5", [&](Writer& writer) {
    writer.group("/empty/inner");
    writer.group("/empty");
    writer.dataset("/model_weights/dense/dense/kernel:0", floats);
    writer.dataset("/half", floats.cast(DType::kFloat16));
    writer.dataset("/double", floats.cast(DType::kFloat64));
    writer.dataset("/scalar", Tensor::scalar<int64_t>(1099511627776));
    writer.dataset("/bytes", Tensor::of<uint8_t>({3}, {1, 2, 255}));
    writer.dataset("/nothing", Tensor(DType::kFloat32, {0, 3}));
  });
  EXPECT_THAT(tree->children("/"),
              ElementsAre("bytes", "double", "empty", "half", "model_weights", "nothing", "scalar"));
  EXPECT_THAT(tree->children("/empty"), ElementsAre("inner"));
  const Tensor kernel = tree->dataset("/model_weights/dense/dense/kernel:0");
  ASSERT_NE(kernel.file_range(), nullptr) << "contiguous, as h5py writes it";
  EXPECT_THAT(kernel.values<float>(), ElementsAre(1, 2, 3, 4, 5, 6.5));
  EXPECT_EQ(kernel.shape(), Shape({2, 3}));
  EXPECT_EQ(tree->dataset("/half").dtype(), DType::kFloat16);
  EXPECT_EQ(Reader(tree->dataset("/half"))[5], 6.5);
  EXPECT_EQ(tree->dataset("/double").values<double>()[5], 6.5);
  EXPECT_EQ(tree->dataset("/scalar").values<int64_t>()[0], 1099511627776);
  EXPECT_EQ(tree->dataset("/scalar").shape(), Shape());
  EXPECT_EQ(tree->dataset("/bytes").values<uint8_t>()[2], 255);
  EXPECT_EQ(tree->dataset("/nothing").shape(), Shape({0, 3}));
}

TEST(Hdf5Writer, TextsOfAnyLength) {
  const testing_support::TemporaryFolder folder;
  const std::string longest(3 << 20U, 'x');  // an attribute in an object's header could have 64 KiB
  const auto tree = written(folder / "a.h5", [&](Writer& writer) {
    writer.text("/", "model_config", longest);
    writer.text("/", "short",
                "gr\xc3\xbc\xc3\x9f"
                "e");
    writer.text("/", "none", "");
  });
  EXPECT_EQ(tree->text("/", "model_config"), longest);
  EXPECT_EQ(tree->text("/", "short"),
            "gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(tree->text("/", "none"), "");
}

// numpy.array_split(range(10), 3) has 4, 3 and 3 elements; ten names of 20,000 bytes need three parts of at most
// 64,512... four at once would be 80,000, so that Keras takes four parts: 3, 3, 2, 2.
TEST(Hdf5Writer, LongListsAreSplitAsKerasSplitsThem) {
  const testing_support::TemporaryFolder folder;
  std::vector<std::string> names;
  for (char c = 'a'; c < 'k'; ++c) names.emplace_back(20000, c);
  const auto tree = written(folder / "a.h5", [&](Writer& writer) {
    writer.group("/g");
    writer.names("/g", "weight_names", names);
    writer.names("/g", "few", {"dense/kernel:0", "b"});
    writer.names("/g", "none", {});
  });
  EXPECT_EQ(*tree->names("/g", "weight_names"), names);
  EXPECT_EQ(tree->names("/g", "weight_names0")->size(), 3U);
  EXPECT_EQ(tree->names("/g", "weight_names1")->size(), 3U);
  EXPECT_EQ(tree->names("/g", "weight_names2")->size(), 2U);
  EXPECT_EQ(tree->names("/g", "weight_names3")->size(), 2U);
  EXPECT_EQ(tree->names("/g", "weight_names4"), std::nullopt);
  EXPECT_THAT(*tree->names("/g", "few"), ElementsAre("dense/kernel:0", "b"));
  EXPECT_THAT(*tree->names("/g", "none"), IsEmpty());
}

TEST(Hdf5Writer, BeginsWhereTheFileEnds) {
  const testing_support::TemporaryFolder folder;
  uint64_t end = 0;
  {
    OutputFile file(folder / "a.zip");
    file.write("before");
    Writer writer(file);
    writer.dataset("/x", Tensor::of<float>({2}, {3, 4}));
    writer.finish();
    end = file.size();
    file.write("behind");
    file.commit();
  }
  const auto read = File::open(folder / "a.zip");
  EXPECT_EQ(read->text().substr(0, 6), "before");
  EXPECT_EQ(read->text().substr(end), "behind");
  EXPECT_THAT(Tree::open({read, 6, end - 6}, "inner")->dataset("/x").values<float>(), ElementsAre(3, 4));
}

TEST(Hdf5Writer, TheSameTwiceIsTheSameBytes) {
  const testing_support::TemporaryFolder folder;
  const auto fill = [](Writer& writer) {
    writer.text("/", "a", "text");
    writer.dataset("/b/c", Tensor::of<float>({2}, {3, 4}));
  };
  (void)written(folder / "1.h5", fill);
  (void)written(folder / "2.h5", fill);
  EXPECT_EQ(File::open(folder / "1.h5")->text(), File::open(folder / "2.h5")->text());
}

TEST(Hdf5Writer, RefusesWhatItCannotHold) {
  const Tensor x = Tensor::of<float>({1}, {1});
  EXPECT_EQ(error_of([&](Writer& w) { w.dataset("/x", x), w.dataset("/x", x); }), "/x: HDF5 cannot write this dataset");
  EXPECT_EQ(error_of([&](Writer& w) { w.dataset("/x", x), w.group("/x/y"); }), "/x/y: HDF5 cannot write this group");
  EXPECT_THAT(error_of([&](Writer& w) { w.names("/", "n", {std::string(70000, 'x')}); }),
              HasSubstr("a name in `n` has 70000 bytes, HDF5 and Keras take 64512"));
  EXPECT_EQ(error_of([&](Writer& w) { w.dataset("/x", x.cast(DType::kBFloat16)); }),
            "/x: values of bfloat16 have no place in a Keras file");
}

// The system refuses to let the file grow, as a full disk does; libhdf5 still lets go of all it has open.
TEST(Hdf5Writer, AFullDiskIsAnErrorAndLeavesNothing) {
  const testing_support::TemporaryFolder folder;
  const auto was_handled = std::signal(SIGXFSZ, SIG_IGN);
  rlimit was{};
  getrlimit(RLIMIT_FSIZE, &was);
  const rlimit small{100000, was.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string text = "no error";
  for (int i = 0; i < 3; ++i) {
    try {
      (void)written(folder / "a.h5", [](Writer& writer) {
        for (int k = 0; k < 4; ++k) writer.dataset("/" + std::to_string(k), Tensor(DType::kFloat32, {10000}));
      });
    } catch (const Error& error) {
      text = error.what();
    }
  }
  setrlimit(RLIMIT_FSIZE, &was);
  std::signal(SIGXFSZ, was_handled);
  EXPECT_THAT(text, HasSubstr("a.h5: cannot write it: File too large"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace hoarfrost::hdf5
