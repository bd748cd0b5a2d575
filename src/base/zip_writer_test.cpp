#include "base/zip_writer.h"

#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include "base/zip_file.h"
#include "temporary_folder.h"

namespace hoarfrost {
namespace {

std::string text_of(const ZipFile& zip, size_t i) {
  const auto bytes = zip.read(zip.members()[i]);  // libzip compares the CRC
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

TEST(ZipWriter, MembersAreStoredWhereTheyWereWritten) {
  const testing_support::TemporaryFolder folder;
  {
    OutputFile file(folder / "a.keras");
    ZipWriter zip(file);
    zip.add("metadata.json", "{}");
    zip.begin("model.weights.h5", false);
    file.write("0123");
    file.write_at(file.size() - 2, std::as_bytes(std::span("x", 1)));
    zip.end();
    zip.begin("large", true);  // sizes of 64 bits
    file.write(std::string(3 << 20U, 'y'));
    zip.end();
    zip.add("empty", "");
    zip.finish();
    file.commit();
  }
  const ZipFile zip(folder / "a.keras");
  ASSERT_EQ(zip.members().size(), 4U);
  EXPECT_EQ(zip.members()[1].name, "model.weights.h5");
  EXPECT_EQ(text_of(zip, 0), "{}");
  EXPECT_EQ(text_of(zip, 1), "01x3");
  ASSERT_TRUE(zip.members()[1].stored.has_value());
  EXPECT_EQ(File::open(folder / "a.keras")->text().substr(zip.members()[1].stored->offset, 4), "01x3");
  EXPECT_EQ(text_of(zip, 2), std::string(3 << 20U, 'y'));
  EXPECT_EQ(text_of(zip, 3), "");
}

// CRC-32 of "123456789" is cbf43926 (the check value of every catalogue); its place in a header is byte 14.
TEST(ZipWriter, WritesTheHeaderOfTheAppnote) {
  const testing_support::TemporaryFolder folder;
  {
    OutputFile file(folder / "a.zip");
    ZipWriter zip(file);
    zip.add("n", "123456789");
    zip.finish();
    file.commit();
  }
  const auto file = File::open(folder / "a.zip");
  const std::string expected(
      "PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0\x26\x39\xf4\xcb\x09\0\0\0\x09\0\0\0\x01\0\0\0n123456789", 40);
  EXPECT_EQ(file->text().substr(0, 40), expected);
  EXPECT_EQ(file->size(), 40U + 47U + 22U);
}

}  // namespace
}  // namespace hoarfrost
