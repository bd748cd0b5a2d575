// The layers' contract, held against real Keras: tests/golden/layers/index.json lists models that Keras 0.2 to 3.15
// saved, with inputs and the answers that Keras gave. For each of them the configurations parse, every layer's inferred
// shapes are those that come out, and one answer is given by four: Keras, the lowered and frozen graph run by the
// operations' references, the same run by the runtime, and each layer's own `reference`.
#include <gtest/gtest.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "keras/layer.h"
#include "keras/model.h"
#include "keras/operation.h"
#include "ops/op.h"

namespace hoarfrost {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(HOARFROST_GOLDEN) / "layers";

struct Case {
  std::string model;
  std::string weights;  // of a JSON architecture
  std::string answers;
  std::vector<std::string> layers;
  std::vector<std::string> operations;  // Keras 3's classes, and TFOpLambda's functions
  double rtol = 0;
  double atol = 0;
};

std::vector<Case> read_cases() {
  std::ifstream file(kFolder / "index.json");
  std::vector<Case> cases;
  for (const auto& entry : nlohmann::json::parse(file)) {
    cases.push_back({entry.at("model"), entry.value("weights", ""), entry.at("answers"), entry.at("layers"),
                     entry.value("operations", std::vector<std::string>{}), entry.at("rtol"), entry.at("atol")});
  }
  return cases;
}

void PrintTo(const Case& golden, std::ostream* out) { *out << golden.model; }

// Names that Keras 2 and 3 take for a class but never write into a file; some of them Keras 1 did.
bool is_only_spoken(std::string_view name) {
  return name.ends_with("Pool1D") || name.ends_with("Pool2D") || name.ends_with("Pool3D") ||
         name.find("Convolution") != std::string_view::npos;
}

bool is_supported(std::string_view class_name) {
  return class_name == "Functional" || class_name == "Model" || class_name == "Sequential" ||
         class_name == "Pipeline" || keras::find_layer(class_name) != nullptr ||
         keras::find_operation_class(class_name) != nullptr;
}

// The largest |actual − expected| beyond the tolerance, as a message; empty where there is none.
std::string difference(const Tensor& actual, const Tensor& expected, const Case& golden) {
  if (actual.shape() != expected.shape()) {
    return "shape " + actual.shape().to_string() + ", expected " + expected.shape().to_string();
  }
  const Reader a(actual);
  const Reader e(expected);
  for (int64_t i = 0; i < actual.n_elements(); ++i) {
    const bool is_equal = a[i] == e[i] || (std::isnan(a[i]) && std::isnan(e[i]));
    if (!is_equal && !(std::abs(a[i] - e[i]) <= golden.atol + golden.rtol * std::abs(e[i]))) {
      return "element " + std::to_string(i) + " is " + std::to_string(a[i]) + ", expected " + std::to_string(e[i]);
    }
  }
  return {};
}

// Whether a shape that holds unknown sizes, as only the graph's numbers tell them, may be that one.
bool allows(const Shape& inferred, const Shape& actual) {
  if (inferred.rank() != actual.rank()) return false;
  for (int axis = 0; axis < actual.rank(); ++axis) {
    if (inferred[axis] != kUnknown && inferred[axis] != actual[axis]) return false;
  }
  return true;
}

// A lowered and frozen case with its inputs and answers.
struct Prepared {
  keras::Lowered lowered;
  std::vector<Tensor> inputs;
  std::vector<Tensor> answers;
  std::map<graph::Endpoint, Tensor> feeds;
};

std::shared_ptr<const keras::Model> load(const Case& golden) {
  keras::LoadOptions options;
  if (!golden.weights.empty()) options.weights = kFolder / golden.weights;
  return keras::load(kFolder / golden.model, options);
}

Prepared prepare(const Case& golden, keras::RecurrenceForm recurrence = keras::RecurrenceForm::kAuto) {
  const auto model = load(golden);
  Prepared result{keras::lower(*model, {.name_suffix = {}, .recurrence = recurrence}), {}, {}, {}};
  std::vector<std::string> outputs;
  for (const auto& output : result.lowered.signature.outputs) outputs.push_back(output.node->name());
  std::vector<std::string> kept = outputs;
  for (const auto& call : result.lowered.calls) {
    for (const auto* names : {&call.inputs, &call.masks, &call.outputs}) {
      for (const std::string& name : *names) {
        if (!name.empty()) kept.push_back(name.substr(0, name.find(':')));
      }
    }
  }
  passes::freeze(result.lowered.graph, result.lowered.variables, {.outputs = kept, .allowlist = {}, .denylist = {}});
  const data::NamedTensors arrays = data::read_npz(kFolder / golden.answers);
  for (size_t i = 0; const Tensor* x = data::find(arrays, "in" + std::to_string(i)); ++i) result.inputs.push_back(*x);
  for (size_t i = 0; const Tensor* y = data::find(arrays, "out" + std::to_string(i)); ++i) result.answers.push_back(*y);
  for (size_t i = 0; i < result.inputs.size() && i < result.lowered.signature.inputs.size(); ++i) {
    const graph::Endpoint input = result.lowered.signature.inputs[i];
    result.inputs[i] = result.inputs[i].cast(input.node->get<DType>("dtype"));
    result.feeds[input] = result.inputs[i];
  }
  return result;
}

std::vector<Tensor> fetch(const Prepared& prepared, const std::vector<std::string>& names) {
  std::vector<graph::Endpoint> endpoints;
  for (const std::string& name : names) endpoints.push_back(graph::resolve(prepared.lowered.graph, name));
  return ops::evaluate(prepared.lowered.graph, prepared.feeds, endpoints);
}

// One layer call: what comes out of it in the graph is what its reference says, in the shape that it inferred.
void check_call(const keras::LoweredCall& call, const Prepared& prepared, const Case& golden) {
  SCOPED_TRACE(call.class_name + " " + call.layer_name);
  keras::Arrays in;
  keras::Shapes shapes;
  const std::vector<Tensor> inputs = fetch(prepared, call.inputs);
  for (size_t i = 0; i < inputs.size(); ++i) {
    in.emplace_back(inputs[i]);
    shapes.push_back(inputs[i].shape());
    if (!call.masks[i].empty()) in.back().mask = std::make_shared<keras::Array>(fetch(prepared, {call.masks[i]})[0]);
  }
  keras::Arrays weights;
  for (const Tensor& weight : call.weights) weights.emplace_back(weight);
  const std::vector<Tensor> outputs = fetch(prepared, call.outputs);
  const keras::Shapes inferred = call.layer->infer(shapes);
  const keras::Formulas formulas = call.layer->reference(weights, in);
  ASSERT_EQ(formulas.size(), outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TRUE(allows(inferred[i], outputs[i].shape()))
        << inferred[i].to_string() << " is said, found " << outputs[i].shape().to_string();
    if (call.class_name != "TFOpLambda" && call.class_name != "SlicingOpLambda") {  // whose bounds may be tensors
      EXPECT_EQ(inferred[i].to_string(), outputs[i].shape().to_string());
    }
    EXPECT_EQ(formulas[i].shape.to_string(), outputs[i].shape().to_string());
    Tensor meant(DType::kFloat64, outputs[i].shape());
    const std::span<double> values = meant.mutable_values<double>();
    for (size_t e = 0; e < values.size(); ++e) {
      values[e] = formulas[i].at(keras::Index::at_offset(meant.shape(), static_cast<int64_t>(e)));
    }
    EXPECT_EQ(difference(outputs[i], meant, golden), "") << "the graph against the layer's reference";
  }
}

class LayerContract : public testing::TestWithParam<Case> {};

TEST_P(LayerContract, Holds) {
  const Case& golden = GetParam();
  if (!std::ranges::all_of(golden.layers,
                           is_supported)) {  // never a wrong graph: an error, until somebody adds the layer
    try {
      keras::lower(*load(golden));
      FAIL() << "converted a model with a layer that is not registered";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();
    }
    return;
  }
  Prepared prepared = prepare(golden);
  ASSERT_EQ(prepared.inputs.size(), prepared.lowered.signature.inputs.size());
  ASSERT_EQ(prepared.answers.size(), prepared.lowered.signature.outputs.size());
  for (const keras::LoweredCall& call : prepared.lowered.calls) check_call(call, prepared, golden);

  const std::vector<Tensor> evaluated =
      ops::evaluate(prepared.lowered.graph, prepared.feeds, prepared.lowered.signature.outputs);
  for (size_t i = 0; i < evaluated.size(); ++i) {
    EXPECT_EQ(difference(evaluated[i], prepared.answers[i], golden), "")
        << "output " << i << " of the operations' references against Keras";
  }
  runtime::Session session(prepared.lowered.graph, prepared.lowered.signature, {.threads = 1, .fuse = true});
  const std::vector<Tensor> run = session.run(prepared.inputs);
  for (size_t i = 0; i < run.size(); ++i) {
    EXPECT_EQ(difference(run[i], prepared.answers[i], golden), "") << "output " << i << " of the runtime against Keras";
  }
}

// Recurrence as a while loop.
bool is_recurrent(const Case& golden) {
  return std::ranges::any_of(golden.layers, [](const std::string& layer) {
    return layer == "RNN" || layer == "Bidirectional" || layer.starts_with("ConvLSTM") || layer.ends_with("LSTM") ||
           layer.ends_with("GRU") || layer.ends_with("SimpleRNN");
  });
}

class LoopContract : public testing::TestWithParam<Case> {};

TEST_P(LoopContract, Holds) {
  const Case& golden = GetParam();
  Prepared prepared = prepare(golden, keras::RecurrenceForm::kLoop);
  const auto& nodes = prepared.lowered.graph.nodes();
  EXPECT_TRUE(std::ranges::any_of(nodes, [](const auto& node) { return node->op() == "LoopCond"; }));
  for (const keras::LoweredCall& call : prepared.lowered.calls) check_call(call, prepared, golden);
  for (const bool fuse : {false, true}) {
    runtime::Session session(prepared.lowered.graph, prepared.lowered.signature, {.threads = 2, .fuse = fuse});
    const std::vector<Tensor> run = session.run(prepared.inputs);
    for (size_t i = 0; i < run.size(); ++i) {
      EXPECT_EQ(difference(run[i], prepared.answers[i], golden), "")
          << "output " << i << " of the runtime against Keras";
    }
  }
}

std::vector<Case> recurrent_cases() {
  std::vector<Case> cases = read_cases();
  std::erase_if(cases, [](const Case& golden) {
    return !is_recurrent(golden) || !std::ranges::all_of(golden.layers, is_supported);
  });
  return cases;
}

std::string name_of(const testing::TestParamInfo<Case>& tested) {
  std::string name = tested.param.model.substr(0, tested.param.model.rfind('.'));
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, LoopContract, testing::ValuesIn(recurrent_cases()), name_of);

INSTANTIATE_TEST_SUITE_P(Golden, LayerContract, testing::ValuesIn(read_cases()), name_of);

TEST(LayerRegistry, EveryLayerHasAGoldenCase) {
  std::set<std::string, std::less<>> covered;
  for (const Case& golden : read_cases()) covered.insert(golden.layers.begin(), golden.layers.end());
  for (const keras::LayerSpec* spec : keras::all_layers()) {
    for (const std::string_view name : spec->class_names) {
      EXPECT_TRUE(covered.contains(name) || is_only_spoken(name))
          << name << ": no case in tests/golden/layers has this layer";
    }
  }
}

TEST(OperationRegistry, EveryOperationHasAGoldenCase) {
  std::set<std::string, std::less<>> covered;
  for (const Case& golden : read_cases()) covered.insert(golden.operations.begin(), golden.operations.end());
  for (const keras::OperationSpec* spec : keras::all_operations()) {
    bool is_covered = covered.contains(spec->name);
    for (const std::string& name : covered) is_covered = is_covered || keras::find_operation_function(name) == spec;
    EXPECT_TRUE(is_covered) << spec->name << ": no case in tests/golden/layers has this operation";
  }
}

TEST(LayerRegistry, NamesAreThereOnce) {
  std::set<std::string_view> names;
  for (const keras::LayerSpec* spec : keras::all_layers()) {
    for (const std::string_view name : spec->class_names) EXPECT_TRUE(names.insert(name).second) << name;
  }
}

}  // namespace
}  // namespace hoarfrost
