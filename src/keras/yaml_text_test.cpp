#include <gtest/gtest.h>
#include <hoarfrost/file.h>

#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "message_of.h"

namespace hoarfrost::keras {
namespace {

using testing_support::message_of;

Json parsed(std::string_view text) { return parse_yaml(text, "model.yaml"); }

// YAML 1.1 (yaml.org/type), as PyYAML reads it.
TEST(YamlText, GivesScalarsTheirTypes) {
  EXPECT_EQ(parsed("[1, -2, 1.5, 1.0e-05, null, ~, true, No, '3', \"a\\nb\", same, 1.2.3]"),
            Json::parse(R"([1, -2, 1.5, 1e-05, null, null, true, false, "3", "a\nb", "same", "1.2.3"])"));
  EXPECT_EQ(parsed("x: .inf\ny: .nan\nz:\n"), Json::parse(R"({"x": 1.7976931348623157e308, "y": null, "z": null})"));
}

TEST(YamlText, TakesPythonsTuplesAndTextsForLists) {
  EXPECT_EQ(parsed("a: !!python/tuple [3, 3]\nb: !!python/tuple\n- 1\n- null\nc: !!python/unicode 'same'\n"),
            Json::parse(R"({"a": [3, 3], "b": [1, null], "c": "same"})"));
}

TEST(YamlText, RepeatsWhatAnAliasStandsFor) {
  EXPECT_EQ(parsed("a: &id001 [1, 2]\nb: *id001\n"), Json::parse(R"({"a": [1, 2], "b": [1, 2]})"));
}

TEST(YamlText, SaysWhereItBreaks) {
  EXPECT_EQ(message_of([] { parsed("a: [1, 2\nb: 3\n"); }),
            "model.yaml: expected YAML, which breaks in line 2: did not find expected ',' or ']'");
  EXPECT_EQ(message_of([] { parsed("a: *b\n"); }),
            "model.yaml: expected YAML, which breaks in line 1: `*b` stands for nothing");
  EXPECT_EQ(message_of([] { parsed("? [1]\n: 2\n"); }),
            "model.yaml: expected YAML, which breaks in line 1: a key that is no text");
}

// Ten aliases of ten aliases of … : 10^9 values in 200 bytes.
TEST(YamlText, RefusesAliasesThatGrowWithoutBounds) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string from = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += from + (j < 9 ? ", " : "]\n");
  }
  EXPECT_NE(message_of([&] { parsed(text); }).find("more than 4194304 values"), std::string::npos);
  EXPECT_NE(message_of([] { parsed(std::string(2000, '[')); }).find("nested more than 500 deep"), std::string::npos);
}

class YamlGolden : public testing::TestWithParam<std::pair<const char*, const char*>> {};

// What PyYAML wrote of a configuration is that configuration: tools/make_yaml_goldens.py.
TEST_P(YamlGolden, IsTheConfigurationThatWasWritten) {
  const std::string folder = HOARFROST_GOLDEN;
  const auto yaml = File::open(folder + "/keras/" + GetParam().first + ".yaml");
  const auto json = File::open(folder + "/" + GetParam().second);
  // PyYAML sorts the keys.
  const auto sorted = [](const Json& value) { return nlohmann::json::parse(value.dump()); };
  EXPECT_TRUE(sorted(parse_yaml(yaml->text(), "yaml")) == sorted(parse_json(json->text(), "json")));
}

INSTANTIATE_TEST_SUITE_P(
    Golden, YamlGolden,
    testing::Values(std::pair{"k224_cifar10", "../../examples/cifar10_keras_2.2.4/method3/k_model_architecture.json"},
                    std::pair{"k224_sign_language",
                              "../../examples/sign_language_keras_2.2.4/method3/k_model_architecture.json"},
                    std::pair{"weights_words", "keras/weights_words.json"}));

}  // namespace
}  // namespace hoarfrost::keras
