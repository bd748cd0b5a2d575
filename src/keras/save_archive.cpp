// A .keras as Keras 3 writes it: docs/formats/keras_v3.md.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/zip_writer.h"
#include "hdf5/tree.h"
#include "keras/architecture.h"
#include "keras/python_json.h"
#include "keras/save_parts.h"

namespace hoarfrost::keras {
namespace {

constexpr const char* kKeras3Version = "3.15.0";  // the Keras whose dialect this is
constexpr uint64_t kLargeWeights = uint64_t{3} << 30U;

class V3Writer {
 public:
  V3Writer(hdf5::Writer& writer, Dialect dialect) : writer_(writer), dialect_(dialect) {}

  void write_model(const std::string& group, const Model& model, const std::vector<LayerVariables>& layers,
                   bool is_distributed) {
    write_vars(group, model.name, {});
    const std::string container = hdf5::join(group, "layers");
    std::map<std::string, int> used;
    for (const LayerVariables& layer : layers) {
      if (layer.layer->is_input && model.class_name == "Sequential") continue;
      const std::string base = snake_case(stored_class_name(*layer.layer, is_distributed));
      const int n = used[base]++;
      write_layer(hdf5::join(container, n == 0 ? base : fmt::format("{}_{}", base, n)), layer, is_distributed);
    }
  }

 private:
  void write_layer(const std::string& group, const LayerVariables& layer, bool is_distributed) {
    if (layer.layer->model) {
      const bool is_wrapped = layer.layer->class_name == "TimeDistributed";
      if (is_wrapped) write_vars(group, layer.layer->name, {});
      return write_model(is_wrapped ? hdf5::join(group, "layer") : group, *layer.layer->model, layer.layers,
                         is_distributed || is_wrapped);
    }
    std::map<std::string, std::vector<const Variable*>> parts{{"", {}}};
    for (const bool is_trainable : {true, false}) {
      for (const Variable& variable : layer.own) {
        if (variable.spec.is_trainable != is_trainable) continue;
        std::string part = variable.part;
        if (is_distributed && part.starts_with("layer")) part = part.size() > 6 ? part.substr(6) : "";
        parts[part].push_back(&variable);
        if (variable.spec.is_also_own) parts[""].push_back(&variable);
      }
      for (const Variable& variable : layer.own) {
        if (is_trainable && variable.spec.is_own_again) parts[""].push_back(&variable);
      }
    }
    for (const auto& [part, variables] : parts) {
      const size_t slash = part.rfind('/');
      write_vars(part.empty() ? group : hdf5::join(group, part),
                 part.empty() ? layer.layer->name : part.substr(slash + 1), variables);
    }
  }

  void write_vars(const std::string& group, const std::string& name, const std::vector<const Variable*>& variables) {
    const std::string vars = hdf5::join(group, "vars");
    writer_.group(vars);
    if (dialect_ == Dialect::kKeras3) writer_.text(vars, "name", name);
    for (size_t i = 0; i < variables.size(); ++i) {
      const std::string& own = variables[i]->spec.name;
      write_value(writer_, hdf5::join(vars, own == kStoredByName ? own : std::to_string(i)), *variables[i]);
    }
  }

  hdf5::Writer& writer_;
  Dialect dialect_;
};

void write_optimizer(hdf5::Writer& writer, const TrainingState& state, const Json& compile_config) {
  if (state.optimizer_weights.empty() || compile_config.is_null()) return;
  constexpr const char* kGroup = "/optimizer/vars";
  writer.group(kGroup);
  writer.text(kGroup, "name", text_at(compile_config.at("optimizer").at("config"), "name"));
  const std::vector<Tensor> vars = optimizer_vars_of_keras3(state);
  for (size_t i = 0; i < vars.size(); ++i) writer.dataset(hdf5::join(kGroup, std::to_string(i)), vars[i]);
}

}  // namespace

void write_v3_weights(hdf5::Writer& writer, const Model& model, Dialect dialect) {
  V3Writer(writer, dialect).write_model("/", model, variables_of(model), false);
}

void save_archive(const Model& model, const TrainingState& state, const std::filesystem::path& path) {
  Json config = architecture_in(Dialect::kKeras3, model);
  const Json compile_config =
      state.training_config.empty() ? Json() : training_config_in(Dialect::kKeras3, state.training_config);
  if (!compile_config.is_null()) config["compile_config"] = compile_config;
  OutputFile file(path);
  const uint64_t n_bytes = reserve_for(file, model, state);
  ZipWriter zip(file);
  zip.add("metadata.json", python_json({{"keras_version", kKeras3Version}, {"date_saved", "1980-01-01@00:00:00"}}));
  zip.add("config.json", python_json(config));
  zip.begin("model.weights.h5", n_bytes > kLargeWeights);
  hdf5::Writer writer(file);
  write_v3_weights(writer, model, Dialect::kKeras3);
  write_optimizer(writer, state, compile_config);
  write_kept_weights(writer, state);
  writer.finish();
  zip.end();
  if (!state.hoarfrost.empty()) zip.add("hoarfrost.json", state.hoarfrost);
  zip.finish();
  file.commit();
}

}  // namespace hoarfrost::keras
