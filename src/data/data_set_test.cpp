#include <gmock/gmock.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>

#include <cstring>

#include "temporary_folder.h"

namespace hoarfrost::data {
namespace {

using hoarfrost::testing_support::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ExampleFormat kFour{{2, 2, 1}, DType::kFloat32, 3};
constexpr std::string_view kHeader = "label,pixel1,pixel2,pixel3,pixel4\n";

DataSet open_text(const TemporaryFolder& folder, std::string_view text, const ExampleFormat& format = kFour) {
  write_file(folder / "set.csv", text);
  return DataSet::open(folder / "set.csv", format);
}

std::string error_of_text(std::string_view text, const ExampleFormat& format = kFour) {
  const TemporaryFolder folder;
  try {
    DataSet set = open_text(folder, text, format);
    while (!set.next(2).labels.empty()) {
    }
  } catch (const Error& error) {
    const std::string what = error.what();
    return what.substr(std::min(what.size(), (folder / "").string().size()));
  }
  return "no error";
}

TEST(Csv, HeaderOrNoneAndWindowsLineEnds) {
  for (const std::string& text :
       {std::string(kHeader) + "2,0,51,102,255\n0,255,0,0,0\n", std::string("2,0,51,102,255\r\n0,255,0,0,0\r\n\r\n"),
        std::string("2,0,51,102,255\n0,255,0,0,0"),
        std::string("\xef\xbb\xbf") + "2,0.0,5.1e1, 102 ,255\n0,255,0,0,0\n"}) {
    const TemporaryFolder folder;
    DataSet set = open_text(folder, text);
    EXPECT_EQ(set.size(), 2);
    EXPECT_EQ(set.kind(), "CSV");
    for (int round = 0; round < 2; ++round) {
      const Batch batch = set.next(5);
      EXPECT_EQ(batch.x.shape(), Shape({2, 2, 2, 1}));
      EXPECT_THAT(batch.labels, ElementsAre(2, 0));
      EXPECT_THAT(batch.x.values<float>(), ElementsAre(0, 0.2F, 0.4F, 1, 1, 0, 0, 0));
      EXPECT_TRUE(set.next(5).labels.empty());
      set.rewind();
    }
  }
}

TEST(Csv, BatchesCrossTheBlocksOfTheFile) {
  const TemporaryFolder folder;
  std::string text = "label";
  for (int i = 0; i < 784; ++i) text += ",pixel" + std::to_string(i + 1);
  text += '\n';
  constexpr int kRows = 1500;  // 2.3 MB
  for (int row = 0; row < kRows; ++row) {
    text += std::to_string(row % 25);
    for (int i = 0; i < 784; ++i) text += ',' + std::to_string((row + i) % 256);
    text += '\n';
  }
  DataSet set = open_text(folder, text, {{kUnknown, kUnknown, 1}, DType::kFloat32, 25});
  EXPECT_EQ(set.format().shape, Shape({28, 28, 1}));
  ASSERT_EQ(set.size(), kRows);
  int64_t row = 0;
  for (Batch batch = set.next(7); !batch.labels.empty(); batch = set.next(7)) {
    const auto x = batch.x.values<float>();
    for (size_t i = 0; i < batch.labels.size(); ++i, ++row) {
      ASSERT_EQ(batch.labels[i], row % 25);
      ASSERT_EQ(x[i * 784 + 783], static_cast<float>((row + 783) % 256) / 255.0F);
    }
  }
  EXPECT_EQ(row, kRows);
}

TEST(Csv, IntegerInputsAreNotScaled) {
  const TemporaryFolder folder;
  DataSet set = open_text(folder, "1,0,51,102,255\n", {{4}, DType::kInt32, 0});
  EXPECT_THAT(set.next(1).x.values<int32_t>(), ElementsAre(0, 51, 102, 255));
}

TEST(Csv, ErrorsNameFileAndLine) {
  const std::string good = std::string(kHeader) + "2,0,51,102,255\n";
  EXPECT_EQ(error_of_text(good + "1,2,3,4\n"), "set.csv:3: expected 5 columns (the label and 4 values), found 4");
  EXPECT_EQ(error_of_text(good + "1,2,3,4,5,6\n"), "set.csv:3: expected 5 columns (the label and 4 values), found 6");
  EXPECT_EQ(error_of_text(good + "1,2,3x,4,5\n"), "set.csv:3: column 3: expected a number, found `3x`");
  EXPECT_EQ(error_of_text(good + "1,2,,4,5\n"), "set.csv:3: column 3: expected a number, found ``");
  EXPECT_EQ(error_of_text(good + "1,2,nan,4,5\n"), "set.csv:3: column 3: expected a number, found `nan`");
  EXPECT_EQ(error_of_text(good + "1.5,2,3,4,5\n"),
            "set.csv:3: column 1: expected a label (a whole number), found `1.5`");
  EXPECT_EQ(error_of_text(good + "\n3,2,3,4,5\n"), "set.csv:4: expected a label of 0 to 2, found 3");
  EXPECT_EQ(error_of_text(good + "-1,2,3,4,5\n"), "set.csv:3: expected a label of 0 to 2, found -1");
  EXPECT_EQ(error_of_text(std::string(kHeader)), "set.csv: the data set is empty");
  EXPECT_EQ(error_of_text(""), "set.csv: the data set is empty");
  EXPECT_EQ(error_of_text(good, {{28, 28, 1}, DType::kFloat32, 3}),
            "set.csv: its examples have 4 values, the model takes [28, 28, 1]");
  EXPECT_THAT(error_of_text("a text without commas\n"), HasSubstr("is no data set of a known kind"));
}

TEST(Csv, TheLabelsColumn) {
  const TemporaryFolder folder;
  const auto read = [&](std::string_view text, const std::string& column = "") {
    write_file(folder / "set.csv", text);
    OpenOptions options;
    options.label_column = column;
    options.preprocessing.set_preset("none");
    const Batch batch = DataSet::open(folder / "set.csv", {{2}, DType::kFloat32, 3}, options).next(5);
    std::vector<double> result(batch.labels.begin(), batch.labels.end());
    const auto x = batch.x.values<float>();
    result.insert(result.end(), x.begin(), x.end());
    return result;
  };
  EXPECT_THAT(read("a,b,class\n10,20,1\n30,40,2\n"), ElementsAre(1, 2, 10, 20, 30, 40));
  EXPECT_THAT(read("a,Label,b\n10,1,20\n"), ElementsAre(1, 10, 20));
  EXPECT_THAT(read("a,b,kind\n10,20,1\n", "kind"), ElementsAre(1, 10, 20));
  EXPECT_THAT(read("10,20,1\n", "3"), ElementsAre(1, 10, 20));
  EXPECT_THAT(read("1,2,y\n10,20,1\n", "y"), ElementsAre(1, 10, 20));  // named by numbers
  EXPECT_THAT(read("label,y,b\n2,20,1\n"), ElementsAre(2, 20, 1));     // two could be it: the first column
  EXPECT_THAT(read("a;b;class\n1.5;2e1;1\n"), ElementsAre(1, 1.5, 20));
  EXPECT_THAT(read("class\ta\tb\r\n1\t3\t4\r\n"), ElementsAre(1, 3, 4));
  EXPECT_THAT(read("\"class\",\"a, b\",\"c\"\n\"2\", \"3.5\" ,4\n"), ElementsAre(2, 3.5, 4));
}

TEST(Csv, LabelsThatAreNames) {
  const TemporaryFolder folder;
  for (const std::string header : {"", "w,h,species\n"}) {
    write_file(folder / "set.csv", header + "1,2,setosa\n\n3,4,\"versi, color\"\n5,6,setosa\n7,8,Virginica\n");
    OpenOptions options;
    options.label_column = "3";
    DataSet set = DataSet::open(folder / "set.csv", {{2}, DType::kFloat32, 3}, options);
    EXPECT_THAT(set.class_names(), ElementsAre("Virginica", "setosa", "versi, color"));
    EXPECT_THAT(set.next(9).labels, ElementsAre(1, 2, 1, 0));
    const int first = header.empty() ? 1 : 2;
    EXPECT_EQ(set.example_name(0), "set.csv:" + std::to_string(first));
    EXPECT_EQ(set.example_name(1), "set.csv:" + std::to_string(first + 2));
    EXPECT_EQ(set.example_name(3), "set.csv:" + std::to_string(first + 4));
    write_file(folder / "names.txt", "setosa\nversi, color\nVirginica\n");
    options.classes = folder / "names.txt";
    EXPECT_THAT(DataSet::open(folder / "set.csv", {{2}, DType::kFloat32, 3}, options).next(9).labels,
                ElementsAre(0, 1, 0, 2));
  }
}

// A row of CIFAR-10: the label, then the red, the green and the blue plane.
std::string cifar_row(int label, int seed, int fine_label = -1) {
  std::string row(1, static_cast<char>(label));
  if (fine_label >= 0) row += static_cast<char>(fine_label);
  for (int i = 0; i < 3072; ++i) row += static_cast<char>((i / 1024 * 100 + i % 1024 + seed) % 256);
  return row;
}

TEST(Cifar, PlanesBecomeChannelsLast) {
  const TemporaryFolder folder;
  write_file(folder / "test_batch.bin", cifar_row(3, 0) + cifar_row(9, 1));
  write_file(folder / "data_batch_1.bin", cifar_row(1, 2));
  write_file(folder / "data_batch_2.bin", cifar_row(2, 3));
  for (const auto& path : {folder.path(), folder / "test_batch.bin"}) {
    DataSet set = DataSet::open(path, {{32, 32, 3}, DType::kFloat32, 10});
    EXPECT_EQ(set.kind(), "CIFAR-10");
    EXPECT_EQ(set.size(), 2);
    const Batch batch = set.next(2);
    EXPECT_THAT(batch.labels, ElementsAre(3, 9));
    EXPECT_EQ(batch.x.shape(), Shape({2, 32, 32, 3}));
    const auto x = batch.x.values<float>();
    EXPECT_EQ(x[3 * 5 + 0], 5 / 255.0F);  // pixel 5
    EXPECT_EQ(x[3 * 5 + 1], 105 / 255.0F);
    EXPECT_EQ(x[3072 + 3 * 5 + 2], 206 / 255.0F);
  }
  DataSet train = DataSet::open(folder.path(), {{3, kUnknown, kUnknown}, DType::kFloat32, 10}, Split::kTrain);
  const Batch batch = train.next(64);
  EXPECT_THAT(batch.labels, ElementsAre(1, 2));
  EXPECT_EQ(batch.x.values<float>()[1024 + 5], 107 / 255.0F);
}

TEST(Cifar, NamesAndShares) {
  const TemporaryFolder folder;
  write_file(folder / "data_batch_1.bin", cifar_row(1, 0) + cifar_row(2, 1));
  write_file(folder / "data_batch_2.bin", cifar_row(3, 2) + cifar_row(4, 3));
  write_file(folder / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  DataSet set = DataSet::open(folder.path(), {{32, 32, 3}, DType::kFloat32, 10});
  EXPECT_EQ(set.class_names().at(9), "j");
  EXPECT_EQ(set.example_name(1), "data_batch_1.bin: example 1");
  EXPECT_EQ(set.example_name(2), "data_batch_2.bin: example 0");
  for (int round = 0; round < 2; ++round) {
    set.keep(1, 2);
    EXPECT_EQ(set.position(), 1);
    EXPECT_EQ(set.size(), 4);
    EXPECT_THAT(set.next(9).labels, ElementsAre(2, 3));
    EXPECT_TRUE(set.next(9).labels.empty());
  }
  set.rewind();
  EXPECT_THAT(set.next(9).labels, ElementsAre(1, 2, 3, 4));
}

TEST(Cifar, HundredClasses) {
  const TemporaryFolder folder;
  write_file(folder / "test.bin", cifar_row(19, 0, 99));
  EXPECT_THAT(DataSet::open(folder.path(), {{32, 32, 3}, DType::kFloat32, 100}).next(1).labels, ElementsAre(99));
  EXPECT_THAT(DataSet::open(folder.path(), {{32, 32, 3}, DType::kFloat32, 20}).next(1).labels, ElementsAre(19));
}

TEST(Cifar, Errors) {
  const TemporaryFolder folder;
  write_file(folder / "test_batch.bin", cifar_row(3, 0) + cifar_row(3, 0) + "x");
  const auto message = [&](const ExampleFormat& format) -> std::string {
    try {
      (void)DataSet::open(folder.path(), format).next(1);
    } catch (const Error& error) {
      return std::string(error.what()).substr((folder / "").string().size());
    }
    return "no error";
  };
  EXPECT_EQ(message({{32, 32, 3}, DType::kFloat32, 10}),
            "test_batch.bin: expected CIFAR-10 rows of 3073 bytes, the file's 6147 bytes are no multiple of that");
  write_file(folder / "test_batch.bin", cifar_row(3, 0));
  EXPECT_EQ(message({{28, 28, 1}, DType::kFloat32, 10}),
            "test_batch.bin: its examples are [32, 32, 3], the model takes [28, 28, 1]");
  EXPECT_EQ(message({{32, 32, 3}, DType::kFloat32, 3}), "test_batch.bin: row 1: expected a label of 0 to 2, found 3");
}

std::string npz_error(const NamedTensors& arrays, const ExampleFormat& format = kFour) {
  const TemporaryFolder folder;
  write_npz(folder / "set.npz", arrays);
  try {
    DataSet set = DataSet::open(folder.path(), format);
    while (!set.next(2).labels.empty()) {
    }
  } catch (const Error& error) {
    return std::string(error.what()).substr((folder / "").string().size());
  }
  return "no error";
}

TEST(NpzDataSet, ScalesBytesAndTakesFloatsAsTheyAre) {
  const TemporaryFolder folder;
  write_npz(folder / "a.npz", {{"images", Tensor::of<uint8_t>({2, 2, 2}, {0, 51, 102, 255, 1, 2, 3, 4})},
                               {"labels", Tensor::of<int32_t>({2, 1}, {2, 1})}});
  DataSet bytes = DataSet::open(folder / "a.npz", kFour);
  EXPECT_EQ(bytes.kind(), "npz (images, labels)");
  const Batch first = bytes.next(1);
  EXPECT_EQ(first.x.shape(), Shape({1, 2, 2, 1}));
  EXPECT_THAT(first.x.values<float>(), ElementsAre(0, 0.2F, 0.4F, 1));
  EXPECT_THAT(bytes.next(8).labels, ElementsAre(1));
  write_npz(folder / "b.npz", {{"x_test", Tensor::of<double>({1, 4}, {0, 51, 102, -1})},
                               {"y_test", Tensor::of<float>({1, 3}, {0, 0, 1})}});
  DataSet doubles = DataSet::open(folder / "b.npz", {{2, 2, 1}, DType::kFloat32, 3});
  for (int round = 0; round < 2; ++round) {
    const Batch batch = doubles.next(2);
    EXPECT_THAT(batch.x.values<float>(), ElementsAre(0, 51, 102, -1));
    EXPECT_THAT(batch.labels, ElementsAre(2));
    doubles.rewind();
  }
}

TEST(NpzDataSet, Errors) {
  const Tensor x = Tensor::of<float>({2, 2, 2, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(
      npz_error({{"x", x}}),
      "set.npz: expected arrays x and y, or images and labels, or x_test and y_test; found x; --labels FILE names a "
      ".npy with the labels");
  EXPECT_EQ(npz_error({{"x", x}, {"y", Tensor::of<int32_t>({3}, {0, 1, 2})}}),
            "set.npz:y: expected 2 labels, one per example, found 3");
  EXPECT_EQ(npz_error({{"x", x}, {"y", Tensor::of<int32_t>({2}, {0, 3})}}),
            "set.npz:y: row 1: expected a label of 0 to 2, found 3");
  EXPECT_EQ(npz_error({{"x", x}, {"y", Tensor::of<float>({2}, {0, 0.5})}}),
            "set.npz:y: row 1: expected a class index, found 0.5");
  EXPECT_EQ(npz_error({{"x", x}, {"y", Tensor::of<float>({2, 2}, {0, 1, 1, 0})}}),
            "set.npz:y: its one-hot rows have 2 classes, the model has 3");
  EXPECT_EQ(npz_error({{"x", x}, {"y", Tensor::of<float>({2, 3}, {0, 1, 0, 1, 1, 0})}}),
            "set.npz:y: row 1: expected a one-hot row: a single 1 among zeros");
  EXPECT_EQ(npz_error({{"x", x}, {"y", Tensor::of<int32_t>({2}, {0, 1})}}, {{3, 2, 2}, DType::kFloat32, 3}),
            "set.npz:x: its examples are [2, 2, 1], the model takes [3, 2, 2]");
  EXPECT_EQ(npz_error({{"x", Tensor(DType::kFloat32, {0, 2, 2, 1})}, {"y", Tensor(DType::kInt32, {0})}}),
            "set.npz: the data set is empty");
}

TEST(DataSet, AFolderOfSeveralSetsTakesTheSplit) {
  const TemporaryFolder folder;
  write_file(folder / "sign_mnist_test.csv", "1,0,0,0,0\n");
  write_file(folder / "sign_mnist_train.csv", "1,0,0,0,0\n2,0,0,0,0\n");
  EXPECT_EQ(DataSet::open(folder.path(), kFour).size(), 1);
  EXPECT_EQ(DataSet::open(folder.path(), kFour, Split::kTrain).size(), 2);
  EXPECT_THROW(DataSet::open(folder / "none.csv", kFour), Error);
}

}  // namespace
}  // namespace hoarfrost::data
