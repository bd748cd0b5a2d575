#include <gmock/gmock.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <zip.h>

#include <cstring>

#include "temporary_folder.h"

namespace hoarfrost::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::TemporaryFolder;

// As NumPy writes it: magic, version, header length, the dictionary padded with blanks to a multiple of 64, then the
// values.
std::string npy(std::string dictionary, std::string_view values, int version = 1) {
  const size_t n_lead = version == 1 ? 10 : 12;
  dictionary.resize((n_lead + dictionary.size() + 64) / 64 * 64 - n_lead - 1, ' ');
  dictionary += '\n';
  std::string result = "\x93NUMPY";
  result += {static_cast<char>(version), '\0', static_cast<char>(dictionary.size() & 0xff),
             static_cast<char>(dictionary.size() >> 8)};
  if (version > 1) result += std::string(2, '\0');
  return result + dictionary + std::string(values);
}

Tensor read_one(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder / "a.npy", bytes);
  return read_npz(folder / "a.npy").at(0).value;
}

std::string error_of_array(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder / "a.npy", bytes);
  try {
    (void)read_npz(folder / "a.npy");
  } catch (const Error& error) {
    return std::string(error.what()).substr((folder / "a.npy").string().size());
  }
  return "no error";
}

void write_deflated(const std::filesystem::path& path, const std::string& name, const std::string& bytes) {
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  const int64_t i = zip_file_add(zip, name.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
  zip_set_file_compression(zip, static_cast<uint64_t>(i), ZIP_CM_DEFLATE, 9);
  ASSERT_EQ(zip_close(zip), 0);
}

TEST(Npy, ReadsBothByteOrdersAndAllVersions) {
  const std::string little("\x01\x00\x00\x00\x00\x01\x00\x00", 8), big("\x00\x00\x00\x01\x00\x00\x01\x00", 8);
  for (const int version : {1, 2, 3}) {
    EXPECT_THAT(
        read_one(npy("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }", little, version)).values<int32_t>(),
        ElementsAre(1, 256));
    EXPECT_THAT(
        read_one(npy("{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }", big, version)).values<int32_t>(),
        ElementsAre(1, 256));
  }
}

TEST(Npy, BigEndianComplexSwapsEachPart) {
  const Tensor c = read_one(
      npy("{'descr': '>c8', 'fortran_order': False, 'shape': (), }", std::string("\x3f\x80\0\0\x40\0\0\0", 8)));
  EXPECT_EQ(c.values<std::complex<float>>()[0], std::complex<float>(1, 2));
}

// NumPy: np.asfortranarray([[0, 1, 2], [3, 4, 5]]) is stored as 0 3 1 4 2 5.
TEST(Npy, FortranOrder) {
  const Tensor t =
      read_one(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", std::string("\0\3\1\4\2\5", 6)));
  EXPECT_EQ(t.shape(), Shape({2, 3}));
  EXPECT_THAT(t.values<uint8_t>(), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Npy, BoolsAreZeroOrOne) {
  EXPECT_THAT(read_one(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\0\1\7", 3)))
                  .values<bool>(),
              ElementsAre(false, true, true));
}

TEST(Npy, HostileHeaders) {
  EXPECT_EQ(
      error_of_array(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8), }", "abcd")),
      ": expected 18446744073709551615 bytes for a float32 array [4611686018427387904, 8], found 4");
  EXPECT_EQ(error_of_array(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "abcd")),
            ": expected 8 bytes for a float32 array [2], found 4");
  EXPECT_EQ(error_of_array(npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "")),
            ": expected an array of numbers, found NumPy's dtype `|O`");
  EXPECT_THAT(error_of_array(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "")),
              HasSubstr("records"));
  EXPECT_THAT(error_of_array(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "")),
              HasSubstr("no size"));
  EXPECT_THAT(error_of_array(npy("{'descr': '<f4', 'shape': (1,), }", "abcd")), HasSubstr("missing"));
  EXPECT_THAT(error_of_array(npy("{'descr': '<f4", "")), HasSubstr("does not end"));
  EXPECT_THAT(error_of_array(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1", "")), HasSubstr("missing"));
  EXPECT_THAT(error_of_array(npy("{}", "", 4)), HasSubstr("version 1 to 3, found 4"));
  EXPECT_THAT(error_of_array(std::string("\x93NUMPY\x01\x00\xff\xff", 10)), HasSubstr("header of 65535 bytes"));
  EXPECT_THAT(error_of_array("\x93NUMPY"), HasSubstr("magic"));
  EXPECT_THAT(error_of_array("neither"), HasSubstr("expected a .npz or .npy, found another format"));
}

TEST(Npz, WritesWhatItReads) {
  const TemporaryFolder folder;
  const NamedTensors arrays{{"x", Tensor::of<float>({2, 2}, {1, 2, 3, 4})},
                            {"labels", Tensor::of<int64_t>({2}, {7, 8})},
                            {"scalar", Tensor::scalar<double>(0.5)},
                            {"empty", Tensor(DType::kFloat32, {0, 3})},
                            {"flag", Tensor::of<bool>({1}, {true})}};
  write_npz(folder / "made/a.npz", arrays);
  const NamedTensors read = read_npz(folder / "made/a.npz");
  ASSERT_EQ(read.size(), arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    EXPECT_EQ(read[i].name, arrays[i].name);
    EXPECT_EQ(read[i].value.dtype(), arrays[i].value.dtype());
    EXPECT_EQ(read[i].value.shape(), arrays[i].value.shape());
    EXPECT_TRUE(std::ranges::equal(read[i].value.bytes(), arrays[i].value.bytes()));
  }
  EXPECT_NE(find(read, "x")->file_range(), nullptr) << "a stored member is a view of the file";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "made"), {}), 1) << "nothing is left beside it";
  write_npz(folder / "b.npz", arrays);
  EXPECT_EQ(File::open(folder / "made/a.npz")->text(), File::open(folder / "b.npz")->text());
}

// Characters of 1 to 4 bytes; a byte that is none, as NumPy decodes it with errors="replace".
TEST(Npz, WritesTextAsNumPyHasIt) {
  const TemporaryFolder folder;
  const std::vector<std::string> texts{
      "", "blue", "gr\xc3\xbcn", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80!", "a\xff\xc3"};
  write_npz(folder / "a.npz", {{"x", Tensor({2, 3}, texts)}, {"none", Tensor({0}, std::vector<std::string>{})}});
  const NamedTensors read = read_npz(folder / "a.npz");
  EXPECT_EQ(read[0].value.shape(), (Shape{2, 3}));
  EXPECT_THAT(read[0].value.strings(),
              testing::ElementsAre("", texts[1], texts[2], texts[3], texts[4], "a\xef\xbf\xbd\xef\xbf\xbd"));
  EXPECT_EQ(read[1].value.n_elements(), 0);
  EXPECT_THAT(std::string(File::open(folder / "a.npz")->text()),
              HasSubstr("{'descr': '<U4', 'fortran_order': False, 'shape': (2, 3), }"));
}

TEST(Npz, TwoArraysOfOneNameAreRefused) {
  const TemporaryFolder folder;
  const Tensor one = Tensor::scalar<float>(1);
  EXPECT_THROW(write_npz(folder / "a.npz", {{"x", one}, {"x", one}}), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Npz, ReadsDeflatedMembers) {
  const TemporaryFolder folder;
  write_deflated(folder / "a.npz", "y.npy",
                 npy("{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }", std::string("\1\0\2\0\3\0", 6)));
  const NamedTensors read = read_npz(folder / "a.npz");
  EXPECT_THAT(find(read, "y")->values<int16_t>(), ElementsAre(1, 2, 3));
  EXPECT_EQ(find(read, "x"), nullptr);
}

// Every cut and every flipped byte of a real archive is read or refused, never more.
TEST(Npz, DamagedArchivesAreRefusedOrRead) {
  const TemporaryFolder folder;
  write_deflated(folder / "a.npz", "y.npy",
                 npy("{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }", std::string("\1\0\2\0\3\0", 6)));
  const std::string whole(File::open(folder / "a.npz")->text());
  const auto attempt = [&](const std::string& bytes) {
    std::filesystem::remove(folder / "b.npz");
    write_file(folder / "b.npz", bytes);
    try {
      (void)read_npz(folder / "b.npz");
    } catch (const Error&) {
    }
  };
  for (size_t n = 0; n < whole.size(); n += 3) attempt(whole.substr(0, n));
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0xff);
    attempt(bytes);
  }
}

}  // namespace
}  // namespace hoarfrost::data
