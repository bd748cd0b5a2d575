#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include "graph_equality.h"
#include "temporary_folder.h"

namespace hoarfrost::tensorflow {
namespace {

using testing_support::difference;
using testing_support::TemporaryFolder;

const std::filesystem::path kMetaGraphs = std::filesystem::path(HOARFROST_GOLDEN) / "tensorflow";

bool is_saver(const graph::Node& node) { return node.name().starts_with("save/"); }

// TensorFlow's own save/ nodes taken out and ours put in: the same nodes in the same order, but for two attributes that
// TensorFlow 1 does not know.
void expect_same_saver(const std::filesystem::path& path, const std::vector<std::string>& variables) {
  auto golden = read_graph(path);
  auto ours = golden.clone();
  ours.retain([](const graph::Node& node) { return !is_saver(node); });
  add_saver(ours, variables);
  for (const auto* graph : {&golden, &ours}) {
    for (const auto& node : graph->nodes()) {
      node->attributes.erase("_has_manual_control_dependencies");
      if (node->op() == "AssignVariableOp") node->attributes.erase("validate_shape");
    }
  }
  EXPECT_EQ(difference(golden, ours), "");
}

std::vector<std::string> names_of(const std::filesystem::path& checkpoint) {
  std::vector<std::string> names;
  for (const auto& [name, value] : read_checkpoint(checkpoint)) names.push_back(name);
  return names;
}

TEST(AddSaver, AddsTensorFlowsNodes) {
  expect_same_saver(kMetaGraphs / "cifar/infer_graph.pb", names_of(kMetaGraphs / "cifar/tfchkpt.ckpt"));
  expect_same_saver(kMetaGraphs / "graphs/ref_vars/graph.pb", {"l1/w", "l1/b", "l0/w", "l0/b"});
  expect_same_saver(kMetaGraphs / "graphs/input_saver_resource/graph.pb", {"l1/w", "l1/b", "l0/w", "l0/b"});
}

TEST(AddSaver, SavesVariablesOnly) {
  auto graph = read_graph(kMetaGraphs / "graphs/ref_vars/graph.pb");
  EXPECT_THROW(add_saver(graph, {"l0/w"}), Error);  // it has one
  graph.retain([](const graph::Node& node) { return !is_saver(node); });
  EXPECT_THROW(add_saver(graph, {"x"}), Error);
  EXPECT_THROW(add_saver(graph, {}), Error);
}

TEST(MetaGraph, IsReadAsTensorFlowWroteIt) {
  const auto meta = read_meta_graph(kMetaGraphs / "cifar/tfchkpt.ckpt.meta");
  EXPECT_EQ(meta.restore_op_name, "save/restore_all");
  EXPECT_EQ(meta.filename_tensor_name, "save/Const:0");
  EXPECT_EQ(meta.variables.size(), 16U);
  EXPECT_EQ(meta.variables[0], "conv2d/kernel");
  for (const auto& node : meta.graph.nodes())
    node->attributes.erase("_output_shapes");  // a .meta has them, a .pb has not
  EXPECT_EQ(difference(meta.graph, read_graph(kMetaGraphs / "cifar/infer_graph.pb")), "");
}

TEST(MetaGraph, ComesBack) {
  TemporaryFolder folder;
  const auto meta = read_meta_graph(kMetaGraphs / "graphs/metagraph/model.ckpt.meta");
  write_meta_graph(meta.graph, meta.variables, {meta.variables[0]}, folder / "again.meta");
  const auto again = read_meta_graph(folder / "again.meta");
  EXPECT_EQ(difference(meta.graph, again.graph), "");
  EXPECT_EQ(again.variables, meta.variables);
  EXPECT_EQ(again.restore_op_name, "save/restore_all");
}

TEST(MetaGraph, NamesWhatIsWrong) {
  TemporaryFolder folder;
  graph::Graph graph;
  graph.add("VariableV2", "w").set("dtype", DType::kFloat32).set("shape", Shape{2});
  EXPECT_THROW(write_meta_graph(graph, {"w"}, {}, folder / "a.meta"), Error);
  EXPECT_THROW(write_meta_graph(graph, {"v"}, {}, folder / "a.meta"), Error);
  try {
    read_meta_graph(kMetaGraphs / "cifar/checkpoint");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                testing::EndsWith("checkpoint: line 1, column 22: Message type \"hoarfrost.proto.MetaGraphDef\" has "
                                  "no field named \"model_checkpoint_path\"."));
  }
}

TEST(SavedModel, IsFoundByItsTags) {
  const auto folder = kMetaGraphs / "graphs/saved_model_v1/sm";
  const auto saved = read_saved_model(folder);
  EXPECT_EQ(saved.variables_prefix, folder / "variables/variables");
  EXPECT_EQ(saved.meta_graph.variables.size(), 4U);
  ASSERT_TRUE(saved.meta_graph.signatures.contains("serving_default"));
  EXPECT_EQ(saved.meta_graph.signatures.at("serving_default").outputs.begin()->second, "out:0");
  try {
    read_saved_model(folder, "serve,gpu");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              (folder / "saved_model.pb").string() + ": no MetaGraph has the tags `gpu,serve`; there are: serve");
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace hoarfrost::tensorflow
