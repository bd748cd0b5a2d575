// What named_functions.def says of other people's functions, held to what these answer as Lambda layers of Keras 3.15
// (tests/golden/layers/make_named_functions.py).
#include "keras/lambda/named_functions.h"

#include <gtest/gtest.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>

#include <cmath>
#include <map>

namespace hoarfrost {

namespace {

const std::filesystem::path kFolder = std::filesystem::path(HOARFROST_GOLDEN) / "layers/named_functions";

// A name, and the number of its meaning where it has several.
struct Case {
  keras::SaidByHand function;
  std::string file;
};

std::vector<Case> cases() {
  std::vector<Case> result;
  std::map<std::string_view, int> n_seen;
  for (const keras::SaidByHand& function : keras::named_functions()) {
    const int n = ++n_seen[function.name];
    result.push_back({function, std::string(function.name) + (n > 1 ? "_" + std::to_string(n) : "")});
  }
  return result;
}

void PrintTo(const Case& tested, std::ostream* out) { *out << tested.file; }

class NamedFunctions : public testing::TestWithParam<Case> {};

TEST_P(NamedFunctions, ComputeWhatTheirAuthorsDo) {
  const Case& tested = GetParam();
  EXPECT_EQ(tested.function.meaning.find('\''), std::string_view::npos);  // shown as --lambda NAME='…'
  keras::LoadOptions options;
  options.lambdas["lambda"] = tested.function.meaning;
  keras::Lowered lowered = keras::lower(*keras::load(kFolder / (tested.file + ".keras"), options));
  std::vector<std::string> kept{lowered.signature.outputs.at(0).node->name()};
  for (const auto& input : lowered.signature.inputs) kept.push_back(input.node->name());
  passes::freeze(lowered.graph, lowered.variables, {.outputs = kept, .allowlist = {}, .denylist = {}});
  const auto arrays = data::read_npz(kFolder / (tested.file + ".npz"));
  std::vector<Tensor> values;
  for (size_t i = 0; const Tensor* x = data::find(arrays, "in" + std::to_string(i)); ++i) values.push_back(*x);
  const Tensor found = runtime::Session(lowered.graph, lowered.signature).run(values).at(0);
  const Tensor& expected = *data::find(arrays, "out0");
  ASSERT_EQ(found.shape(), expected.shape());
  const Reader actual(found), wanted(expected);
  for (int64_t i = 0; i < found.n_elements(); ++i)
    EXPECT_NEAR(actual[i], wanted[i], 1e-5 + 1e-5 * std::abs(wanted[i])) << i;
}

// It is shown, and not taken.
TEST_P(NamedFunctions, AreShown) {
  const Case& tested = GetParam();
  try {
    keras::load(kFolder / (tested.file + ".keras"));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    const std::string shown = "--lambda lambda='" + std::string(tested.function.meaning) + "'";
    EXPECT_NE(std::string(error.what()).find(shown), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Lambda, NamedFunctions, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.file; });

}  // namespace
}  // namespace hoarfrost
