#include "keras/composition.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

template <typename T>
std::vector<T> chosen(const std::vector<T>& all, const std::vector<size_t>& numbers) {
  std::vector<T> result;
  for (const size_t number : numbers) result.push_back(all.at(number));
  return result;
}

std::string joined(const std::string& front, const std::string& back) {
  return front.empty() || back.empty() ? front + back : front + "/" + back;
}

}  // namespace

size_t Composition::part(const std::string& name, const std::string& group, const std::string& class_name, Json json) {
  json["name"] = name;
  return part(name, group, parse_layer(Config(json, class_name, version_)));
}

size_t Composition::part(std::string name, std::string group, std::shared_ptr<const Layer> layer) {
  parts_.push_back({std::move(name), std::move(group), std::move(layer)});
  return parts_.size() - 1;
}

size_t Composition::call(size_t part, std::vector<size_t> inputs) {
  steps_.push_back({part, std::move(inputs)});
  return output_ = n_inputs_ + steps_.size() - 1;
}

size_t Composition::without_mask(size_t tensor) {
  steps_.push_back({0, {tensor}, true});
  return output_ = n_inputs_ + steps_.size() - 1;
}

size_t Composition::sum(size_t a, size_t b) {
  const size_t left = without_mask(a), right = without_mask(b);
  return call(part("add", "", "Add", Json::object()), {left, right});
}

Shapes Composition::shapes(const Shapes& in) const {
  Shapes result = in;
  for (const Step& step : steps_) {
    const Shapes given = chosen(result, step.inputs);
    result.push_back(step.is_unmasking ? given[0] : parts_[step.part].layer->infer(given).at(0));
  }
  return result;
}

std::vector<std::vector<WeightSpec>> Composition::specs(const Shapes& all) const {
  std::vector<std::vector<WeightSpec>> result(parts_.size());
  for (const Step& step : steps_) {
    if (!step.is_unmasking) result[step.part] = parts_[step.part].layer->weights(chosen(all, step.inputs));
  }
  return result;
}

Shapes Composition::infer(const Shapes& in) const { return {shapes(in).at(output_)}; }

std::vector<WeightSpec> Composition::weights(const Shapes& in) const {
  const auto by_part = specs(shapes(in));
  std::vector<WeightSpec> result;
  for (size_t i = 0; i < parts_.size(); ++i) {
    for (WeightSpec spec : by_part[i]) {
      spec.group = joined(parts_[i].group, group_of(spec.name, spec.group));
      spec.name = joined(parts_[i].name, spec.name);
      result.push_back(std::move(spec));
    }
  }
  return result;
}

Values Composition::lower(Lowering& lowering, const Values& in) const {
  const Shapes all = shapes(shapes_of(in));
  const auto by_part = specs(all);
  std::vector<size_t> first(1, 0);
  for (const auto& part : by_part) first.push_back(first.back() + part.size());
  Values values = in;
  for (const Step& step : steps_) {
    const Values given = chosen(values, step.inputs);
    Value result = given[0];
    if (step.is_unmasking) {
      result.mask = {};
    } else {
      const Part& part = parts_[step.part];
      result = lowering
                   .inner(*part.layer, part.name.empty() ? "output" : part.name, first[step.part],
                          by_part[step.part].size(), given)
                   .at(0);
      if (result.tensor == given[0].tensor) result.mask = {};
      if (!result.mask && part.layer->passes_mask()) result.mask = given[0].mask;
    }
    result.shape = all.at(values.size());
    values.push_back(result);
  }
  return {values.at(output_)};
}

Formulas Composition::reference(const Arrays& weights, const Arrays& in) const {
  const auto by_part = specs(shapes(shapes_of(in)));
  std::vector<std::ptrdiff_t> first(1, 0);
  for (const auto& part : by_part) first.push_back(first.back() + static_cast<std::ptrdiff_t>(part.size()));
  Arrays arrays = in;
  Formula result;
  double cost = 0;  // of all results: what one is made of is computed once
  for (const Step& step : steps_) {
    Arrays given = chosen(arrays, step.inputs);
    if (step.is_unmasking) {
      given[0].mask = nullptr;
      arrays.push_back(given[0]);
      continue;
    }
    const Arrays own(weights.begin() + first[step.part], weights.begin() + first[step.part + 1]);
    result = parts_[step.part].layer->reference(own, given).at(0);
    cost += result.cost * static_cast<double>(result.shape.n_elements());
    arrays.push_back(Array::of(result, in[0]));
    if (parts_[step.part].layer->passes_mask()) arrays.back().mask = given[0].mask;
  }
  // An element costs what its row costs, which serves the row's others that are asked for; a sample asks for few.
  const double n_rows = static_cast<double>(result.shape.n_elements()) / static_cast<double>(result.shape.last());
  result.cost = cost / n_rows / std::min(8.0, static_cast<double>(result.shape.last()));
  return {result};
}

}  // namespace hoarfrost::keras
