// The structure of what is written; what it computes is held against ONNX Runtime by
// tools/interop/onnx_and_saved_model.py.
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/onnx.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "onnx/translation.h"
#include "temporary_folder.h"

namespace hoarfrost::onnx {
namespace {

using graph::Graph;
using graph::Node;
using testing_support::TemporaryFolder;

Tensor counted(Shape shape) {
  Tensor tensor(DType::kFloat32, std::move(shape));
  const auto values = tensor.mutable_values<float>();
  std::iota(values.begin(), values.end(), 0.0F);
  return tensor;
}

Node& add_input(Graph& graph, Shape shape) {
  return graph.add("Placeholder", "x").set("dtype", DType::kFloat32).set("shape", std::move(shape));
}

Node& add_convolution(Graph& graph, const std::string& name, Node& input, Shape filter, const char* op = "Conv2D") {
  Node& weights = graph.add_const(name + "/kernel", counted(std::move(filter)));
  Node& node = graph.add(op, name, {input.output(), weights.output()});
  return node.set("T", DType::kFloat32)
      .set("strides", std::vector<int64_t>{1, 1, 1, 1})
      .set("padding", "SAME")
      .set("data_format", "NHWC");
}

Node& add_relu(Graph& graph, const std::string& name, Node& input) {
  return graph.add("Relu", name, {input.output()}).set("T", DType::kFloat32);
}

ModelText translate(const Graph& graph, Node& input, Node& output, int opset = 17) {
  return Translation(graph, {{input.output()}, {output.output()}}, opset).run("test");
}

std::vector<std::string> ops_of(const ModelText& model) {
  std::vector<std::string> ops;
  for (const auto& node : model.nodes) ops.push_back(node.op);
  return ops;
}

TEST(Translation, AChainOfConvolutionsHasOneTransposeAtEachEnd) {
  Graph graph;
  Node& x = add_input(graph, {kUnknown, 8, 8, 3});
  Node& first = add_relu(graph, "r1", add_convolution(graph, "c1", x, {3, 3, 3, 4}));
  Node& second = add_relu(graph, "r2", add_convolution(graph, "c2", first, {3, 3, 4, 2}));
  EXPECT_EQ(ops_of(translate(graph, x, second)),
            (std::vector<std::string>{"Transpose", "Conv", "Relu", "Conv", "Relu", "Transpose"}));
}

// [h, w, in, out] with the values 0, 1, …: the element (h, w, i, o) is ((h * 1 + w) * 2 + i) * 3 + o.
TEST(Translation, FiltersAreTransposed) {
  Graph graph;
  Node& x = add_input(graph, {1, 4, 4, 2});
  Node& y = add_convolution(graph, "c", x, {2, 1, 2, 3});
  const ModelText model = translate(graph, x, y);
  ASSERT_EQ(model.initializers.size(), 1U);
  EXPECT_EQ(model.initializers[0].second.shape(), (Shape{3, 2, 2, 1}));
  const auto values = model.initializers[0].second.values<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()),
            (std::vector<float>{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11}));
}

// SAME of an even kernel pads one row more at the end: 4 rows, a kernel of 2, total 1.
TEST(Translation, SameIsAsymmetric) {
  Graph graph;
  Node& x = add_input(graph, {1, 4, 4, 2});
  Node& y = add_convolution(graph, "c", x, {2, 1, 2, 3});
  const ModelText model = translate(graph, x, y);
  EXPECT_EQ(std::get<std::vector<int64_t>>(model.nodes[1].attributes.at("pads")), (std::vector<int64_t>{0, 0, 1, 0}));
}

TEST(Translation, EveryInputIsMadeBeforeItIsUsed) {
  Graph graph;
  Node& x = add_input(graph, {kUnknown, 8, 8, 3});
  Node& y = add_relu(graph, "r", add_convolution(graph, "c", x, {3, 3, 3, 1}, "DepthwiseConv2dNative"));
  for (int opset = kFirstOpset; opset <= kLastOpset; ++opset) {
    const ModelText model = translate(graph, x, y, opset);
    std::set<std::string> made = {"", "x"};
    for (const auto& [name, tensor] : model.initializers) EXPECT_TRUE(made.insert(name).second) << name;
    for (const auto& node : model.nodes) {
      for (const auto& input : node.inputs) EXPECT_TRUE(made.contains(input)) << input;
      for (const auto& output : node.outputs) EXPECT_TRUE(made.insert(output).second) << output;
    }
    EXPECT_TRUE(made.contains("r"));
  }
}

// ONNX Runtime takes no two nodes of one name: an Unpack becomes a Split and a Squeeze for each part.
TEST(Translation, NodesHaveNamesOfTheirOwn) {
  Graph graph;
  Node& x = add_input(graph, {3, 2});
  Node& parts = graph.add("Unpack", "u", {x.output()}).set("T", DType::kFloat32).set("num", 3).set("axis", 0);
  Node& y = graph.add("Add", "y", {parts.output(0), parts.output(2)}).set("T", DType::kFloat32);
  const ModelText model = translate(graph, x, y);
  EXPECT_EQ(ops_of(model), (std::vector<std::string>{"Split", "Squeeze", "Squeeze", "Squeeze", "Add"}));
  std::set<std::string> names;
  for (const auto& node : model.nodes) EXPECT_TRUE(names.insert(node.name).second) << node.name;
}

TEST(Translation, WhatOnnxHasNotIsRefusedByName) {
  Graph graph;
  Node& x = add_input(graph, {2, 3});
  Node& y = graph.add("Loop3", "strange/op", {x.output()});
  Node& z = add_relu(graph, "r", y);
  EXPECT_THROW(translate(graph, x, z), Error);
}

TEST(WriteModel, OpsetsOutsideAreRefused) {
  Graph graph;
  Node& x = add_input(graph, {2, 3});
  Node& y = add_relu(graph, "r", x);
  const TemporaryFolder folder;
  for (const int opset : {12, 19}) {
    Options options;
    options.opset = opset;
    EXPECT_THROW(write_model(graph, {{x.output()}, {y.output()}}, folder / "m.onnx", options), Error);
    EXPECT_FALSE(std::filesystem::exists(folder / "m.onnx"));
  }
}

// ModelProto: ir_version 8, producer "hoarfrost", opset_import { "" 15 }, graph { node { input x, output r, name r, op
// Relu } … }.
TEST(WriteModel, BytesAreOnnxs) {
  Graph graph;
  Node& x = add_input(graph, {2});
  Node& y = add_relu(graph, "r", x);
  const TemporaryFolder folder;
  Options options;
  options.opset = 15;
  options.name = "m";
  write_model(graph, {{x.output()}, {y.output()}}, folder / "m.onnx", options);
  const std::string expected = std::string("\x08\x08\x12\x09hoarfrost\x42\x04\x0a\x00\x10\x0f", 19) +  // model
                               std::string("\x3a\x33", 2) +                                            // graph
                               std::string("\x0a\x0f\x0a\x01x\x12\x01r\x1a\x01r\x22\x04Relu", 17) +
                               std::string("\x12\x01m", 3) +  // node, name
                               std::string("\x5a\x0d\x0a\x01x\x12\x08\x0a\x06\x08\x01\x12\x02\x0a\x00", 15);
  const std::string found(File::open(folder / "m.onnx")->text());
  EXPECT_EQ(found.substr(0, 19), expected.substr(0, 19));
  EXPECT_EQ(found.substr(21, 17), expected.substr(21, 17));
  EXPECT_EQ(found.substr(38, 3), expected.substr(38, 3));
}

TEST(WriteModel, ExternalDataHoldsTheWeights) {
  Graph graph;
  Node& x = add_input(graph, {1, 4, 4, 64});
  Node& y = add_convolution(graph, "c", x, {1, 1, 64, 64});
  const TemporaryFolder folder;
  Options options;
  options.external_data = true;
  const auto written = write_model(graph, {{x.output()}, {y.output()}}, folder / "m.onnx", options);
  ASSERT_EQ(written.files.size(), 2U);
  EXPECT_EQ(std::filesystem::file_size(folder / "m.onnx.data"), 64U * 64U * 4U);
  EXPECT_LT(std::filesystem::file_size(folder / "m.onnx"), 1000U);
  const auto data = File::open(folder / "m.onnx.data");
  float second = 0;  // (out 0, in 1) is the element (in 1, out 0) of TensorFlow's filter
  data->read(4, std::as_writable_bytes(std::span(&second, 1)));
  EXPECT_EQ(second, 64.0F);
}

}  // namespace
}  // namespace hoarfrost::onnx
