#include <gmock/gmock.h>
#include <hoarfrost/error.h>

#include <fstream>

#include "data/golden_data.h"
#include "temporary_folder.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;
using namespace testing_support;
using hoarfrost::testing_support::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ExampleFormat kFormat{{8, 10, 3}, DType::kFloat32, 4};

OpenOptions unscaled() {
  OpenOptions options;
  options.preprocessing.set_preset("none");
  return options;
}

// keras.utils.image_dataset_from_directory: the same files in the same order, the same labels, the same pixels.
void expect_as_keras(const fs::path& folder, const std::string& name, const OpenOptions& options, int64_t n_channels) {
  const NamedTensors golden = read_npz(golden_path("folder.npz"));
  DataSet set = DataSet::open(folder, {{8, 10, n_channels}, DType::kFloat32, 4}, options);
  EXPECT_EQ(set.kind(), "image folder");
  EXPECT_THAT(set.class_names(), ElementsAre("10", "2", "Zebra", "apple"));
  const Reader labels(*find(golden, name + " labels"));
  const auto expected = floats_of(*find(golden, name + " x"));
  for (int round = 0; round < 2; ++round) {
    std::vector<float> found;
    int64_t i = 0;
    for (Batch batch = set.next(3); !batch.labels.empty(); batch = set.next(3)) {
      for (const int64_t label : batch.labels) EXPECT_EQ(static_cast<double>(label), labels[i++]);
      const auto values = floats_of(batch.x);
      found.insert(found.end(), values.begin(), values.end());
    }
    ASSERT_EQ(found.size(), expected.size());
    for (size_t k = 0; k < found.size(); ++k)
      ASSERT_NEAR(found[k], expected[k], name == "cropped" ? 1e-4 : 0) << name << " " << k;
    set.rewind();
  }
}

TEST(ImageFolder, IsWhatKerasReads) {
  OpenOptions cropped = unscaled();
  cropped.preprocessing.crop_to_aspect_ratio = true;
  cropped.preprocessing.interpolation = Interpolation::kBicubic;
  expect_as_keras(golden_path("folder"), "bilinear", unscaled(), 3);
  expect_as_keras(golden_path("folder"), "cropped", cropped, 3);
  const TemporaryFolder copy;  // of BMP TensorFlow makes no grey
  fs::copy(golden_path("folder"), copy.path(), fs::copy_options::recursive);
  fs::remove_all(copy / "10/inner.x");
  expect_as_keras(copy.path(), "grey", unscaled(), 1);
}

TEST(ImageFolder, NamesAndNotes) {
  DataSet set = DataSet::open(golden_path("folder"), kFormat);
  EXPECT_EQ(set.size(), 8);
  EXPECT_EQ(set.example_name(0), "10/B.png");
  EXPECT_EQ(set.example_name(3), "10/inner.x/d.bmp");
  EXPECT_THAT(set.notes(), ElementsAre("1 file is no picture and passed over: apple/notes.txt",
                                       "pictures are resized to 8x10 (bilinear), the graph's size"));
  set.skip(6);
  EXPECT_THAT(set.next(5).labels, ElementsAre(3, 3));
  DataSet share = DataSet::open(golden_path("folder"), kFormat);
  share.keep(3, 2);
  EXPECT_THAT(share.next(8).labels, ElementsAre(0, 1));
  EXPECT_TRUE(share.next(8).labels.empty());
}

TEST(ImageFolder, ClassesInAnotherOrder) {
  const TemporaryFolder folder;
  write_file(folder / "names.txt", "apple\r\n2\n10\nZebra\nunused\n");
  OpenOptions options;
  options.classes = folder / "names.txt";
  DataSet set = DataSet::open(golden_path("folder"), {{8, 10, 3}, DType::kFloat32, 5}, options);
  EXPECT_THAT(set.next(8).labels, ElementsAre(2, 2, 2, 2, 1, 3, 0, 0));
  EXPECT_EQ(set.class_names().at(4), "unused");
  write_file(folder / "names.txt",
             R"({"0": ["10", "ten"], "1": ["2", "two"], "2": ["Zebra", "zebra"], "3": ["n3", "apple"]})");
  EXPECT_THAT(DataSet::open(golden_path("folder"), kFormat, options).next(8).labels,
              ElementsAre(0, 0, 0, 0, 1, 2, 3, 3));
}

std::string error_of(const fs::path& path, const ExampleFormat& format, const OpenOptions& options = {}) {
  try {
    DataSet set = DataSet::open(path, format, options);
    while (!set.next(2).labels.empty()) {
    }
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(std::min(text.size(), path.parent_path().string().size() + 1));
  }
  return "no error";
}

TEST(ImageFolder, Errors) {
  const TemporaryFolder folder;
  write_file(folder / "names.txt", "apple\npear\n2\n10\n");
  OpenOptions options;
  options.classes = folder / "names.txt";
  EXPECT_EQ(error_of(golden_path("folder"), kFormat, options),
            "folder: its folders do not match the class names given: `Zebra` is not among apple, pear, 2, 10; found "
            "10, 2, Zebra, apple");
  EXPECT_EQ(
      error_of(golden_path("folder"), {{8, 10, 3}, DType::kFloat32, 10}),
      "folder: its folders are 4 classes (10, 2, Zebra, apple), the model has 10; --classes FILE says which is which");
  EXPECT_EQ(error_of(golden_path("folder"), {{8}, DType::kFloat32, 4}),
            "folder: its examples are pictures [height, width, channels], the model takes [8]");
  OpenOptions resized;
  resized.preprocessing.resize = {12, 12};
  EXPECT_EQ(error_of(golden_path("folder"), kFormat, resized),
            "folder: its pictures become 12x12, the model takes [8, 10, 3]; leave --resize out, or add --crop 8x10");
}

// Pictures that cannot be decoded: left out wherever they stand, batches filled up, names still right.
TEST(ImageFolder, UndecodablePicturesAreLeftOut) {
  const TemporaryFolder folder;
  fs::copy(golden_path("folder"), folder / "set", fs::copy_options::recursive);
  write_file(folder / "set/10/0.jpg", "no picture");
  write_file(folder / "set/10/C.png", "");
  fs::resize_file(folder / "set/2/b.jpg", 200);
  DataSet set = DataSet::open(folder / "set", kFormat);
  EXPECT_EQ(set.size(), 10);
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(set.next(3).labels, ElementsAre(0, 0, 0));
    EXPECT_EQ(set.example_name(0), "10/B.png");
    EXPECT_EQ(set.example_name(1), "10/a.png");
    EXPECT_THAT(set.next(3).labels, ElementsAre(0, 2, 3));
    EXPECT_EQ(set.example_name(4), "Zebra/z.JPEG");
    EXPECT_THAT(set.next(3).labels, ElementsAre(3));
    EXPECT_TRUE(set.next(3).labels.empty());
    EXPECT_EQ(set.size(), 7);
    ASSERT_EQ(set.skipped().size(), 3U);
    EXPECT_EQ(set.skipped()[0].name, "10/0.jpg");
    EXPECT_EQ(set.skipped()[0].reason, "expected a JPEG, PNG or BMP picture, found another format");
    EXPECT_EQ(set.skipped()[1].reason, "the file is empty");
    EXPECT_EQ(set.skipped()[2].reason, "the JPEG cannot be decoded: Premature end of input file");
    set.rewind();
  }
  OpenOptions strict;
  strict.is_strict = true;
  EXPECT_EQ(error_of(folder / "set", kFormat, strict),
            "set/10/0.jpg: expected a JPEG, PNG or BMP picture, found another format");
  for (const auto& entry : fs::recursive_directory_iterator(folder / "set")) {
    if (entry.is_regular_file()) std::ofstream(entry.path()) << "x";
  }
  EXPECT_THAT(error_of(folder / "set", kFormat),
              HasSubstr("none of its 10 pictures can be decoded; the first: 10/0.jpg: expected a JPEG"));
}

TEST(ListFile, PathsAndLabels) {
  const TemporaryFolder folder;
  fs::copy(golden_path("folder"), folder.path(), fs::copy_options::recursive);
  const auto labels = [&](const char* text, const OpenOptions& options = {}) {
    write_file(folder / "list.txt", text);
    return DataSet::open(folder / "list.txt", kFormat, options).next(9).labels;
  };
  EXPECT_THAT(labels("2/b.jpg,3\n10/a.png,0\r\n"), ElementsAre(3, 0));
  EXPECT_THAT(labels("filename,label\n2/b.jpg,3\n\"10/a.png\",1\n"), ElementsAre(3, 1));
  EXPECT_THAT(labels("2/b.jpg 3\n10/a.png 0"), ElementsAre(3, 0));
  EXPECT_THAT(labels("2/b.jpg\tcat\n10/a.png\tdog\n10/B.png\tant\napple/2.png\tbee\n"), ElementsAre(2, 3, 0, 1));
  write_file(folder / "names.txt", "dog\ncat\nx\ny\n");
  OpenOptions options;
  options.classes = folder / "names.txt";
  EXPECT_THAT(labels("2/b.jpg\tcat\n10/a.png\tdog\n", options), ElementsAre(1, 0));
  const auto error = [&](const char* text) {
    write_file(folder / "list.txt", text);
    return error_of(folder / "list.txt", kFormat);
  };
  EXPECT_EQ(error("2/b.jpg,3\n10/a.png\n"), "list.txt:2: expected a picture's path and its label, found `10/a.png`");
  EXPECT_EQ(error("2/b.jpg,3\n\n10/a.png,4\n"), "list.txt:3: expected a label of 0 to 3, found 4");
  EXPECT_EQ(error("2/b.jpg,3\n10/a.png,x\n"), "list.txt:2: expected a label (a whole number), found `x`");
  EXPECT_THAT(error("2/none.jpg,3\n"), HasSubstr("none of its 1 pictures can be decoded; the first: 2/none.jpg"));
}

}  // namespace
}  // namespace hoarfrost::data
