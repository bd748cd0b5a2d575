// Every gradient against finite differences in double precision, on the nodes of tests/golden/ops: Σ w · output, with
// random w, differentiated by each float input. An op that has neither a gradient nor a line among the not
// differentiable ones fails.
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using nlohmann::json;

bool is_float(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}
DType widened(DType dtype) { return is_float(dtype) ? DType::kFloat64 : dtype; }

double number_of(const json& value) { return value.is_string() ? 0.5 : value.get<double>(); }

Tensor tensor_of(const json& value) {
  const DType dtype = dtype_from_name(value.at("dtype").get<std::string>()).value();
  std::vector<double> numbers;
  for (const json& number : value.at("values")) numbers.push_back(number_of(number));
  return Tensor::of<double>(Shape(value.at("shape").get<std::vector<int64_t>>()), numbers).cast(widened(dtype));
}

// ResizeBilinear computes in float32 whatever its input is.
bool is_single(const std::string& op) { return op == "ResizeBilinear"; }

graph::Attribute attribute_of(const json& value) {
  const std::string kind = value.begin().key();
  const json& v = value.begin().value();
  if (kind == "type") return widened(dtype_from_name(v.get<std::string>()).value());
  if (kind == "shape") return Shape(v.get<std::vector<int64_t>>());
  if (kind == "s") return v.get<std::string>();
  if (kind == "i") return v.get<int64_t>();
  if (kind == "f") return v.get<float>();
  if (kind == "b") return v.get<bool>();
  if (kind == "tensor") return tensor_of(v);
  if (kind == "types") return std::vector<DType>(v.size(), DType::kInt32);
  if (v.empty()) return graph::EmptyList{};
  return v.get<std::vector<int64_t>>();
}

struct Case {
  std::string name;
  json text;
  [[nodiscard]] std::string op() const { return text.at("op").get<std::string>(); }
  friend std::ostream& operator<<(std::ostream& out, const Case& item) { return out << item.name; }
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(HOARFROST_GOLDEN "/ops")) files.insert(entry.path());
  for (const auto& file : files) {
    std::map<std::string, int> n_seen;
    const json text = json::parse(std::ifstream(file));
    for (const json& item : text.at("cases")) {
      const auto op = item.at("op").get<std::string>();
      cases.push_back({file.stem().string() + "_" + op + "_" + std::to_string(n_seen[op]++), item});
    }
  }
  return cases;
}

// Whether any of these tensors is one of floats.
bool has_float(const json& tensors) {
  return std::ranges::any_of(tensors, [](const json& tensor) {
    return is_float(dtype_from_name(tensor.at("dtype").get<std::string>()).value());
  });
}

std::vector<Case> differentiable_cases() {
  auto cases = all_cases();
  std::erase_if(cases, [](const Case& item) {
    const GradientSpec* spec = find_gradient(item.op());
    return spec == nullptr || spec->gradients == nullptr || !has_float(item.text.at("inputs")) ||
           !has_float(item.text.at("outputs"));
  });
  return cases;
}

// The case's node on Placeholders of float inputs and constants of the others, and a weighted sum of its float outputs.
class Differentiated {
 public:
  explicit Differentiated(const Case& item) {
    const json& text = item.text;
    std::vector<Endpoint> inputs;
    for (const json& input : text.at("inputs")) {
      Tensor value = tensor_of(input);
      const bool is_statistic = item.op().starts_with("FusedBatchNorm") && inputs.size() > 2;
      if (!is_float(value.dtype()) || is_statistic) {
        inputs.push_back(graph.add_const("constant" + std::to_string(inputs.size()), value).output());
        continue;
      }
      // Off the multiples of 1/16: no two are equal then, and none is where a function bends.
      for (double& x : value.mutable_values<double>()) x += std::uniform_real_distribution<double>(0.002, 0.03)(random);
      Node& node = graph.add("Placeholder", "input" + std::to_string(inputs.size()));
      node.set("dtype", DType::kFloat64).set("shape", value.shape());
      sources.push_back(node.output());
      values.push_back(value);
      inputs.push_back(node.output());
    }
    Node& node = graph.add(item.op(), "node", inputs);
    for (const auto& [key, value] : text.at("attributes").items()) node.set(key, attribute_of(value));
    builder.emplace(graph);
    std::vector<Endpoint> sums;
    const bool has_one = item.op().starts_with("FusedBatchNorm");  // the others are statistics, for no one to learn by
    for (int i = 0; i < static_cast<int>(text.at("outputs").size()) && (i == 0 || !has_one); ++i) {
      const Endpoint output{&node, i};
      if (!is_float(builder->dtype(output))) continue;
      Tensor weights(DType::kFloat64, builder->shape(output));
      for (double& w : weights.mutable_values<double>()) w = std::uniform_real_distribution<double>(-1, 1)(random);
      const Endpoint wide = builder->cast(output, DType::kFloat64);
      sums.push_back(builder->reduce_all("Sum", builder->add("Mul", {wide, builder->constant(weights)})));
    }
    if (!sums.empty()) target = builder->sum_of(sums);
  }

  double value_at(const std::vector<Tensor>& at) const {
    std::map<Endpoint, Tensor> feeds;
    for (size_t i = 0; i < at.size(); ++i) feeds[sources[i]] = at[i];
    const Endpoint fetches[] = {target};
    return ops::evaluate(graph, feeds, fetches)[0].values<double>()[0];
  }

  std::mt19937 random{1};
  graph::Graph graph;
  std::optional<Builder> builder;
  std::vector<Endpoint> sources;
  std::vector<Tensor> values;
  Endpoint target;
};

void expect_finite_differences(const Differentiated& d, const std::vector<Tensor>& gradients, double step,
                               double tolerance) {
  for (size_t i = 0; i < gradients.size(); ++i) {
    ASSERT_EQ(gradients[i].shape(), d.values[i].shape());
    for (int64_t element = 0; element < gradients[i].n_elements(); ++element) {
      const auto moved = [&](double by) {
        std::vector<Tensor> at = d.values;
        at[i] = Tensor::of<double>(at[i].shape(), at[i].values<double>());
        at[i].mutable_values<double>()[static_cast<size_t>(element)] += by;
        return d.value_at(at);
      };
      const double expected = (moved(step) - moved(-step)) / (2 * step);
      const double found = gradients[i].values<double>()[static_cast<size_t>(element)];
      if (!std::isfinite(expected)) continue;  // outside the function's domain, as log(-1)
      EXPECT_NEAR(found, expected, tolerance * (1 + std::abs(expected))) << "input " << i << ", element " << element;
    }
  }
}

class Gradient : public testing::TestWithParam<Case> {};

TEST_P(Gradient, IsTheFiniteDifference) {
  Differentiated d(GetParam());
  ASSERT_TRUE(d.target && !d.sources.empty());
  std::vector<Endpoint> gradients;
  try {
    gradients = differentiate(*d.builder, d.target, d.sources);
  } catch (const Error& error) {
    // Einsum's stranger equations, and inference by channels first, are refused, by name.
    const bool may_refuse = GetParam().op() == "Einsum" || GetParam().op().starts_with("FusedBatchNorm");
    ASSERT_TRUE(may_refuse && std::string(error.what()).find("cannot be trained") != std::string::npos) << error.what();
    return;
  }
  graph::validate(d.graph);
  std::map<Endpoint, Tensor> feeds;
  for (size_t i = 0; i < d.sources.size(); ++i) feeds[d.sources[i]] = d.values[i];
  const double step = is_single(GetParam().op()) ? 1.0 / 8 : 1e-5;
  expect_finite_differences(d, ops::evaluate(d.graph, feeds, gradients), step,
                            is_single(GetParam().op()) ? 1e-5 : 2e-7);
}

INSTANTIATE_TEST_SUITE_P(Ops, Gradient, testing::ValuesIn(differentiable_cases()),
                         [](const auto& one) { return one.param.name; });

TEST(Gradients, EveryOpHasOneOrAReasonWhyNot) {
  std::set<std::string_view> excused;
  for (const auto& [op, reason] : not_differentiable()) {
    excused.insert(op);
    EXPECT_EQ(find_gradient(op), nullptr) << op;
    EXPECT_FALSE(reason.empty());
  }
  for (const ops::OpSpec* spec : ops::all_ops()) {
    EXPECT_TRUE(find_gradient(spec->name) != nullptr || excused.contains(spec->name)) << spec->name;
  }
  for (const GradientSpec* spec : all_gradients()) EXPECT_NE(ops::find_op(spec->op), nullptr) << spec->op;
}

TEST(Gradients, AreSummedWhereAValueIsUsedTwice) {
  graph::Graph graph;
  Node& x = graph.add("Placeholder", "x");
  x.set("dtype", DType::kFloat64).set("shape", Shape{2});
  Builder builder(graph);
  const Term a{&builder, x.output()};
  const Endpoint y = builder.reduce_all("Sum", a * a + a * 3.0);  // dy/dx = 2x + 3
  const Endpoint sources[] = {x.output()};
  const auto gradients = differentiate(builder, y, sources);
  const auto result = ops::evaluate(graph, {{x.output(), Tensor::vector(std::vector<double>{1, -4})}}, gradients);
  EXPECT_EQ(result[0].values<double>()[0], 5);
  EXPECT_EQ(result[0].values<double>()[1], -5);
}

TEST(Gradients, AnOpWithoutOneIsNamed) {
  graph::Graph graph;
  Node& x = graph.add("Placeholder", "x");
  x.set("dtype", DType::kFloat64).set("shape", Shape{2});
  Builder builder(graph);
  builder.enter("layer");
  const Endpoint y = builder.reduce_all("Sum", builder.add("Atan2", {x.output(), x.output()}));
  const Endpoint sources[] = {x.output()};
  ASSERT_EQ(nodes_without_gradient(builder, y, sources).size(), 1U);
  try {
    (void)differentiate(builder, y, sources);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "node `layer/Atan2`: Atan2 has no gradient: the model cannot be trained");
  }
}

}  // namespace
}  // namespace hoarfrost::training
