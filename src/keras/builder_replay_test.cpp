// Every model that Keras 2.15 saved in tests/golden/layers, said again through the builder: each layer with the
// arguments that are not its defaults, called in the order of the file. The configuration that comes out must be Keras'
// own.
#include <gtest/gtest.h>
#include <hoarfrost/builder.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "hdf5/tree.h"
#include "keras/architecture.h"
#include "keras/builder/classes.h"
#include "keras/dialect.h"

namespace hoarfrost::keras {
namespace {

using layers::CallArguments;
using layers::KerasTensor;

Argument said(const Json& json) { return Argument::from_json(json.dump()); }

// Without what the class has anyway, and without what only building it finds out.
Arguments arguments_of(const std::string& class_name, Json config) {
  for (const char* key : {"query_shape", "key_shape", "value_shape"}) config.erase(key);
  const std::string name = config.at("name");
  Json kept = config;
  for (const auto& [key, value] : config.items()) {
    Json without = kept;
    without.erase(key);
    if (key == "name") continue;
    try {
      if (builder::layer_config(class_name, name, without).value(key, Json()) == value) kept = without;
    } catch (const Error&) {  // it must be said
    }
  }
  Arguments result;
  for (const auto& [key, value] : kept.items()) result.emplace_back(key, said(value));
  return result;
}

class Replay {
 public:
  // json: {"class_name", "config"} of a model.
  std::shared_ptr<const models::Model> model(const Json& json) {
    const Json& config = json.at("config");
    const std::string name = config.at("name");
    if (json.at("class_name") != "Sequential") return std::make_shared<models::Model>(functional(config, name));
    std::vector<layers::Layer> layers;
    for (const Json& entry : config.at("layers")) layers.push_back(layer(entry));
    return std::make_shared<models::Sequential>(layers, name);
  }

 private:
  layers::Layer layer(const Json& entry) {
    const std::string class_name = entry.at("class_name");
    if (class_name == "Sequential" || class_name == "Functional") {
      models_.push_back(model(entry));
      return *models_.back();
    }
    if (class_name == "InputLayer") return input(entry.at("config"));
    return layers::Layer(class_name, arguments_of(class_name, entry.at("config")));
  }

  static KerasTensor input(const Json& config) {
    Json shape = config.at("batch_input_shape");
    const Json batch = shape.front();
    shape.erase(0);
    return layers::Input(
        said(shape), {.name = said(config.at("name")), .dtype = said(config.at("dtype")), .batch_size = said(batch)});
  }

  models::Model functional(const Json& config, const std::string& name) {
    Replay inner;  // names are a model's own
    return inner.network(config, name);
  }

  models::Model network(const Json& config, const std::string& name) {
    const Json& entries = config.at("layers");
    std::map<std::string, layers::Layer> made;
    std::map<std::string, size_t> n_called;
    for (const Json& entry : entries) made.emplace(entry.at("name"), layer(entry));
    for (bool has_grown = true; has_grown;) {
      has_grown = false;
      for (const Json& entry : entries)
        has_grown = call(entry, made.at(entry.at("name")), n_called[entry.at("name")]) || has_grown;
    }
    return models::Model(ends(config.at("input_layers")), ends(config.at("output_layers")), name);
  }

  // The layer's next call, where what it takes is there. A model's making is its call 0.
  bool call(const Json& entry, const layers::Layer& layer, size_t& n_called) {
    const std::string name = entry.at("name");
    if (entry.at("class_name") == "InputLayer") {
      if (n_called++ > 0) return false;
      tensors_.emplace(std::pair(name, 0), input(entry.at("config")));
      return true;
    }
    const Json& nodes = entry.at("inbound_nodes");
    if (n_called == nodes.size()) return false;
    Json node = nodes.at(n_called);
    if (node.at(0).is_string()) node = Json::array({node});  // an operation's
    std::vector<KerasTensor> inputs;
    CallArguments arguments;
    for (const Json& tensor : node) {
      if (!is_there(tensor)) return false;
      inputs.push_back(at(tensor));
    }
    for (const auto& [key, value] : node.at(0).at(3).items()) {
      if (is_tensor(value)) {
        if (!is_there(value)) return false;
        arguments.emplace_back(key, at(value));
      } else if (is_list_of_tensors(value)) {
        if (!std::ranges::all_of(value, [&](const Json& tensor) { return is_there(tensor); })) return false;
        arguments.emplace_back(key, ends(value));
      } else {
        arguments.emplace_back(key, said(value));
      }
    }
    const bool is_model = entry.at("class_name") == "Sequential" || entry.at("class_name") == "Functional";
    tensors_.emplace(std::pair(name, static_cast<int64_t>(n_called) + (is_model ? 1 : 0)), layer(inputs, arguments));
    ++n_called;
    return true;
  }

  static bool is_tensor(const Json& json) {
    return json.is_array() && json.size() == 3 && json[0].is_string() && json[1].is_number_integer();
  }
  static bool is_list_of_tensors(const Json& json) {
    return json.is_array() && !json.empty() && std::ranges::all_of(json, is_tensor);
  }
  [[nodiscard]] bool is_there(const Json& json) const { return tensors_.contains({json.at(0), json.at(1)}); }
  [[nodiscard]] KerasTensor at(const Json& json) const {
    return tensors_.at({json.at(0), json.at(1)})[json.at(2).get<size_t>()];
  }
  [[nodiscard]] KerasTensor ends(const Json& json) const {
    std::vector<KerasTensor> result;
    for (const Json& item : json) result.push_back(item.front().is_string() ? at(item) : ends(item));
    return result;
  }

  std::map<std::pair<std::string, int64_t>, KerasTensor> tensors_;
  std::vector<std::shared_ptr<const models::Model>> models_;
};

const std::filesystem::path kFolder = HOARFROST_GOLDEN "/layers/keras_2.15";

// Operations may take numbers among their tensors, and lists of both, which calls in C++ do not say.
bool has_mixed_calls(const std::string& text) {
  return text.find("_CONSTANT_VALUE") != std::string::npos || text.find("\"shape\": [[\"tf.") != std::string::npos;
}

// Keras keeps lists among the outputs; the builder's are flat.
nlohmann::json flat(const nlohmann::json& ends) {
  nlohmann::json result = nlohmann::json::array();
  for (const auto& item : ends) {
    if (item[0].is_string())
      result.push_back(item);
    else
      for (const auto& inner : flat(item)) result.push_back(inner);
  }
  return result;
}

std::vector<std::string> saved_models() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    if (file.path().extension() == ".h5") names.push_back(file.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

class BuilderReplay : public testing::TestWithParam<std::string> {};

TEST_P(BuilderReplay, GivesKerasConfiguration) {
  const auto path = kFolder / (GetParam() + ".h5");
  std::string text;
  try {
    (void)load(path, {.weights = {}, .input_shapes = {}, .architecture_only = true});
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();  // a layer that is not there yet: the contract test holds that
  }
  const auto file = File::open(path);
  text = hdf5::Tree::open({file, 0, file->size()}, path.string())->text("/", "model_config").value();
  if (has_mixed_calls(text)) GTEST_SKIP() << "an operation is called with numbers among its tensors";
  if (text.find("TensorFlowOpLayer") != std::string::npos)
    GTEST_SKIP() << "such a layer has another name in its configuration";
  const auto model = Replay().model(Json::parse(text));
  const auto built = nlohmann::json::parse(architecture_in(Dialect::kHdf5, *model->built()).dump());
  auto expected = nlohmann::json::parse(text);
  if (expected.at("class_name") == "Functional")
    expected["config"]["output_layers"] = flat(expected["config"]["output_layers"]);
  EXPECT_EQ(nlohmann::json::diff(expected, built), nlohmann::json::array());
}

INSTANTIATE_TEST_SUITE_P(Golden, BuilderReplay, testing::ValuesIn(saved_models()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace hoarfrost::keras
