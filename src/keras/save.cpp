// Which file it is to be, and the HDF5 of Keras 2.15: docs/formats/keras_hdf5.md.
#include "keras/save.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "hdf5/tree.h"
#include "hdf5/writer.h"
#include "keras/architecture.h"
#include "keras/dialect.h"
#include "keras/python_json.h"
#include "keras/save_parts.h"
#include "keras/variables.h"

namespace hoarfrost::keras {
namespace {

constexpr const char* kKerasVersion = "2.15.0";  // the Keras whose files these are
constexpr const char* kBackend = "tensorflow";

// A name that the group has already (layers of two nested models may have one name) gets its layer's place before it:
// Keras goes by the order, and HDF5 takes a name once.
std::vector<std::string> distinct_names(const std::vector<Variable>& variables) {
  std::vector<std::string> result;
  std::set<std::string> used;
  for (const Variable& variable : variables) {
    std::string name = variable.name;
    for (int i = 1; !used.insert(name).second; ++i)
      name = fmt::format("{}_{}/{}", variable.layer->name, i, variable.name);
    result.push_back(std::move(name));
  }
  return result;
}

void write_group(hdf5::Writer& writer, const std::string& path, const std::vector<Variable>& variables) {
  writer.group(path);
  const std::vector<std::string> names = distinct_names(variables);
  writer.names(path, "weight_names", names);
  for (size_t i = 0; i < variables.size(); ++i) write_value(writer, hdf5::join(path, names[i]), variables[i]);
}

// The layers that Keras' model.layers has: a Sequential's input is none of them.
std::vector<const LayerVariables*> layers_of(const Model& model, const std::vector<LayerVariables>& all) {
  std::vector<const LayerVariables*> result;
  for (const LayerVariables& layer : all) {
    if (!layer.layer->is_input || model.class_name != "Sequential") result.push_back(&layer);
  }
  return result;
}

void write_legacy_weights(hdf5::Writer& writer, const std::string& root, const Model& model) {
  const std::vector<LayerVariables> all = variables_of(model);
  std::vector<const LayerVariables*> layers = layers_of(model, all);
  std::vector<std::string> names;
  for (const LayerVariables* layer : layers) names.push_back(layer->layer->name);
  writer.group(root);
  writer.names(root, "layer_names", names);
  writer.text(root, "backend", kBackend);
  writer.text(root, "keras_version", kKerasVersion);
  std::ranges::sort(layers, {}, [](const LayerVariables* layer) { return layer->layer->name; });
  for (const LayerVariables* layer : layers)
    write_group(writer, hdf5::join(root, layer->layer->name), legacy_order(*layer));
  write_group(writer, hdf5::join(root, "top_level_model_weights"), {});
}

void write_optimizer(hdf5::Writer& writer, const TrainingState& state) {
  constexpr const char* kGroup = "/optimizer_weights";
  if (state.optimizer_weights.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, value] : state.optimizer_weights) names.push_back(name);
  writer.group(kGroup);
  writer.names(kGroup, "weight_names", names);
  for (const auto& [name, value] : state.optimizer_weights) writer.dataset(hdf5::join(kGroup, name), value);
}

void save_hdf5(const Model& model, const TrainingState& state, const std::filesystem::path& path) {
  const std::string architecture = python_json(architecture_in(Dialect::kHdf5, model));
  const std::string training_config =
      state.training_config.empty() ? "" : python_json(training_config_in(Dialect::kHdf5, state.training_config));
  OutputFile file(path);
  reserve_for(file, model, state);
  hdf5::Writer writer(file);
  writer.text("/", "backend", kBackend);
  writer.text("/", "keras_version", kKerasVersion);
  writer.text("/", "model_config", architecture);
  if (!training_config.empty()) writer.text("/", "training_config", training_config);
  if (!state.hoarfrost.empty()) writer.text("/", "hoarfrost", state.hoarfrost);
  write_legacy_weights(writer, "/model_weights", model);
  write_optimizer(writer, state);
  write_kept_weights(writer, state);
  writer.finish();
  file.commit();
}

bool ends_with_any(const std::string& name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

uint64_t n_bytes_of(const std::vector<LayerVariables>& layers) {
  uint64_t result = 0;
  for (const LayerVariables& layer : layers) {
    for (const Variable& variable : layer.own) result += value_of(variable).n_bytes();
    result += n_bytes_of(layer.layers);
  }
  return result;
}

}  // namespace

void write_value(hdf5::Writer& writer, const std::string& path, const Variable& variable) {
  const Tensor& value = value_of(variable);
  try {
    writer.dataset(path, value);
  } catch (Error& error) {
    if (error.code() == ErrorCode::kUnsupported) error.within(place_of(*variable.layer));
    throw;
  }
}

// Numbered, for the names are anyone's.
constexpr const char* kKeptWeights = "/hoarfrost_weights";

void write_kept_weights(hdf5::Writer& writer, const TrainingState& state) {
  if (state.kept_weights.empty()) return;
  std::vector<std::string> names;
  writer.group(kKeptWeights);
  for (const auto& [name, value] : state.kept_weights) {
    writer.dataset(hdf5::join(kKeptWeights, std::to_string(names.size())), value);
    names.push_back(name);
  }
  writer.names(kKeptWeights, "weight_names", names);
}

std::vector<std::pair<std::string, Tensor>> read_kept_weights(const hdf5::Tree& tree) {
  std::vector<std::pair<std::string, Tensor>> result;
  if (tree.kind(kKeptWeights) != hdf5::Kind::kGroup) return result;
  for (const std::string& name : tree.names(kKeptWeights, "weight_names").value_or(std::vector<std::string>()))
    result.emplace_back(name, tree.dataset(hdf5::join(kKeptWeights, std::to_string(result.size()))));
  return result;
}

uint64_t reserve_for(OutputFile& file, const Model& model, const TrainingState& state) {
  uint64_t n_bytes = n_bytes_of(variables_of(model));
  for (const auto* weights : {&state.optimizer_weights, &state.kept_weights})
    for (const auto& [name, value] : *weights) n_bytes += value.n_bytes();
  file.reserve(n_bytes);
  return n_bytes;
}

void save_model(const Model& model, const TrainingState& state, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  try {
    if (name.ends_with(".keras")) return save_archive(model, state, path);
    if (ends_with_any(name, {".h5", ".hdf5"})) return save_hdf5(model, state, path);
  } catch (Error& error) {
    if (error.code() != ErrorCode::kIo) error.within(path.string());
    throw;
  }
  throw Error(ErrorCode::kUnsupported, path.string(),
              "a model is saved as .h5, .hdf5 or .keras: give the name one of these endings");
}

void save_weights(const Model& model, const std::filesystem::path& path) {
  OutputFile file(path);
  reserve_for(file, model, {});
  hdf5::Writer writer(file);
  if (path.filename().string().ends_with(".weights.h5"))
    write_v3_weights(writer, model, Dialect::kJson);
  else
    write_legacy_weights(writer, "/", model);
  writer.finish();
  file.commit();
}

std::string architecture_text(const Model& model) {
  Json json = architecture_in(Dialect::kJson, model);
  json.erase("module");
  json.erase("registered_name");
  json["keras_version"] = kKerasVersion;
  json["backend"] = kBackend;
  return python_json(json);
}

void save_architecture(const Model& model, const std::filesystem::path& path) {
  write_file(path, architecture_text(model));
}

std::vector<OptimizerWeight> optimizer_weight_names(const Model& model, const std::string& class_name,
                                                    const std::vector<std::string>& slots) {
  const std::vector<Variable> variables = trainable_variables(model);
  std::vector<OptimizerWeight> result;
  const auto add = [&](size_t variable, size_t slot) {
    result.push_back({fmt::format("{}/{}/{}", class_name, slots[slot], variables[variable].name), variable, slot});
  };
  // Keras 2.15's build() adds m and v variable by variable in one loop, and vhat in one of its own; RMSprop has a loop
  // per slot.
  const auto is_apart = [&](size_t slot) { return class_name == "RMSprop" || slots[slot] == "vhat"; };
  for (size_t v = 0; v < variables.size(); ++v) {
    for (size_t s = 0; s < slots.size(); ++s) {
      if (!is_apart(s)) add(v, s);
    }
  }
  for (size_t s = 0; s < slots.size(); ++s) {
    for (size_t v = 0; is_apart(s) && v < variables.size(); ++v) add(v, s);
  }
  std::set<std::string> used;
  for (OptimizerWeight& weight : result) {
    for (int i = 1; !used.insert(weight.name).second; ++i)
      weight.name = fmt::format("{}/{}/{}_{}/{}", class_name, slots[weight.slot],
                                variables[weight.variable].layer->name, i, variables[weight.variable].name);
  }
  return result;
}

}  // namespace hoarfrost::keras
