#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <fstream>

#include "graph_equality.h"
#include "temporary_folder.h"
#include "tensorflow/attribute.h"
#include "tensorflow/ordered_code.h"
#include "tensorflow/table.h"
#include "tensorflow/text_format.h"

namespace hoarfrost::tensorflow {
namespace {

using testing_support::TemporaryFolder;

const std::filesystem::path kGolden = std::filesystem::path(HOARFROST_GOLDEN) / "tensorflow";

std::string content(const std::filesystem::path& path) { return std::string(File::open(path)->text()); }

// What TensorFlow's Saver wrote in one shard, read and written again: the same bytes.
class GoldenCheckpoint : public testing::TestWithParam<std::string> {};

TEST_P(GoldenCheckpoint, IsWrittenAgainByteForByte) {
  TemporaryFolder folder;
  const auto golden = checkpoint_prefix(kGolden / GetParam());
  const auto paths = write_checkpoint(read_checkpoint(golden), folder / "again");
  EXPECT_EQ(content(folder / "again.index"), content(golden.string() + ".index"));
  EXPECT_EQ(content(folder / "again.data-00000-of-00001"), content(golden.string() + ".data-00000-of-00001"));
  EXPECT_EQ(paths.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenCheckpoint,
                         testing::Values("ckpt/dtypes_all.ckpt", "ckpt/empties.ckpt", "ckpt/many1000.ckpt",
                                         "ckpt/names.ckpt", "ckpt/resource_step.ckpt-4742", "ckpt/scalars.ckpt",
                                         "ckpt/single_big.ckpt", "ckpt/strings.ckpt", "cifar/tfchkpt.ckpt", "cifar",
                                         "graphs/ref_vars", "graphs/saved_model_v1/sm/variables"),
                         [](const auto& p) { return std::to_string(p.index); });

// First and last values as NumPy read them in TensorFlow.
struct Value {
  std::string checkpoint;
  std::string name;
  Shape shape;
  double first;
  double last;
};
class GoldenValue : public testing::TestWithParam<Value> {};

TEST_P(GoldenValue, IsRead) {
  const Value& v = GetParam();
  const auto variables = read_checkpoint(kGolden / "ckpt" / (v.checkpoint + ".ckpt"));
  const Tensor& tensor = variables.at(v.name);
  ASSERT_EQ(tensor.shape(), v.shape);
  const Reader reader(tensor);
  EXPECT_NEAR(reader[0], v.first, 1e-7 * std::abs(v.first));
  EXPECT_NEAR(reader[tensor.n_elements() - 1], v.last, 1e-7 * std::abs(v.last));
}

INSTANTIATE_TEST_SUITE_P(Values, GoldenValue,
                         testing::Values(Value{"slices", "q", {2}, 1, 2},
                                         Value{"slices", "w", {6, 4}, -1.582177, -0.22343625},
                                         Value{"partitioned", "p/w", {7, 5}, 0.50732726, -1.4089503},
                                         Value{"partitioned", "plain", {4}, -0.16880089, 0.78726125},
                                         Value{"partitioned2", "emb/e", {9, 4}, 0.833497459, 1.12200672},
                                         Value{"partitioned2", "emb/i", {10}, -668309106, 2058216732},
                                         Value{"multishard", "sh0/t1", {1, 3}, 1081039648, 1527690673},
                                         Value{"multishard", "sh1/t0", {2, 2}, 0.13927321, 0.56848454},
                                         Value{"sharded", "nodev", {3}, -1968514897483204608, 7114637496393326592},
                                         Value{"sharded", "v2", {5, 2}, -1.4712459, -0.17922755},
                                         Value{"dtypes_all", "v_bfloat16", {3, 4}, 0.18847656, -1.15625},
                                         Value{"dtypes_all", "v_int16", {3, 4}, 10436, -17863}),
                         [](const auto& p) { return std::to_string(p.index); });

TEST(ReadCheckpoint, Strings) {
  const auto variables = read_checkpoint(kGolden / "ckpt/strings.ckpt");
  EXPECT_EQ(variables.at("str/2d").strings(), (std::vector<std::string>{"p", "qq", "", "rrr"}));
  EXPECT_EQ(variables.at("str/mix").strings()[4].size(), 3000U);
}

// TensorFlow's ordered_code_test: the bytes of single numbers.
TEST(OrderedCode, Numbers) {
  const auto code = [](int64_t value) {
    std::string out;
    append_ordered_signed(out, value);
    return out;
  };
  EXPECT_EQ(code(0), "\x80");
  EXPECT_EQ(code(-1), "\x7f");
  EXPECT_EQ(code(63), "\xbf");
  EXPECT_EQ(code(64), std::string("\xc0\x40", 2));
  EXPECT_EQ(code(-65), "\x3f\xbf");
  EXPECT_EQ(code(INT64_MAX), std::string("\xff\xc0\x7f\xff\xff\xff\xff\xff\xff\xff", 10));
  EXPECT_EQ(code(INT64_MIN), std::string("\x00\x3f\x80\x00\x00\x00\x00\x00\x00\x00", 10));
}

class CheckpointCopy : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* suffix : {".index", ".data-00000-of-00001"}) {
      std::filesystem::copy_file(kGolden / ("ckpt/scalars.ckpt" + std::string(suffix)), prefix_.string() + suffix);
    }
  }
  static void change(const std::filesystem::path& path, std::streamoff place, char value) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(place);
    file.put(value);
  }
  std::string message() const {
    try {
      read_checkpoint(prefix_);
      return "was read";
    } catch (const Error& error) {
      return error.what();
    }
  }
  TemporaryFolder folder_;
  std::filesystem::path prefix_ = folder_ / "c";
};

TEST_F(CheckpointCopy, DamagedValuesAreNamed) {
  const auto data = prefix_.string() + ".data-00000-of-00001";
  change(data, 0, '\x55');
  EXPECT_EQ(message(), prefix_.string() + ".index: `s/bfloat16`: its bytes in " + data +
                           " have a wrong CRC-32C: the file is damaged");
  EXPECT_NO_THROW(read_checkpoint(prefix_, false));
}

TEST_F(CheckpointCopy, MissingShardIsNamed) {
  std::filesystem::remove(prefix_.string() + ".data-00000-of-00001");
  EXPECT_EQ(message(), prefix_.string() + ".index: `s/bfloat16`: " + prefix_.string() +
                           ".data-00000-of-00001: cannot open it: No such file or directory");
}

TEST_F(CheckpointCopy, TruncatedFilesSaySo) {
  std::filesystem::resize_file(prefix_.string() + ".data-00000-of-00001", 20);
  EXPECT_NE(message().find("which has 20: truncated?"), std::string::npos) << message();
  std::filesystem::resize_file(prefix_.string() + ".index", 300);
  EXPECT_EQ(message(), prefix_.string() +
                           ".index: expected a checkpoint's index, found 300 bytes that do not end as one: truncated?");
}

TEST_F(CheckpointCopy, DamagedIndexIsRefused) {
  change(prefix_.string() + ".index", 10, '\x55');
  EXPECT_EQ(message(), prefix_.string() + ".index: the block at 0 has a wrong CRC-32C: the file is damaged");
}

TEST_F(CheckpointCopy, EveryByteOfTheIndexMayBeWrong) {
  const std::string index = content(prefix_.string() + ".index");
  for (size_t i = 0; i < index.size(); ++i) {
    change(prefix_.string() + ".index", static_cast<std::streamoff>(i), static_cast<char>(index[i] ^ 0x81));
    try {
      read_checkpoint(prefix_);
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kUnsupported) << error.what();
    }
    change(prefix_.string() + ".index", static_cast<std::streamoff>(i), index[i]);
  }
}

// Entries that a table with right CRCs may hold all the same.
struct Hostile {
  std::string entry;
  std::string message;
};
class HostileEntry : public testing::TestWithParam<Hostile> {};

TEST_P(HostileEntry, IsRefused) {
  TemporaryFolder folder;
  const std::string prefix = (folder / "c").string();
  proto::BundleHeaderProto header;
  header.set_num_shards(1);
  proto::BundleEntryProto entry;
  parse_text(GetParam().entry, entry);
  const std::string index = build_table({{"", serialize(header)}, {"w", serialize(entry)}});
  write_file(prefix + ".index", index);
  write_file(prefix + ".data-00000-of-00001", "12345678");
  try {
    read_checkpoint(prefix);
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(prefix + ".index: `w`: " + GetParam().message)) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Entries, HostileEntry,
    testing::Values(
        Hostile{"dtype: DT_FLOAT shape { dim { size: 9000000000 } dim { size: 9000000000 } } size: 8",
                "a tensor of shape"},
        Hostile{"dtype: DT_FLOAT shape { dim { size: -1 } } size: 8", "a tensor of shape [?]"},
        Hostile{"dtype: DT_FLOAT shape { dim { size: 2 } } shard_id: 7 size: 8", "lies in shard 7 of 1"},
        Hostile{"dtype: DT_FLOAT shape { dim { size: 2 } } offset: -4 size: 8", "a negative offset or size"},
        Hostile{"dtype: DT_FLOAT shape { dim { size: 2 } } offset: 4 size: 8", "expected bytes 4 to 12 of"},
        Hostile{"dtype: DT_STRING shape { dim { size: 9000000000 } } size: 8", "9000000000 strings in 8 bytes"},
        Hostile{"dtype: DT_STRING shape { dim { size: 3 } } size: 8", "its bytes in"},
        Hostile{"dtype: DT_RESOURCE shape { } size: 8", "a value of TensorFlow's type 20 cannot be read"},
        Hostile{"dtype: DT_FLOAT shape { dim { size: 2 } } slices { extent { start: 0 length: 1 } }",
                "one of its slices is missing"},
        Hostile{"dtype: DT_FLOAT shape { dim { size: 9000000000000000000 } } slices { }", "larger than memory"}),
    [](const auto& p) { return std::to_string(p.index); });

TEST(Table, KeysStandInOrder) {
  TemporaryFolder folder;
  TableEntries entries;
  for (int i = 0; i < 5000; ++i) entries.emplace_back("key" + std::to_string(100000 + i), std::string(200, 'v'));
  write_file(folder / "table", build_table(entries));  // four blocks
  EXPECT_EQ(read_table(*File::open(folder / "table")), entries);
}

// TensorFlow 2.15's Saver(write_version=V1) wrote the same values as V2, once in one file and once in shards.
TEST(ReadCheckpoint, V1HasTheValuesOfV2) {
  const auto folder = kGolden / "ckpt_v1";
  const auto expected = read_checkpoint(folder / "v2.ckpt");
  ASSERT_EQ(expected.size(), 17U);
  for (const char* name :
       {"one.ckpt", "sharded.ckpt", "sharded.ckpt-00000-of-00003", "sharded.ckpt-\?\?\?\?\?-of-00003"}) {
    const auto found = read_checkpoint(checkpoint_prefix(folder / name));
    ASSERT_EQ(found.size(), expected.size()) << name;
    for (const auto& [key, value] : expected) {
      const Tensor& other = found.at(key);
      ASSERT_EQ(other.dtype(), value.dtype()) << name << ' ' << key;
      ASSERT_EQ(other.shape(), value.shape()) << name << ' ' << key;
      if (value.dtype() == DType::kString)
        EXPECT_EQ(other.strings(), value.strings()) << key;
      else
        EXPECT_TRUE(std::ranges::equal(other.bytes(), value.bytes())) << name << ' ' << key;
    }
  }
}

TEST(ReadCheckpoint, V1WithoutItsHeaderIsRefused) {
  TemporaryFolder folder;
  write_file(folder / "v1.ckpt", build_table({{"", "header"}}));
  try {
    read_checkpoint(checkpoint_prefix(folder / "v1.ckpt"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), (folder / "v1.ckpt").string() + ": a table without a checkpoint's header");
  }
}

TEST(ReadCheckpoint, V1WithoutAShardIsRefused) {
  TemporaryFolder folder;
  std::filesystem::copy(kGolden / "ckpt_v1/sharded.ckpt-00001-of-00003", folder / "s.ckpt-00001-of-00003");
  try {
    read_checkpoint(checkpoint_prefix(folder / "s.ckpt"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              (folder / "s.ckpt").string() + ": expected 3 shards of this checkpoint, found 1");
  }
}

TEST(CheckpointPrefix, TakesWhatAPersonMeans) {
  const auto folder = kGolden / "cifar";
  for (const char* name : {"", "checkpoint", "tfchkpt.ckpt", "tfchkpt.ckpt.index", "tfchkpt.ckpt.meta",
                           "tfchkpt.ckpt.data-00000-of-00001"}) {
    EXPECT_EQ(checkpoint_prefix(folder / name).filename(), "tfchkpt.ckpt") << name;
  }
  try {
    checkpoint_prefix("/nowhere/model.ckpt");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "/nowhere/model.ckpt: no checkpoint: /nowhere/model.ckpt.index is missing");
  }
}

TEST(WriteCheckpoint, StateIsAbsoluteAsThePathIs) {
  TemporaryFolder folder;
  write_checkpoint({{"x", Tensor::scalar(1.0F)}}, folder / "deep/model.ckpt");
  const std::string path = (folder / "deep/model.ckpt").string();
  EXPECT_EQ(content(folder / "deep/checkpoint"),
            "model_checkpoint_path: \"" + path + "\"\nall_model_checkpoint_paths: \"" + path + "\"\n");
  // The folder may move.
  std::filesystem::rename(folder / "deep", folder / "moved");
  EXPECT_EQ(checkpoint_prefix(folder / "moved"), folder / "moved/model.ckpt");
}

}  // namespace
}  // namespace hoarfrost::tensorflow
