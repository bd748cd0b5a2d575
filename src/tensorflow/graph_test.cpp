#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <fstream>

#include "graph_equality.h"
#include "temporary_folder.h"

namespace hoarfrost::tensorflow {
namespace {

using testing_support::difference;
using testing_support::TemporaryFolder;

const std::filesystem::path kGraphs = std::filesystem::path(HOARFROST_GOLDEN) / "tensorflow";

// What TensorFlow wrote, read and written again. Python does not sort a message's attributes, so binary files are
// compared by what they say, text files by their bytes.
class GoldenGraph : public testing::TestWithParam<std::string> {};

TEST_P(GoldenGraph, ComesBack) {
  TemporaryFolder folder;
  const auto path = kGraphs / GetParam();
  const auto graph = read_graph(path);
  EXPECT_GT(graph.size(), 4U);
  const auto binary = folder / "copy.pb";
  const auto text = folder / "copy.pbtxt";
  write_graph(graph, binary);
  write_graph(graph, text);
  EXPECT_EQ(difference(graph, read_graph(binary)), "");
  EXPECT_EQ(difference(graph, read_graph(text)), "");
  EXPECT_EQ(std::filesystem::file_size(binary), graph_n_bytes(graph));
  if (path.extension() == ".pbtxt") {
    EXPECT_EQ(File::open(text)->text(), File::open(path)->text());
  }
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenGraph,
                         testing::Values("cifar/infer_graph.pb", "cifar/infer_graph.pbtxt", "cifar/frozen.pb",
                                         "graphs/resource_vars_text/graph.pbtxt", "graphs/cond_v1_ref/graph.pb",
                                         "graphs/cond_v2_function/graph.pb", "graphs/function_library/graph.pb",
                                         "graphs/control_devices/graph.pb", "graphs/train_graph_pruned/graph.pb",
                                         "graphs/while_v1_ref/graph.pb", "graphs/while_v1_ref/frozen.pb",
                                         "graphs/resource_gather/graph.pb"),
                         [](const auto& p) { return std::to_string(p.index); });

TEST(ReadGraph, TextAndBinarySayTheSame) {
  EXPECT_EQ(difference(read_graph(kGraphs / "cifar/infer_graph.pb"), read_graph(kGraphs / "cifar/infer_graph.pbtxt")),
            "");
}

TEST(ReadGraph, LargeConstantsStayInTheFile) {
  const auto graph = read_graph(kGraphs / "cifar/frozen.pb");
  const Tensor& kernel = graph.find("dense/kernel")->value();
  ASSERT_NE(kernel.file_range(), nullptr);
  EXPECT_EQ(kernel.n_bytes(), kernel.file_range()->n_bytes);
  EXPECT_EQ(graph.find("conv2d/bias")->value().file_range(), nullptr);
}

// TensorFlow 2.15 imports version 21 as <unknown>, 22 as ().
TEST(ReadGraph, OldScalarPlaceholdersAreOfUnknownShape) {
  TemporaryFolder folder;
  for (const auto& [version, shape] : {std::pair(21, Shape::unknown_rank()), std::pair(22, Shape{})}) {
    const auto path = folder / fmt::format("{}.pbtxt", version);
    std::ofstream(path) << "node { name: \"x\" op: \"Placeholder\" attr { key: \"dtype\" value { type: DT_FLOAT } }\n"
                           "attr { key: \"shape\" value { shape { } } } }\nversions { producer: "
                        << version << " }\n";
    EXPECT_EQ(read_graph(path).find("x")->get<Shape>("shape"), shape) << version;
  }
}

// Every kind of attribute and every type of constant.
graph::Graph every_kind() {
  graph::Graph graph;
  graph.producer = 24;
  auto& node = graph.add("NoOp", "all");
  node.set("s", "bytes\xff\n\"'")
      .set("i", -1)
      .set("f", graph::Attribute(0.1F))
      .set("b", true)
      .set("type", DType::kBFloat16);
  node.set("shape", Shape{1, kUnknown}).set("unknown", Shape::unknown_rank()).set("empty", graph::EmptyList{});
  node.set("ls", std::vector<std::string>{"a", ""})
      .set("li", std::vector<int64_t>{1, -2})
      .set("lf", std::vector<float>{1e-30F, 2});
  node.set("lb", std::vector<bool>{true, false})
      .set("lt", std::vector<DType>{DType::kInt8})
      .set("lshape", std::vector<Shape>{{}, {3}});
  node.set("ltensor", std::vector<Tensor>{Tensor::scalar(1.5F), Tensor::vector<int32_t>({1, 2, 3})});
  node.set("function", graph::FunctionName{"body", std::string("\x0a\x04", 2) + "body"});
  graph.add_const("scalar/half", Tensor(DType::kFloat16, {}));
  graph.add_const("scalar/bool", Tensor::scalar(true));
  graph.add_const("one", Tensor::of<int64_t>({1, 1}, {7}));
  graph.add_const("strings", Tensor({2}, std::vector<std::string>{"x", std::string("\0y", 2)}));
  graph.add_const("none", Tensor(DType::kFloat32, {0, 3}));
  graph.add_const("large", Tensor(DType::kFloat64, {40, 5}));
  graph.add_const("repeated", Tensor::repeating(Tensor::of<float>({2}, {1, 2}), {300, 2}));
  graph.add_const("complex", Tensor::scalar(std::complex<float>(1, -2)));
  for (const DType type : {DType::kInt8, DType::kUInt8, DType::kInt16, DType::kUInt16, DType::kUInt32, DType::kUInt64,
                           DType::kComplex128, DType::kBFloat16, DType::kQInt8, DType::kQInt32}) {
    graph.add_const("type/" + std::to_string(static_cast<int>(type)), Tensor(type, {1}));
  }
  return graph;
}

TEST(WriteGraph, EveryKindComesBack) {
  TemporaryFolder folder;
  const auto graph = every_kind();
  for (const char* name : {"all.pb", "all.pbtxt"}) {
    write_graph(graph, folder / name);
    const auto again = read_graph(folder / name);
    EXPECT_EQ(difference(graph, again), "") << name;
    EXPECT_EQ(again.find("repeated")->value().n_said(), 2);
    write_graph(again, folder / "again.pb");
    write_graph(graph, folder / "first.pb");
    EXPECT_EQ(File::open(folder / "again.pb")->text(), File::open(folder / "first.pb")->text());
  }
}

// OpenCV reads one element from its typed field only, and everything else from tensor_content only.
TEST(WriteGraph, OneElementIsTyped) {
  TemporaryFolder folder;
  graph::Graph graph;
  graph.add_const("one", Tensor::of<float>({1}, {2.5F}));
  graph.add_const("two", Tensor::of<int32_t>({2}, {1, 258}));
  write_graph(graph, folder / "g.pbtxt");
  const std::string text(File::open(folder / "g.pbtxt")->text());
  EXPECT_NE(text.find("float_val: 2.5\n"), std::string::npos);
  EXPECT_NE(text.find("tensor_content: \"\\001\\000\\000\\000\\002\\001\\000\\000\"\n"), std::string::npos);
}

TEST(WriteGraph, RefusesWhatProtobufCannotRead) {
  TemporaryFolder folder;
  write_file(folder / "zeros", "");
  std::filesystem::resize_file(folder / "zeros", uint64_t{1} << 31);  // sparse
  graph::Graph graph;
  graph.add_const(
      "huge", Tensor(DType::kUInt8, {int64_t{1} << 31}, FileRange{File::open(folder / "zeros"), 0, uint64_t{1} << 31}));
  for (const char* name : {"huge.pb", "huge.pbtxt"}) {
    try {
      write_graph(graph, folder / name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_EQ(std::string(error.what()),
                (folder / name).string() +
                    ": the graph would take 2147483727 bytes and protobuf reads at most 2147483647; "
                    "write its variables to a checkpoint instead (hoarfrost convert)");
    }
    EXPECT_FALSE(std::filesystem::exists(folder / name));
  }
}

// Text is read block by block: 3 MB here, more than one block.
TEST(ReadGraph, LongTextComesBack) {
  TemporaryFolder folder;
  std::vector<uint8_t> values(1'000'003);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint8_t>(i * i % 251);
  graph::Graph graph;
  graph.add_const("large", Tensor::vector(values));
  graph.add_const("after", Tensor::of<float>({2}, {1, 2}));
  write_graph(graph, folder / "long.pbtxt");
  EXPECT_GT(std::filesystem::file_size(folder / "long.pbtxt"), 2U << 20);
  EXPECT_EQ(difference(graph, read_graph(folder / "long.pbtxt")), "");
}

struct Broken {
  std::string content;
  std::string message;
};
class BrokenGraph : public testing::TestWithParam<Broken> {};

TEST_P(BrokenGraph, IsRefused) {
  TemporaryFolder folder;
  const auto path = folder / "g.pb";
  write_file(path, GetParam().content);
  try {
    read_graph(path);
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), path.string() + ": " + GetParam().message);
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenGraph,
    testing::Values(
        Broken{"", "expected a GraphDef, found an empty file"},
        Broken{"\x0a\x7f short", "truncated: field 1 says 127 bytes, 6 are left"},
        Broken{"\x89HDF\r\n\x1a\n", "expected a GraphDef, found a Keras model (HDF5): hoarfrost freeze takes it"},
        Broken{std::string("\x0a\x02\x0a\x00", 4), "a  node has no name"},
        Broken{"node { name: \"a\" op: \"NoOp\" }\nnode { name: \"a\" op: \"NoOp\" }", "two nodes are named `a`"},
        Broken{"node {\n  name: \"a\"\n  oops: 1\n}",
               "line 3, column 7: Message type \"hoarfrost.proto.NodeDef\" has no field named \"oops\"."},
        Broken{"node { name: \"a\" op: \"Relu\" input: \"b:1\" }",
               "node `a`: input `b:1` is no node of the graph; the file may be a part of one"},
        Broken{"node { name: \"a\" op: \"Relu\" input: \"a:x\" }", "node `a`: input `a:x` is no output's name"},
        Broken{"node { name: \"a\" op: \"Const\" attr { key: \"value\" value { tensor { dtype: DT_FLOAT tensor_shape { "
               "dim { size: 1000000000 } dim { size: 1000000000 } } float_val: 1 } } } }",
               "node `a`: attribute `value`: a constant claims 4000000000000000000 bytes that the file does not have"},
        Broken{"node { name: \"a\" op: \"Const\" attr { key: \"value\" value { tensor { dtype: DT_FLOAT tensor_shape { "
               "dim { size: 9000000000 } dim { size: 9000000000 } } } } } }",
               "node `a`: attribute `value`: a tensor of shape [9000000000, 9000000000]"},
        Broken{"node { name: \"a\" op: \"Const\" attr { key: \"value\" value { tensor { dtype: DT_INT32 tensor_shape { "
               "dim { size: 2 } } tensor_content: \"123\" } } } }",
               "node `a`: attribute `value`: expected 8 bytes for a int32 tensor [2], found 3"},
        Broken{
            "node { name: \"a\" op: \"Const\" attr { key: \"value\" value { tensor { dtype: DT_STRING tensor_shape { "
            "dim { size: 1000000000000 } } } } } }",
            "node `a`: attribute `value`: a constant claims 32000000000000 bytes that the file does not have"}),
    [](const auto& p) { return std::to_string(p.index); });

TEST(ReadGraph, EveryTruncationIsRefusedOrShorter) {
  TemporaryFolder folder;
  const std::string whole(File::open(kGraphs / "graphs/ref_vars/graph.pb")->text());
  for (size_t n = 1; n < whole.size(); n += 7) {
    std::ofstream(folder / "g.pb", std::ios::binary) << whole.substr(0, n);
    try {
      EXPECT_LT(read_graph(folder / "g.pb").size(), 40U);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt) << error.what();
    }
  }
}

}  // namespace
}  // namespace hoarfrost::tensorflow
