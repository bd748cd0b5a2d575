// IDX, CIFAR's pickles, HDF5, .npy with labels: real encodings, made here or by the programs that people use.
#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <zlib.h>

#include "data/golden_data.h"
#include "data/pickle.h"
#include "temporary_folder.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;
using namespace testing_support;
using hoarfrost::testing_support::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An IDX file of bytes: 0 0 8 axes, sizes in big endian, values.
std::string idx(std::initializer_list<int> sizes, std::string_view values) {
  std::string text{0, 0, 8, static_cast<char>(sizes.size())};
  for (const int size : sizes)
    text += {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
             static_cast<char>(size)};
  return text + std::string(values);
}

void write_gzip(const fs::path& path, std::string_view text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

const ExampleFormat kSmall{{2, 2, 1}, DType::kFloat32, 10};
constexpr std::string_view kPixels("\x00\x33\x66\xff\x01\x02\x03\x04\x00\x00\x00\x33", 12);

std::string error_of(const fs::path& path, const ExampleFormat& format, const OpenOptions& options = {}) {
  try {
    DataSet set = DataSet::open(path, format, options);
    while (!set.next(2).labels.empty()) {
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Idx, ImagesFindTheirLabels) {
  const TemporaryFolder folder;
  for (const bool is_compressed : {false, true}) {
    const auto write = [&](const std::string& name, const std::string& text) {
      if (is_compressed)
        write_gzip(folder / (name + ".gz"), text);
      else
        write_file(folder / name, text);
    };
    write("t10k-images-idx3-ubyte", idx({3, 2, 2}, kPixels));
    write("t10k-labels-idx1-ubyte", idx({3}, "\x07\x02\x01"));
    write("train-images-idx3-ubyte", idx({1, 2, 2}, kPixels.substr(0, 4)));
    write("train-labels-idx1-ubyte", idx({1}, "\x05"));
    const std::string ending = is_compressed ? ".gz" : "";
    for (const fs::path& path : {folder.path(), folder / ("t10k-images-idx3-ubyte" + ending)}) {
      DataSet set = DataSet::open(path, kSmall);
      EXPECT_EQ(set.kind(), "IDX");
      EXPECT_EQ(set.size(), 3);
      for (int round = 0; round < 2; ++round) {
        EXPECT_THAT(floats_of(set.next(1).x), ElementsAre(0, 0.2F, 0.4F, 1));
        set.skip(1);
        const Batch last = set.next(4);
        EXPECT_THAT(last.labels, ElementsAre(1));
        EXPECT_THAT(floats_of(last.x), ElementsAre(0, 0, 0, 0.2F));
        set.rewind();
      }
    }
    EXPECT_THAT(DataSet::open(folder.path(), kSmall, Split::kTrain).next(4).labels, ElementsAre(5));
    if (!is_compressed) {
      for (const auto& file :
           {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"})
        fs::remove(folder / file);
    }
  }
}

TEST(Idx, Errors) {
  const TemporaryFolder folder;
  const std::string images = (folder / "images-idx3").string();
  write_file(images, idx({3, 2, 2}, kPixels));
  EXPECT_THAT(error_of(images, kSmall),
              HasSubstr("images-idx3: expected the labels in a file of the same name with `labels`"));
  write_file(folder / "labels-idx1", idx({2}, "\x01\x02"));
  EXPECT_EQ(error_of(images, kSmall),
            (folder / "labels-idx1").string() + ": expected 3 labels, one per example, found 2");
  write_file(folder / "labels-idx1", idx({3}, "\x01\x02\x0a"));
  EXPECT_EQ(error_of(images, kSmall),
            (folder / "labels-idx1").string() + ": row 2: expected a label of 0 to 9, found 10");
  write_file(images, idx({3, 2, 2}, kPixels.substr(1)));
  EXPECT_EQ(error_of(images, kSmall), images + ": expected 28 bytes for an IDX array [3, 2, 2], found 27");
  write_gzip(images, idx({3, 2, 2}, kPixels.substr(1)));
  EXPECT_EQ(error_of(images, kSmall), images + ": cannot be decompressed: it ends too early");
  write_gzip(images, idx({0x7fffffff, 2000, 2000}, kPixels));
  EXPECT_THAT(error_of(images, kSmall), HasSubstr("compressed ones"));
  write_gzip(images, "label,pixel\n");
  EXPECT_THAT(error_of(images, kSmall), HasSubstr("a .gz that holds no IDX file"));
}

// Pickles of every protocol, as Python writes them.
TEST(Pickle, EveryProtocol) {
  for (int protocol = 0; protocol <= 5; ++protocol) {
    const auto pickle = Pickle::read(File::open(golden_path("protocol_" + std::to_string(protocol) + ".pickle")));
    const auto* data = Pickle::find(pickle->root(), "data");
    const auto* names = Pickle::find(pickle->root(), "filenames");
    ASSERT_NE(data, nullptr) << protocol;
    EXPECT_EQ(data->array.shape(), Shape({2, 3072}));
    for (int i = 0; i < 2 * 3072; ++i)
      ASSERT_EQ(data->array.values<uint8_t>()[static_cast<size_t>(i)], i * 7 % 256) << protocol;
    EXPECT_EQ(names->items.at(1)->text, "two.png") << protocol;
    EXPECT_EQ(Pickle::find(pickle->root(), "labels")->items.at(1)->integer, 9) << protocol;
  }
}

std::string pickle_error(const std::string& text) {
  const TemporaryFolder folder;
  write_file(folder / "p", text);
  try {
    (void)Pickle::read(File::open(folder / "p"));
  } catch (const Error& error) {
    return std::string(error.what()).substr((folder / "p").string().size() + 2);
  }
  return "no error";
}

TEST(Pickle, HostileInput) {
  // pickle.dumps of an object whose __reduce__ is (os.system, ("id",)).
  EXPECT_THAT(pickle_error("cposix\nsystem\n(S'id'\ntR."), HasSubstr("found `posix.system`"));
  EXPECT_THAT(pickle_error("\x80\x04\x8c\x08"
                           "builtins\x8c\x04"
                           "eval\x93."),
              HasSubstr("found `builtins.eval`"));
  EXPECT_THAT(pickle_error("\x80\x02]q\x01h\x01"
                           "a."),
              "no error");  // a list that holds itself
  EXPECT_THAT(pickle_error("\x80\x02h\x07."), HasSubstr("takes what was not put"));
  EXPECT_THAT(pickle_error("\x80\x02R."), HasSubstr("a value is missing"));
  EXPECT_THAT(pickle_error("\x80\x02(."), HasSubstr("a value is missing"));
  EXPECT_THAT(pickle_error(std::string("\x80\x02T\xff\xff\xff\x7fxx.", 9)), HasSubstr("the file ends too early"));
  EXPECT_THAT(pickle_error("\x80\x02" + std::string(5 << 20, 'N') + "."), HasSubstr("more values than any data set"));
  EXPECT_THAT(pickle_error("\x80\x02K\x01\x81."), HasSubstr("opcode 0x81"));
  // The same text again and again, each time in another form: memory must not grow with it.
  std::string bomb =
      "\x80\x02"
      "c_codecs\nencode\nq\x01X";
  bomb += std::string("\x10\x27\x00\x00", 4) + std::string(10'000, 'x') +
          "q\x02"
          "0";
  for (int i = 0; i < 100; ++i) bomb += "h\x01h\x02\x85R";
  EXPECT_THAT(pickle_error(bomb + "."), HasSubstr("more text than the file has bytes"));
  // Cut short anywhere, and any bit flipped.
  for (const int protocol : {0, 2, 4, 5}) {
    const auto bytes = bytes_of_file(golden_path("protocol_" + std::to_string(protocol) + ".pickle"));
    std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (size_t n = 0; n < 200; ++n) ASSERT_NE(pickle_error(text.substr(0, n)), "no error");
    for (size_t i = 0; i < text.size(); i += i < 250 || i + 250 > text.size() ? 1 : 97) {
      text[i] = static_cast<char>(text[i] ^ 4);
      (void)pickle_error(text);
      text[i] = static_cast<char>(text[i] ^ 4);
    }
  }
}

TEST(CifarPickle, TheFolderOfKeras) {
  for (const fs::path& path : {golden_path("cifar-10-batches-py"), golden_path("cifar-10-batches-py/test_batch")}) {
    DataSet set = DataSet::open(path, {{32, 32, 3}, DType::kFloat32, 10});
    EXPECT_EQ(set.kind(), "CIFAR-10 (pickled)");
    EXPECT_EQ(set.class_names().at(9), "truck");
    const Batch batch = set.next(5);
    EXPECT_THAT(batch.labels, ElementsAre(3, 9));
    const auto x = floats_of(batch.x);
    EXPECT_EQ(x[3072 + 3 * 5 + 2], static_cast<float>((3072 + 2048 + 5) * 7 % 256) / 255.0F);  // pixel 5, blue
  }
  EXPECT_THAT(error_of(golden_path("cifar-10-batches-py"), {{32, 32, 3}, DType::kFloat32, 4}),
              HasSubstr("it has 10 classes (airplane, automobile, bird"));
  EXPECT_THAT(error_of(golden_path("cifar-10-batches-py/batches.meta"), {{32, 32, 3}, DType::kFloat32, 10}),
              HasSubstr("expected a batch of CIFAR"));
}

TEST(Hdf5Set, ContiguousAndChunked) {
  DataSet contiguous = DataSet::open(golden_path("contiguous.h5"), {{2, 2, 3}, DType::kFloat32, 5});
  DataSet chunked = DataSet::open(golden_path("chunked.h5"), {{2, 2, 3}, DType::kFloat32, 5});
  EXPECT_EQ(contiguous.kind(), "HDF5 (x, y)");
  EXPECT_EQ(chunked.kind(), "HDF5 (X_test, y_test)");
  for (DataSet* set : {&contiguous, &chunked}) {
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(set->size(), 300);
      set->skip(290);
      const Batch batch = set->next(20);
      EXPECT_THAT(batch.labels, ElementsAre(0, 1, 2, 3, 4, 0, 1, 2, 3, 4));
      EXPECT_EQ(floats_of(batch.x)[5], static_cast<float>((290 * 12 + 5) % 256) / 255.0F);
      set->rewind();
    }
  }
  const fs::path model = fs::path(HOARFROST_GOLDEN) / "layers/keras_2.15/compiled_adam.h5";
  EXPECT_THAT(error_of(model, kSmall),
              HasSubstr("expected arrays x and y, or images and labels, or x_test and y_test; found model_weights"));
}

TEST(NpySet, LabelsInASecondFile) {
  const TemporaryFolder folder;
  const auto write_npy = [&](const char* name, const std::string& header, const std::string& values) {
    std::string text("\x93NUMPY\x01\x00", 8);
    text += {static_cast<char>(header.size() + 1), 0};
    write_file(folder / name, text + header + "\n" + values);
  };
  write_npy("x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4), }",
            std::string("\x00\x33\x66\xff\x01\x02\x03\x04", 8));
  write_npy("y.npy", "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", std::string("\x00\x07\x00\x01", 4));
  OpenOptions options;
  EXPECT_EQ(error_of(folder / "x.npy", kSmall),
            (folder / "x.npy").string() +
                ": a .npy holds one array: the labels of its examples are missing; name their file with --labels");
  options.labels = folder / "y.npy";
  const Batch batch = DataSet::open(folder / "x.npy", kSmall, options).next(4);
  EXPECT_THAT(batch.labels, ElementsAre(7, 1));
  EXPECT_THAT(floats_of(batch.x), ElementsAre(0, 0.2F, 0.4F, 1, 1 / 255.0F, 2 / 255.0F, 3 / 255.0F, 4 / 255.0F));
  write_npz(folder / "x.npz", {{"x", Tensor::of<float>({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7})}});
  EXPECT_THAT(DataSet::open(folder / "x.npz", kSmall, options).next(4).labels, ElementsAre(7, 1));
  options.labels = folder / "x.npz";
  EXPECT_THAT(error_of(folder / "x.npz", kSmall, options), HasSubstr("expected labels in a .npy or an IDX file"));
}

}  // namespace
}  // namespace hoarfrost::data
