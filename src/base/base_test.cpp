#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "temporary_folder.h"

namespace hoarfrost {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\xff'))), 0x62a8ab43u);
  EXPECT_EQ(crc32c(bytes_of("56789"), crc32c(bytes_of("1234"))), 0xe3069283u);
  EXPECT_EQ(unmask_crc32c(mask_crc32c(0xe3069283u)), 0xe3069283u);
}

TEST(Error, OuterPlaceStandsFirst) {
  Error error(ErrorCode::kMismatch, "layer `dense`", "expected 3, found 4");
  EXPECT_STREQ(error.within("model.h5").what(), "model.h5: layer `dense`: expected 3, found 4");
}

TEST(File, MissingFileSaysSo) {
  try {
    File::open("/nowhere/model.h5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "/nowhere/model.h5: cannot open it: No such file or directory");
    EXPECT_EQ(error.code(), ErrorCode::kIo);
  }
}

TEST(OutputFile, NothingIsLeftWithoutCommit) {
  testing_support::TemporaryFolder folder;
  { OutputFile out(folder / "a/b.txt"); out.write("half"); }
  EXPECT_TRUE(std::filesystem::is_empty(folder / "a"));
  write_file(folder / "a/b.txt", "whole");
  EXPECT_EQ(File::open(folder / "a/b.txt")->text(), "whole");
}

TEST(OutputFile, CopiesRangesAndCutsTheReserve) {
  testing_support::TemporaryFolder folder;
  std::string content(3'000'000, 'x');
  content[1'500'000] = 'y';
  write_file(folder / "in", content);
  OutputFile out(folder / "out");
  out.reserve(10'000'000);
  out.write("head");
  out.write(FileRange{File::open(folder / "in"), 1'499'999, 1'200'000});
  out.write("tail");
  out.commit();
  EXPECT_EQ(File::open(folder / "out")->text(), "head" + content.substr(1'499'999, 1'200'000) + "tail");
}

TEST(OutputFile, ReadingPastTheEndIsCorrupt) {
  testing_support::TemporaryFolder folder;
  write_file(folder / "in", "short");
  OutputFile out(folder / "out");
  EXPECT_THROW(out.write(FileRange{File::open(folder / "in"), 2, 100}), Error);
}

}  // namespace
}  // namespace hoarfrost
