// RNN: a cell, or several on each other, over the steps of a sequence. Keras 2.0 to 3.15.
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

CellPtr parse_its_cell(const Config& config) {
  const Json* cell = config.find({"cell"});
  if (cell == nullptr || !cell->is_object() || !cell->contains("class_name") || !cell->at("class_name").is_string() ||
      !cell->contains("config")) {
    config.fail("the configuration has no `cell` with a class_name and a config");
  }
  return parse_cell(Config(cell->at("config"), registered_class(*cell), config.version()));
}

struct Rnn : Recurrence {
  static Rnn parse(const Config& config) { return {Recurrence::parse(config, parse_its_cell(config))}; }
  // Under the cell's group, as .keras files have it.
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = Recurrence::weights(in);
    for (WeightSpec& spec : result) spec.name = "cell/" + spec.name;
    return result;
  }
};

}  // namespace

const LayerSpec layer_rnn = make_spec<Rnn>("RNN");

}  // namespace hoarfrost::keras
