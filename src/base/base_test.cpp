#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

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

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  statm >> all >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

TEST(File, ReleasedPagesAreNoMemoryAndComeBack) {
  constexpr uint64_t kBytes = 64 << 20;
  testing_support::TemporaryFolder folder;
  write_file(folder / "in", std::string(kBytes, 'x'));
  const auto file = File::open(folder / "in");
  const auto before = resident_bytes();
  EXPECT_EQ(std::ranges::count(file->text(), 'x'), kBytes);
  EXPECT_GT(resident_bytes(), before + kBytes / 2);
  file->release(0, kBytes);
  EXPECT_LT(resident_bytes(), before + kBytes / 2);
  file->release(kBytes - 1, kBytes);  // past the end
  file->release(2 * kBytes, 1);
  EXPECT_EQ(file->text()[kBytes - 1], 'x');
}

TEST(OutputFile, NothingIsLeftWithoutCommit) {
  testing_support::TemporaryFolder folder;
  {
    OutputFile out(folder / "a/b.txt");
    out.write("half");
  }
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

// What the write leads to, and that the link is still one.
void expect_written_through(const std::filesystem::path& link, const std::filesystem::path& target) {
  write_file(link, "new");
  EXPECT_TRUE(std::filesystem::is_symlink(link)) << link;
  EXPECT_EQ(File::open(target)->text(), "new") << link;
  std::filesystem::remove(target);
}

TEST(OutputFile, WritesThroughLinks) {
  testing_support::TemporaryFolder folder;
  namespace fs = std::filesystem;
  fs::create_directories(folder / "disk");
  fs::create_directories(folder / "a");
  fs::create_symlink("../disk/out.pb", folder / "a/relative");
  fs::create_symlink(folder / "disk/out.pb", folder / "a/absolute");
  fs::create_symlink("relative", folder / "a/chain");
  fs::create_symlink("disk", folder / "folder");
  for (const char* name : {"a/relative", "a/absolute", "a/chain"}) {
    write_file(folder / "disk/out.pb", "old");
    expect_written_through(folder / name, folder / "disk/out.pb");
    expect_written_through(folder / name, folder / "disk/out.pb");  // now it dangles
  }
  write_file(folder / "folder/deep/out.pb", "new");
  EXPECT_EQ(File::open(folder / "disk/deep/out.pb")->text(), "new");
  EXPECT_TRUE(fs::is_symlink(folder / "folder"));
}

TEST(OutputFile, LeavesALinkAloneWithoutCommit) {
  testing_support::TemporaryFolder folder;
  write_file(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  {
    OutputFile out(folder / "link");
    out.write("half");
  }
  EXPECT_EQ(File::open(folder / "link")->text(), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

TEST(OutputFile, RefusesLinksThatLeadNowhere) {
  testing_support::TemporaryFolder folder;
  std::filesystem::create_symlink("two", folder / "one");
  std::filesystem::create_symlink("one", folder / "two");
  std::filesystem::create_symlink(folder / "unmounted/out.pb", folder / "away");
  const auto message = [](const std::filesystem::path& path) -> std::string {
    try {
      write_file(path, "new");
    } catch (const Error& error) {
      return error.what();
    }
    return "written";
  };
  EXPECT_EQ(message(folder / "one"),
            (folder / "one").string() + ": cannot write it: its symbolic link leads in a circle; name a file");
  EXPECT_EQ(message(folder / "away"), (folder / "away").string() + ": cannot write it: it is a link to " +
                                          (folder / "unmounted/out.pb").string() + ", whose folder is missing");
  EXPECT_FALSE(std::filesystem::exists(folder / "unmounted"));
}

TEST(OutputFile, GoesBackAndWritesOn) {
  const testing_support::TemporaryFolder folder;
  std::string middle(2, ' ');
  {
    OutputFile out(folder / "out");
    out.write("abcdef");
    out.write_at(1, std::as_bytes(std::span("XY", 2)));
    out.write_at(8, std::as_bytes(std::span("Z", 1)));
    EXPECT_EQ(out.size(), 9U);
    out.write("end");
    out.read_at(2, std::as_writable_bytes(std::span(middle)));
    std::string beyond(2, ' ');
    EXPECT_THROW(out.read_at(11, std::as_writable_bytes(std::span(beyond))), Error);
    out.commit();
  }
  EXPECT_EQ(middle, "Yd");
  EXPECT_EQ(File::open(folder / "out")->text(), std::string_view("aXYdef\0\0Zend", 12));
}

TEST(OutputFile, ReadingPastTheEndIsCorrupt) {
  testing_support::TemporaryFolder folder;
  write_file(folder / "in", "short");
  OutputFile out(folder / "out");
  EXPECT_THROW(out.write(FileRange{File::open(folder / "in"), 2, 100}), Error);
}

}  // namespace
}  // namespace hoarfrost
