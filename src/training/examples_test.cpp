// What training reads: encodings made here, the numbers computed by hand.
#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/examples.h>

#include <cstring>
#include <numeric>
#include <set>

#include "temporary_folder.h"
#include "training/class_weight.h"
#include "training/shuffle.h"

namespace hoarfrost::training {
namespace {

namespace fs = std::filesystem;
using hoarfrost::testing_support::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Gathered {
  std::vector<std::vector<float>> x, y;
};

Gathered gather(const Examples& examples, const std::vector<int64_t>& indices) {
  const auto make = [&](const std::vector<Shape>& shapes) {
    std::vector<Tensor> tensors;
    for (const Shape& shape : shapes) {
      Shape whole{static_cast<int64_t>(indices.size())};
      for (const int64_t size : shape.sizes()) whole.push_back(size);
      tensors.emplace_back(DType::kFloat32, whole);
    }
    return tensors;
  };
  auto x = make(examples.x_shapes()), y = make(examples.y_shapes());
  examples.gather(indices, 1, x, y);
  Gathered result;
  for (const auto& tensor : x) result.x.emplace_back(tensor.values<float>().begin(), tensor.values<float>().end());
  for (const auto& tensor : y) result.y.emplace_back(tensor.values<float>().begin(), tensor.values<float>().end());
  return result;
}

ModelFormat model(const Shape& x, const Shape& y, Labels labels = Labels::kDense) {
  return {{{"input_1", x, DType::kFloat32}}, {{"dense_1", y, labels}}};
}

std::string error_of(const auto& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

data::OpenOptions train_split() {
  data::OpenOptions options;
  options.split = data::Split::kTrain;
  return options;
}

// CIFAR's rows: a label, then red, green and blue planes. Pixel p of row i is (p + i) % 256 in red, 1 in green, 2 in
// blue.
void write_cifar(const fs::path& path, int first, int n) {
  std::string bytes;
  for (int i = first; i < first + n; ++i) {
    bytes += static_cast<char>(i % 10);
    for (int p = 0; p < 1024; ++p) bytes += static_cast<char>((p + i) % 256);
    bytes += std::string(1024, '\1') + std::string(1024, '\2');
  }
  write_file(path, bytes);
}

TEST(Examples, CifarsTrainingBatchesInOrderAndAtRandom) {
  const TemporaryFolder folder;
  write_cifar(folder / "data_batch_1.bin", 0, 3);
  write_cifar(folder / "data_batch_2.bin", 3, 4);
  write_cifar(folder / "test_batch.bin", 50, 2);
  const auto set = open_examples(folder.path(), model({32, 32, 3}, {10}), train_split());
  EXPECT_EQ(set.kind, "CIFAR-10");
  ASSERT_EQ(set.examples->size(), 7);
  EXPECT_EQ(set.n_bytes, 7 * 3072U + 7 * 4);  // bytes stay bytes
  const Gathered found = gather(*set.examples, {6, 0, 6});
  EXPECT_EQ(found.x[0][0], 6.0F / 255);
  EXPECT_EQ(found.x[0][1], 1.0F / 255);
  EXPECT_EQ(found.x[0][2], 2.0F / 255);
  EXPECT_EQ(found.x[0][3], 7.0F / 255);
  EXPECT_EQ(found.x[0][3072], 0);
  EXPECT_EQ(found.x[0][2 * 3072 + 3 * 1023], static_cast<float>((1023 + 6) % 256) / 255);
  EXPECT_THAT(found.y[0],
              ElementsAre(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0));
  const auto sparse = open_examples(folder.path(), model({32, 32, 3}, {10}, Labels::kSparse), {});
  EXPECT_EQ(sparse.examples->y_shapes()[0], Shape());
  EXPECT_THAT(gather(*sparse.examples, {1, 0}).y[0], ElementsAre(1, 0));  // of the test batch
}

TEST(Examples, AreWhatEvaluateSees) {
  const TemporaryFolder folder;
  write_cifar(folder / "test_batch.bin", 0, 5);
  data::OpenOptions options;
  options.preprocessing.set_preset("torch");
  options.preprocessing.resize = data::Extent{20, 24};
  for (const Shape& shape : {Shape{20, 24, 3}, Shape{3, 20, 24}}) {
    const auto set = open_examples(folder.path(), model(shape, {10}), options);
    const Tensor batch = data::DataSet::open(folder.path(), {shape, DType::kFloat32, 10}, options).next(5).x;
    const auto found = gather(*set.examples, {0, 1, 2, 3, 4}).x[0];
    EXPECT_TRUE(std::ranges::equal(found, batch.values<float>()));
  }
  for (const char* preset : {"scale", "caffe", "tf", "none"}) {
    options.preprocessing = {};
    options.preprocessing.set_preset(preset);
    const auto set = open_examples(folder.path(), model({32, 32, 3}, {10}), options);
    const Tensor batch = data::DataSet::open(folder.path(), {{32, 32, 3}, DType::kFloat32, 10}, options).next(5).x;
    EXPECT_TRUE(std::ranges::equal(gather(*set.examples, {0, 1, 2, 3, 4}).x[0], batch.values<float>())) << preset;
  }
}

void write_arrays(const fs::path& path, const data::NamedTensors& arrays) { data::write_npz(path, arrays); }

TEST(Examples, TargetsOfEveryKind) {
  const TemporaryFolder folder;
  const auto x = Tensor::of<float>({3, 2}, {0.5F, -1, 2, 300, 0, 1});
  const auto y_of = [&](const Tensor& y, const Shape& output, Labels labels) {
    write_arrays(folder / "set.npz", {{"x", x}, {"y", y}});
    const auto set = open_examples(folder / "set.npz", model({2}, output, labels), {});
    EXPECT_THAT(gather(*set.examples, {1, 0}).x[0], ElementsAre(2, 300, 0.5F, -1));
    auto found = gather(*set.examples, {2, 0});
    for (const int64_t size : set.examples->y_shapes()[0].sizes()) found.y[0].push_back(static_cast<float>(size));
    return found.y[0];
  };
  const auto classes = Tensor::vector<int64_t>({1, 0, 2});
  const auto one_hot = Tensor::of<uint8_t>({3, 3}, {0, 1, 0, 1, 0, 0, 0, 0, 1});
  // The last numbers are the shape.
  EXPECT_THAT(y_of(classes, {3}, Labels::kSparse), ElementsAre(2, 1));
  EXPECT_THAT(y_of(classes.reshaped({3, 1}), {3}, Labels::kSparse), ElementsAre(2, 1));
  EXPECT_THAT(y_of(one_hot, {3}, Labels::kSparse), ElementsAre(2, 1));
  EXPECT_THAT(y_of(classes, {3}, Labels::kDense), ElementsAre(0, 0, 1, 0, 1, 0, 3));
  EXPECT_THAT(y_of(one_hot, {3}, Labels::kDense), ElementsAre(0, 0, 1, 0, 1, 0, 3));
  EXPECT_THAT(y_of(Tensor::vector<double>({0.25, 1, -3.5}), {1}, Labels::kDense), ElementsAre(-3.5F, 0.25F, 1));
  EXPECT_THAT(y_of(Tensor::of<float>({3, 1}, {0.25F, 1, -3.5F}), {1}, Labels::kDense), ElementsAre(-3.5F, 0.25F, 1));
  EXPECT_THAT(y_of(Tensor::of<float>({3, 2}, {1, 1, 0, 0.5F, 2, 0}), {2}, Labels::kDense), ElementsAre(2, 0, 1, 1, 2));
  // A class for each step of a sequence.
  const auto steps = Tensor::of<int32_t>({3, 2}, {0, 1, 2, 2, 1, 0});
  EXPECT_THAT(y_of(steps, {2, 3}, Labels::kSparse), ElementsAre(1, 0, 0, 1, 2));
  EXPECT_THAT(y_of(steps, {2, 3}, Labels::kDense), ElementsAre(0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 2, 3));
}

TEST(Examples, LabelsThatDoNotMeetTheOutput) {
  const TemporaryFolder folder;
  const auto error = [&](const Tensor& y, const Shape& output, Labels labels) {
    write_arrays(folder / "set.npz", {{"x", Tensor(DType::kFloat32, {3, 2})}, {"y", y}});
    return error_of([&] { (void)open_examples(folder / "set.npz", model({2}, output, labels), {}); });
  };
  EXPECT_THAT(error(Tensor::vector<int64_t>({0, 1, 3}), {3}, Labels::kDense),
              HasSubstr("set.npz: example 2: expected a class number of 0 to 2, found 3"));
  EXPECT_THAT(error(Tensor::vector<int64_t>({0, -1, 1}), {3}, Labels::kSparse),
              HasSubstr("set.npz: example 1: expected a class number of 0 to 2, found -1"));
  EXPECT_THAT(error(Tensor::vector<float>({0, 0.5F, 1}), {3}, Labels::kSparse),
              HasSubstr("class number of 0 to 2, found 0.5"));
  EXPECT_THAT(error(Tensor(DType::kFloat32, {3, 4}), {3}, Labels::kDense),
              HasSubstr("expected labels [3], class numbers [] or one-hot rows for each example"));
  EXPECT_THAT(error(Tensor(DType::kFloat32, {3, 3}), {3}, Labels::kSparse),
              HasSubstr("example 0: expected a one-hot row"));
  EXPECT_THAT(error(Tensor(DType::kFloat32, {3, 2, 2}), {3}, Labels::kSparse), HasSubstr("found [2, 2]"));
  EXPECT_THAT(error(Tensor::vector<float>({0, 0, std::numeric_limits<float>::quiet_NaN()}), {1}, Labels::kDense),
              HasSubstr("example 2: expected numbers as labels, found nan"));
  EXPECT_THAT(error(Tensor::vector<int64_t>({0, 1}), {3}, Labels::kDense),
              HasSubstr("expected 3 labels, one per example, found 2"));
}

TEST(Examples, SeveralInputsAndOutputsByNameOrNumber) {
  const TemporaryFolder folder;
  const ModelFormat two{{{"image", {2, 2, 1}}, {"words", {3}, DType::kInt32}},
                        {{"kind", {2}, Labels::kSparse}, {"size", {1}}}};
  const auto image = Tensor::of<uint8_t>({2, 2, 2, 1}, {0, 51, 102, 255, 255, 0, 0, 0});
  const auto words = Tensor::of<int64_t>({2, 3}, {70000, 2, 3, 4, 5, 16777217});
  const auto kind = Tensor::of<int64_t>({2}, {1, 0});
  const auto size = Tensor::of<float>({2}, {0.5F, 7});
  const data::NamedTensors by_name{{"size", size}, {"kind", kind}, {"words", words}, {"image", image}};
  const data::NamedTensors by_number{{"x0", image}, {"x1", words}, {"y0", kind}, {"y1", size}};
  const data::NamedTensors from_one{{"in1", image}, {"in2", words}, {"out1", kind}, {"out2", size}};
  for (const auto& arrays : {by_name, by_number, from_one}) {
    write_arrays(folder / "set.npz", arrays);
    const auto set = open_examples(folder / "set.npz", two, {});
    ASSERT_EQ(set.examples->size(), 2);
    std::vector<Tensor> x{Tensor(DType::kFloat32, {1, 2, 2, 1}), Tensor(DType::kInt32, {1, 3})};
    std::vector<Tensor> y{Tensor(DType::kFloat32, {1}), Tensor(DType::kFloat32, {1, 1})};
    set.examples->gather(std::vector<int64_t>{1}, 0, x, y);
    EXPECT_THAT(x[0].values<float>(), ElementsAre(1, 0, 0, 0));
    EXPECT_THAT(x[1].values<int32_t>(), ElementsAre(4, 5, 16777217));  // which float32 does not have
    EXPECT_EQ(y[0].values<float>()[0], 0);
    EXPECT_EQ(y[1].values<float>()[0], 7);
  }
  write_arrays(folder / "set.npz", {{"x0", image}, {"x1", words}, {"y0", kind}});
  EXPECT_THAT(
      error_of([&] { (void)open_examples(folder / "set.npz", two, {}); }),
      HasSubstr(
          "expected arrays for the model's outputs (kind, size), under these names or as y0 to y1; found x0, x1, y0"));
  write_arrays(folder / "set.npz", {{"x0", image}, {"x1", Tensor(DType::kInt32, {3, 3})}, {"y0", kind}, {"y1", size}});
  EXPECT_THAT(error_of([&] { (void)open_examples(folder / "set.npz", two, {}); }),
              HasSubstr("x1: expected 2 examples, as many as the first array has, found 3"));
  write_cifar(folder / "test_batch.bin", 0, 5);
  EXPECT_THAT(error_of([&] { (void)open_examples(folder / "test_batch.bin", two, {}); }),
              HasSubstr("expected an .npz or HDF5 file, for the model has 2 inputs and 2 outputs"));
}

TEST(Examples, CsvOfOneLabelOrSeveral) {
  const TemporaryFolder folder;
  write_file(folder / "set.csv", "a,b,mass,size\n1,2,0.5,7\n3,260,-1.25,8\n");
  data::OpenOptions options;
  options.label_column = "mass,size";
  auto set = open_examples(folder / "set.csv", model({2}, {2}), options);
  EXPECT_THAT(gather(*set.examples, {1}).y[0], ElementsAre(-1.25F, 8));
  options.label_column = "mass";
  options.preprocessing.set_preset("none");
  set = open_examples(folder / "set.csv", model({3}, {1}), options);
  EXPECT_THAT(gather(*set.examples, {1, 0}).y[0], ElementsAre(-1.25F, 0.5F));
  EXPECT_THAT(gather(*set.examples, {1}).x[0], ElementsAre(3, 260, 8));
  EXPECT_THAT(error_of([&] { (void)open_examples(folder / "set.csv", model({3}, {4}), options); }),
              HasSubstr("set.csv:2: column 3: expected a label (a whole number), found `0.5`"));
  options.label_column = "a,b,mass,size";
  EXPECT_THAT(error_of([&] { (void)open_examples(folder / "set.csv", model({3}, {4}), options); }),
              HasSubstr("all columns are labels"));
  write_file(folder / "set.csv", "1,cat\n2,dog\n3,cow\n");
  options.label_column = "2";
  EXPECT_THAT(error_of([&] { (void)open_examples(folder / "set.csv", model({1}, {1}), options); }),
              HasSubstr("expected two classes for the model's output [1], found 3 (cat, cow, dog)"));
}

TEST(Examples, PartsAndSplits) {
  const TemporaryFolder folder;
  write_cifar(folder / "data_batch_1.bin", 0, 10);
  const auto set = open_examples(folder.path(), model({32, 32, 3}, {10}, Labels::kSparse), train_split());
  const auto part = part_of(set.examples, 6, 4);
  EXPECT_EQ(part->size(), 4);
  EXPECT_THAT(gather(*part, {0, 3}).y[0], ElementsAre(6, 9));
  EXPECT_THAT(gather(*part_of(part, 1, 2), {1}).y[0], ElementsAre(8));
  EXPECT_THAT(error_of([&] { (void)part_of(part, 1, 4); }),
              HasSubstr("expected a part of 4 examples, found 4 from 1 on"));
  // Keras 2.15: int(math.floor(n * (1.0 - split))).
  EXPECT_EQ(split_at(50000, 0.1, "x"), 45000);
  EXPECT_EQ(split_at(10, 0.25, "x"), 7);
  EXPECT_EQ(split_at(27455, 4000, "x"), 23455);
  EXPECT_THAT(error_of([] { (void)split_at(5, 0.01, "set"); }), HasSubstr("no error"));  // floor(4.95)
  EXPECT_THAT(error_of([] { (void)split_at(1, 0.5, "set"); }), HasSubstr("none would be left to train on"));
  EXPECT_THAT(error_of([] { (void)split_at(5, 9, "set"); }), HasSubstr("none would be left to train on"));
  EXPECT_THAT(error_of([] { (void)split_at(5, 0, "set"); }), HasSubstr("none would be left to validate on"));
}

TEST(Shuffle, EachEpochHasItsOrder) {
  const Shuffle shuffle(1000, 7);
  std::vector<int64_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  std::set<std::vector<int64_t>> orders{all};
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    auto order = shuffle.order(epoch);
    EXPECT_EQ(order, Shuffle(1000, 7).order(epoch));
    EXPECT_TRUE(orders.insert(order).second);
    std::ranges::sort(order);
    EXPECT_EQ(order, all);
  }
  EXPECT_NE(Shuffle(1000, 8).order(0), shuffle.order(0));
  EXPECT_EQ(Shuffle(1, 7).order(3), std::vector<int64_t>{0});
}

// Every place is as likely for every example: 24 orders of 4, 24,000 epochs, a deviation of 32 expected from 1,000.
TEST(Shuffle, AllOrdersAreAlike) {
  std::map<std::vector<int64_t>, int> counts;
  const Shuffle shuffle(4, 3);
  for (int64_t epoch = 0; epoch < 24000; ++epoch) ++counts[shuffle.order(epoch)];
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 160);
}

TEST(ClassWeight, PairsAndJson) {
  for (const char* text :
       {"0:1,2:0.25,1:2.5", R"({"0": 1, "1": 2.5, "2": 0.25})", "[1, 2.5, 0.25]", " 0 : 1 , 1:2.5, 2:0.25"})
    EXPECT_THAT(ClassWeight::parse(text, 3).weights(), ElementsAre(1, 2.5F, 0.25F)) << text;
  const ClassWeight weight = ClassWeight::parse("0:1,1:2.5", 0);
  EXPECT_THAT(weight.of(Tensor::vector<float>({1, 0, 1})), ElementsAre(2.5F, 1, 2.5F));
  EXPECT_THAT(weight.of(Tensor::of<float>({2, 1}, {1, 0})), ElementsAre(2.5F, 1));
  EXPECT_THAT(weight.of(Tensor::of<float>({2, 2}, {0, 1, 1, 0})), ElementsAre(2.5F, 1));
  EXPECT_THAT(ClassWeight().of(Tensor(DType::kFloat32, {2, 5, 5})), ElementsAre(1, 1));
  EXPECT_THAT(error_of([&] { (void)weight.of(Tensor::vector<float>({2})); }), HasSubstr("classes of 0 to 1, found 2"));
  EXPECT_THAT(error_of([&] { (void)weight.of(Tensor::vector<float>({0.5F})); }),
              HasSubstr("classes of 0 to 1, found 0.5"));
  const auto error = [](const char* text) { return error_of([&] { (void)ClassWeight::parse(text, 3); }); };
  EXPECT_EQ(error("0:1,1:2"), "--class-weight: expected a weight for each of 3 classes, found none for class 2");
  EXPECT_EQ(error("0:1,1:2,2:1,3:1"), "--class-weight: expected classes of 0 to 2, found 3");
  EXPECT_EQ(error("0:1,0:2"), "--class-weight: class 0 is named twice");
  EXPECT_EQ(error("0:-1"), "--class-weight: class 0: expected a weight of 0 or more, found -1");
  EXPECT_THAT(error("0:1,1"), HasSubstr("expected CLASS:WEIGHT pairs such as 0:1,1:2.5, found `1`"));
  EXPECT_THAT(error("x:1"), HasSubstr("found `x` for a class"));
  EXPECT_THAT(error("{\"0\": \"a\"}"), HasSubstr("class 0: expected a weight of 0 or more, found \"a\""));
  EXPECT_THAT(error("{"), HasSubstr("expected JSON"));
}

}  // namespace
}  // namespace hoarfrost::training
