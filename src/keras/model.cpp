#include "keras/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoarfrost::keras {

std::string place_of(const ModelLayer& layer, const std::string& path) {
  return fmt::format("layer `{}` ({})", path + layer.name,
                     layer.stored_class_name.empty() ? layer.class_name : layer.stored_class_name);
}

std::vector<std::pair<size_t, size_t>> call_order(const Model& model) {
  std::set<std::pair<size_t, size_t>> done;
  for (const TensorRef& ref : model.inputs) done.emplace(ref.layer, ref.call);
  const auto is_done = [&](const TensorRef& ref) { return done.contains({ref.layer, ref.call}); };
  std::vector<std::pair<size_t, size_t>> order;
  for (bool has_grown = true; has_grown;) {
    const size_t before = done.size();
    for (size_t l = 0; l < model.layers.size(); ++l) {
      for (size_t c = 0; c < model.layers[l].calls.size(); ++c) {
        const Call& call = model.layers[l].calls[c];
        const bool is_ready = std::ranges::all_of(call.inputs, is_done) && std::ranges::all_of(call.masks, is_done);
        if (is_ready && done.emplace(l, c).second) order.emplace_back(l, c);
      }
    }
    has_grown = done.size() > before;
  }
  return order;
}

const Layer& layer_in(const ModelLayer& layer, const Call& call) { return call.own ? *call.own : *layer.layer; }

std::vector<std::string> output_names(const Model& model) {
  std::vector<std::string> names = model.output_names;
  for (size_t i = names.size(); i < model.outputs.size(); ++i)
    names.push_back(model.layers[model.outputs[i].layer].name);
  return names;
}

}  // namespace hoarfrost::keras
