// Holds every registered op to real TensorFlow: tests/golden/ops/*.json (tools/make_op_goldens.py) tells attributes,
// inputs and outputs of one node each. infer must say the shapes that came out, and nothing that is false when it is
// told less; the reference must give the values. A registered op without a case fails.
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "ops/op.h"

namespace hoarfrost::ops {
namespace {

using graph::Graph;
using graph::Node;
using nlohmann::json;

struct Tolerance {
  std::string_view op;
  double value;  // of |ours - TensorFlow's| / (1 + |TensorFlow's|)
};
// Float results that are not listed may be 1e-6 away: a few units in the last place of TensorFlow's vectorized
// functions.
constexpr Tolerance kTolerances[] = {
    {"Conv2D", 3e-6},  // sums of products: TensorFlow's are in float32, ours in double
    {"Conv3D", 3e-6},
    {"DepthwiseConv2dNative", 3e-6},
    {"Conv2DBackpropInput", 3e-6},
    {"Conv3DBackpropInputV2", 3e-6},
    {"MatMul", 3e-6},
    {"BatchMatMul", 3e-6},
    {"BatchMatMulV2", 3e-6},
    {"Einsum", 3e-6},
    {"Conv2DBackpropFilter", 3e-6},
    {"Conv3DBackpropFilterV2", 3e-6},
    {"FusedBatchNormGrad", 3e-6},
    {"FusedBatchNormGradV2", 3e-6},
    {"FusedBatchNormGradV3", 3e-6},
    {"DepthwiseConv2dNativeBackpropFilter", 3e-6},
    {"DepthwiseConv2dNativeBackpropInput", 3e-6},
};
// Results are the nearest of few: half a unit in the last place at 1 for the type, twice, as TensorFlow rounds in
// between.
double tolerance_of(std::string_view op, DType dtype) {
  if (dtype == DType::kFloat16) return 2e-3;
  if (dtype == DType::kBFloat16) return 1.6e-2;
  if (dtype == DType::kFloat64) return 1e-13;
  if (dtype != DType::kFloat32) return 0;
  for (const auto& [name, value] : kTolerances) {
    if (name == op) return value;
  }
  return 1e-6;
}

double number_of(const json& value) {
  if (!value.is_string()) return value.get<double>();
  const auto text = value.get<std::string>();
  return text == "nan" ? std::nan("") : text == "inf" ? INFINITY : -INFINITY;
}

Tensor tensor_without_values(const json& value) {
  return Tensor(dtype_from_name(value.at("dtype").get<std::string>()).value(),
                Shape(value.at("shape").get<std::vector<int64_t>>()));
}

Tensor tensor_of(const json& value) {
  const DType dtype = dtype_from_name(value.at("dtype").get<std::string>()).value();
  const Shape shape(value.at("shape").get<std::vector<int64_t>>());
  if (dtype == DType::kString) return Tensor(shape, value.at("values").get<std::vector<std::string>>());
  if (dtype == DType::kInt64) return Tensor::of<int64_t>(shape, value.at("values").get<std::vector<int64_t>>());
  std::vector<double> numbers;
  for (const json& number : value.at("values")) numbers.push_back(number_of(number));
  return Tensor::of<double>(shape, numbers).cast(dtype);
}

graph::Attribute attribute_of(const json& value) {
  const std::string kind = value.begin().key();
  const json& v = value.begin().value();
  if (kind == "type") return dtype_from_name(v.get<std::string>()).value();
  if (kind == "shape") return Shape(v.get<std::vector<int64_t>>());
  if (kind == "s") return v.get<std::string>();
  if (kind == "i") return v.get<int64_t>();
  if (kind == "f") return v.get<float>();
  if (kind == "b") return v.get<bool>();
  if (kind == "tensor") return tensor_of(v);
  if (kind == "types") {
    std::vector<DType> types;
    for (const json& name : v) types.push_back(dtype_from_name(name.get<std::string>()).value());
    return types;
  }
  if (v.empty()) return graph::EmptyList{};
  return v.get<std::vector<int64_t>>();
}

struct Case {
  std::string name;
  json text;
  friend std::ostream& operator<<(std::ostream& out, const Case& item) { return out << item.name; }  // for GoogleTest
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(HOARFROST_GOLDEN "/ops")) files.insert(entry.path());
  for (const auto& file : files) {
    const json text = json::parse(std::ifstream(file));
    std::map<std::string, int> n_seen;
    for (const json& item : text.at("cases")) {
      const auto op = item.at("op").get<std::string>();
      cases.push_back({file.stem().string() + "_" + op + "_" + std::to_string(n_seen[op]++), item});
    }
  }
  return cases;
}

// The case's node, its inputs being placeholders, and its tensors.
struct OneNode {
  Graph graph;
  Node* node;
  std::vector<Tensor> inputs, outputs;
  std::vector<bool> has_values;  // false: TensorFlow leaves this output uninitialized

  explicit OneNode(const json& text) {
    std::vector<graph::Endpoint> sources;
    for (const json& input : text.at("inputs")) {
      inputs.push_back(tensor_of(input));
      sources.push_back(graph.add("Placeholder", "input" + std::to_string(sources.size())).output());
    }
    node = &graph.add(text.at("op").get<std::string>(), "node", sources);
    for (const auto& [key, value] : text.at("attributes").items()) node->set(key, attribute_of(value));
    for (const json& output : text.at("outputs")) {
      has_values.push_back(output.contains("values"));
      outputs.push_back(has_values.back() ? tensor_of(output) : tensor_without_values(output));
    }
  }
};

bool may_be(const Shape& told, const Shape& actual) {
  if (!told.has_rank()) return true;
  if (told.rank() != actual.rank()) return false;
  for (int axis = 0; axis < told.rank(); ++axis) {
    if (told[axis] >= 0 && told[axis] != actual[axis]) return false;
  }
  return true;
}

// What is told of the inputs: everything, or less and less of it.
enum class Telling { kValues, kShapesAndParameters, kShapes, kRanks, kNothing };

std::vector<Known> told(const std::vector<Tensor>& inputs, Telling telling) {
  std::vector<Known> result;
  for (const Tensor& tensor : inputs) {
    Known known{tensor.dtype(), tensor.shape(), tensor, {}};
    const bool is_parameter = tensor.dtype() == DType::kInt32 || tensor.dtype() == DType::kInt64;
    if (telling != Telling::kValues && !(telling == Telling::kShapesAndParameters && is_parameter))
      known.value = Tensor();
    if (telling == Telling::kRanks)
      known.shape = Shape(std::vector<int64_t>(static_cast<size_t>(tensor.shape().rank()), kUnknown));
    if (telling == Telling::kNothing) known.shape = Shape::unknown_rank();
    result.push_back(known);
  }
  return result;
}

void expect_near(const Tensor& ours, const Tensor& theirs, std::string_view op) {
  ASSERT_EQ(ours.dtype(), theirs.dtype());
  ASSERT_EQ(ours.shape().to_string(), theirs.shape().to_string());
  if (ours.dtype() == DType::kString) {
    EXPECT_EQ(ours.strings(), theirs.strings());
    return;
  }
  if (ours.dtype() == DType::kInt64) {  // a double does not hold them all
    EXPECT_TRUE(std::ranges::equal(ours.values<int64_t>(), theirs.values<int64_t>()));
  }
  const double tolerance = tolerance_of(op, ours.dtype());
  const Reader a(ours), b(theirs);
  for (int64_t i = 0; i < ours.n_elements(); ++i) {
    if (std::isnan(b[i])) {
      EXPECT_TRUE(std::isnan(a[i])) << "element " << i;
    } else if (std::isinf(b[i])) {
      EXPECT_EQ(a[i], b[i]) << "element " << i;
    } else {
      EXPECT_LE(std::abs(a[i] - b[i]), tolerance * (1 + std::abs(b[i])))
          << "element " << i << ": " << a[i] << ", TensorFlow " << b[i];
    }
  }
}

class OpGolden : public testing::TestWithParam<Case> {};

TEST_P(OpGolden, InfersAndComputesAsTensorFlow) {
  const OneNode one(GetParam().text);
  const OpSpec* spec = find_op(one.node->op());
  ASSERT_NE(spec, nullptr) << one.node->op();
  for (const Telling telling :
       {Telling::kValues, Telling::kShapesAndParameters, Telling::kShapes, Telling::kRanks, Telling::kNothing}) {
    const auto outputs = infer_node(*one.node, told(one.inputs, telling));
    ASSERT_EQ(outputs.size(), one.outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Shape& actual = one.outputs[i].shape();
      EXPECT_EQ(outputs[i].dtype, one.outputs[i].dtype());
      EXPECT_TRUE(may_be(outputs[i].shape, actual))
          << outputs[i].shape.to_string() << ", TensorFlow " << actual.to_string();
      // A PlaceholderWithDefault may be fed another shape than its default's; how many there are of the others'
      // results, only running them tells.
      const bool is_open =
          one.node->op() == "PlaceholderWithDefault" || one.node->op() == "Where" || one.node->op() == "StringSplit";
      if (telling == Telling::kValues && !one.inputs.empty() && !is_open) {
        EXPECT_EQ(outputs[i].shape.to_string(), actual.to_string());
      }
    }
  }
  if (spec->reference == nullptr) return;
  const auto outputs = run_node(*one.node, one.inputs);
  ASSERT_EQ(outputs.size(), one.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (one.has_values[i]) {
      expect_near(outputs[i], one.outputs[i], one.node->op());
    } else {
      EXPECT_EQ(outputs[i].shape(), one.outputs[i].shape());
    }
  }
}

// A node that is given too little must say so, whatever it is.
TEST_P(OpGolden, RefusesMissingInputs) {
  OneNode one(GetParam().text);
  const bool takes_any_number = one.node->op() == "IdentityN" || one.node->op() == "ShapeN" ||
                                one.node->op() == "AddN" || one.node->op() == "Pack" || one.node->op() == "Concat" ||
                                one.node->op() == "ConcatV2" || one.node->op() == "StringJoin" ||
                                one.node->op() == "SparseCross";
  const size_t n = one.inputs.size();
  for (size_t fewer = 0; fewer < n && !(takes_any_number && fewer > 0); ++fewer) {
    if (one.node->op() == "IdentityN" || one.node->op() == "ShapeN") continue;
    const std::vector<Tensor> few(one.inputs.begin(), one.inputs.begin() + static_cast<int64_t>(fewer));
    EXPECT_THROW((void)infer_node(*one.node, told(few, Telling::kValues)), Error);
    EXPECT_THROW((void)run_node(*one.node, few), Error);
  }
}

INSTANTIATE_TEST_SUITE_P(TensorFlow, OpGolden, testing::ValuesIn(all_cases()),
                         [](const auto& one) { return one.param.name; });

TEST(OpGoldens, EveryOpHasACase) {
  std::set<std::string> with_case;
  for (const Case& item : all_cases()) with_case.insert(item.text.at("op").get<std::string>());
  // What means something in its place in a graph alone: tests/flow_golden_test.cpp.
  const auto is_flow = [](std::string_view op) {
    if (op.starts_with("Ref")) op.remove_prefix(3);
    return op.starts_with("TensorArray") || op == "Enter" || op == "Exit" || op == "NextIteration" ||
           op == "LoopCond" || op == "Switch" || op == "Merge" || op == "Assert";
  };
  for (const OpSpec* spec : all_ops()) {
    if (is_flow(spec->name)) continue;
    EXPECT_TRUE(with_case.contains(std::string(spec->name)))
        << spec->name << " has no case: add one to tools/make_op_goldens.py";
  }
}

}  // namespace
}  // namespace hoarfrost::ops
