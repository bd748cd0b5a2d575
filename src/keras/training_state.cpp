// The optimizer's state in the files of every Keras, brought into the form of Keras 2.15's HDF5.
//
//   1.2.2          Variable:0, Variable_1:0, …                         iterations (not always), then slot by slot
//   2.0 to 2.3     Adam/iterations:0, training/Adam/Variable_3:0, training/Adam/m_0_1:0      the same
//   2.4 to 2.10    Adam/iter:0, training/Adam/dense/kernel/m:0         slot by slot
//   2.11 to 2.15   iteration:0, Adam/m/dense/kernel:0                  by weight, or slot by slot
//   3, HDF5        adam/iteration, adam/learning_rate, adam/dense_kernel_momentum
//   3, .keras      optimizer/vars/0, /1, …                             the same without names; 2.15's has no learning
//   rate
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "hdf5/tree.h"
#include "keras/architecture.h"
#include "keras/archive.h"
#include "keras/file_kind.h"
#include "keras/optimizer_slots.h"
#include "keras/save.h"
#include "keras/save_parts.h"
#include "keras/variables.h"

namespace hoarfrost::keras {
namespace {

struct Stored {
  std::string name;  // "" in a .keras
  Tensor value;
};

// "training/Adam/dense/kernel/m:0" -> {"training", "Adam", "dense", "kernel", "m"}
std::vector<std::string> parts_of(std::string name) {
  if (name.ends_with(":0")) name.resize(name.size() - 2);
  std::vector<std::string> result{""};
  for (const char c : name) {
    if (c == '/')
      result.emplace_back();
    else
      result.back() += c;
  }
  return result;
}

// An optimizer that is not known: what it remembered means nothing to another.
bool is_known(const Json& optimizer) {
  const std::string name = optimizer.is_string() ? optimizer.get<std::string>() : text_at(optimizer, "class_name");
  return !optimizer_slots(plain_class_name(name)).empty();
}

class StateReader {
 public:
  StateReader(const Model& model, const Json& optimizer, std::string where)
      : where_(std::move(where)),
        variables_(trainable_variables(model)),
        class_name_(
            plain_class_name(optimizer.is_string() ? optimizer.get<std::string>() : text_at(optimizer, "class_name"))) {
    if (optimizer.is_object() && optimizer.contains("config") && optimizer.at("config").is_object())
      config_ = optimizer.at("config");
    slots_ = optimizer_slots(class_name_);
    values_.resize(slots_.size());
  }

  // by_name: names tell which slot it is; otherwise the order does, slot by slot or, with is_by_weight, weight by
  // weight.
  std::vector<std::pair<std::string, Tensor>> read(const Model& model, const std::vector<Stored>& stored,
                                                   bool is_by_weight) {
    for (const Stored& item : stored) take(item);
    if (!rest_.empty()) distribute(is_by_weight);
    return result(model);
  }

 private:
  void take(const Stored& item) {
    const std::vector<std::string> parts = parts_of(item.name);
    const bool is_scalar = item.value.n_elements() == 1;
    if (is_scalar && (parts.back() == "iteration" || parts.back() == "iterations" || parts.back() == "iter")) {
      iteration_ = item.value;
      is_keras2_15_ = parts.back() == "iteration" && item.name.ends_with(":0");
      return;
    }
    if (is_scalar && (parts.back() == "learning_rate" || parts.back() == "momentum_cache" ||
                      parts.back() == "m_schedule" || item.name == "variable"))
      return;
    if (const auto slot = slot_of(item.name, parts)) {
      if (*slot < slots_.size()) values_[*slot].push_back(item);
      return;
    }
    rest_.push_back(item);
  }

  // The slot that the name tells; slots_.size() for what is left out; nullopt where names tell nothing.
  [[nodiscard]] std::optional<size_t> slot_of(const std::string& name, const std::vector<std::string>& parts) const {
    if (is_keras2_15_ && parts.size() > 2) {
      for (size_t s = 0; s < slots_.size(); ++s) {
        if (parts[1] == slots_[s].name) return s;
      }
      if (parts[1] == "average") return slots_.size();  // use_ema keeps means of the weights here
    }
    if (name.ends_with(":0") && parts.size() > 2) {
      for (size_t s = 0; s < slots_.size(); ++s) {
        if (parts.back() == slots_[s].legacy) return s;
      }
    }
    if (name.ends_with(":0") || parts.size() < 2) return {};
    std::optional<size_t> longest;
    for (size_t s = 0; s < slots_.size(); ++s) {
      const bool is_its = parts.back().ends_with("_" + std::string(slots_[s].keras3));
      if (is_its && (!longest || slots_[s].keras3.size() > slots_[*longest].keras3.size())) longest = s;
    }
    return longest;
  }

  [[nodiscard]] bool has_flag(const char* key) const { return config_.value(key, Json(false)) == true; }

  // Which slots there are, as far as the configuration says.
  [[nodiscard]] std::vector<size_t> expected_slots() const {
    std::vector<size_t> result;
    for (size_t s = 0; s < slots_.size(); ++s) {
      const std::string_view name = slots_[s].name;
      const bool is_there = !slots_[s].is_optional || (name == "vhat" && has_flag("amsgrad")) ||
                            (name == "average_gradient" && has_flag("centered")) ||
                            (name == "momentum" && config_.value("momentum", Json(0)) != 0);
      if (is_there) result.push_back(s);
    }
    return result;
  }

  // rest_: numbers first, of which the first is the count of iterations; then the slots.
  void distribute(bool is_by_weight) {
    const size_t n = variables_.size();
    const std::vector<size_t> slots = expected_slots();
    size_t first = 0;
    // Scalars lead; weights may be scalars too, and then the count tells.
    while (first < rest_.size() && rest_[first].value.shape().rank() == 0 && rest_.size() - first != n * slots.size())
      ++first;
    if (first > 0 && iteration_.empty()) iteration_ = rest_[0].value;
    if (n == 0) return;
    const std::vector<Stored> left(rest_.begin() + static_cast<std::ptrdiff_t>(first), rest_.end());
    if (left.empty()) return;
    const bool is_apart = !is_by_weight || class_name_ == "RMSprop";
    const auto n_together =
        static_cast<size_t>(std::ranges::count_if(slots, [&](size_t s) { return slots_[s].name != "vhat"; }));
    for (size_t i = 0; i < left.size() && i < n * slots.size(); ++i) {
      const size_t slot = is_apart || i >= n * n_together ? i / n : i % n_together;
      values_[slots[slot]].push_back(left[i]);
    }
  }

  void check(const std::vector<Stored>& found, size_t slot) const {
    if (found.size() != variables_.size()) {
      throw Error(ErrorCode::kMismatch, where_,
                  fmt::format("the state of `{}` ({}) is of {} weights, the model trains {}: is it this model's?",
                              class_name_, slots_[slot].name, found.size(), variables_.size()));
    }
    for (size_t v = 0; v < found.size(); ++v) {
      if (found[v].value.shape() == variables_[v].spec.shape) continue;
      throw Error(
          ErrorCode::kMismatch, where_,
          fmt::format("the state of `{}` ({}) for the weight `{}` has the shape {}, expected {}: is it this model's?",
                      class_name_, slots_[slot].name, variables_[v].name, found[v].value.shape().to_string(),
                      variables_[v].spec.shape.to_string()));
    }
  }

  std::vector<std::pair<std::string, Tensor>> result(const Model& model) {
    std::vector<std::pair<std::string, Tensor>> named;
    named.emplace_back("iteration:0", iteration_.empty()
                                          ? Tensor::scalar<int64_t>(0)
                                          : Tensor::scalar<int64_t>(static_cast<int64_t>(Reader(iteration_)[0])));
    // An optimizer that has not been used yet.
    if (std::ranges::all_of(values_, [](const auto& slot) { return slot.empty(); }) && class_name_ != "SGD")
      return named;
    std::vector<std::string> names;
    std::vector<size_t> slots;
    for (size_t s = 0; s < slots_.size(); ++s) {
      if (values_[s].empty() && slots_[s].is_optional) continue;
      // SGD without momentum keeps none in older Kerases and in Keras 3, zeros in 2.15.
      for (size_t v = 0; class_name_ == "SGD" && values_[s].size() < variables_.size() && v < variables_.size(); ++v)
        values_[s].push_back({"", Tensor(DType::kFloat32, variables_[v].spec.shape)});
      check(values_[s], s);
      names.emplace_back(slots_[s].name);
      slots.push_back(s);
    }
    for (const OptimizerWeight& weight : optimizer_weight_names(model, class_name_, names))
      named.emplace_back(weight.name, values_[slots[weight.slot]][weight.variable].value);
    return named;
  }

  std::string where_;
  std::vector<Variable> variables_;
  std::string class_name_;
  Json config_ = Json::object();
  std::vector<OptimizerSlot> slots_;
  std::vector<std::vector<Stored>> values_;  // by slot
  std::vector<Stored> rest_;
  Tensor iteration_;
  bool is_keras2_15_ = false;
};

Json optimizer_of(const std::string& training_config, const std::string& place) {
  if (training_config.empty()) return {};
  const Json json = parse_json(training_config, place);
  return json.is_object() && json.contains("optimizer_config") ? json.at("optimizer_config") : Json();
}

TrainingState read_hdf5(const Model& model, const std::shared_ptr<const File>& file, const std::string& place) {
  const auto tree = hdf5::Tree::open({file, 0, file->size()}, place, true);
  TrainingState state;
  state.training_config = tree->text("/", "training_config").value_or("");
  state.hoarfrost = tree->text("/", "hoarfrost").value_or("");
  state.kept_weights = read_kept_weights(*tree);
  const Json optimizer = optimizer_of(state.training_config, tree->where("/training_config"));
  constexpr const char* kGroup = "/optimizer_weights";
  if (optimizer.is_null() || !is_known(optimizer) || tree->kind(kGroup) != hdf5::Kind::kGroup) return state;
  std::vector<Stored> stored;
  const auto names = tree->names(kGroup, "weight_names");
  if (!names) throw Error(ErrorCode::kCorrupt, tree->where(kGroup), "has no `weight_names`");
  for (const std::string& name : *names) stored.push_back({name, tree->dataset(hdf5::join(kGroup, name))});
  state.optimizer_weights = StateReader(model, optimizer, tree->where(kGroup)).read(model, stored, false);
  return state;
}

TrainingState read_zip(const Model& model, const std::filesystem::path& path) {
  const Archive archive = read_archive(path, true);
  TrainingState state;
  state.hoarfrost = archive.hoarfrost;
  if (archive.weights) state.kept_weights = read_kept_weights(*archive.weights);
  const Json config = parse_json(archive.config, path.string() + ":config.json");
  const Json* compiled =
      config.is_object() && config.contains("compile_config") && config.at("compile_config").is_object()
          ? &config.at("compile_config")
          : nullptr;
  if (compiled == nullptr || compiled->empty()) return state;  // {}: never compiled
  Json one_form = *compiled;
  if (one_form.contains("optimizer")) {
    one_form["optimizer_config"] = one_form.at("optimizer");
    one_form.erase("optimizer");
  }
  state.training_config = one_form.dump();
  const Json optimizer = optimizer_of(state.training_config, path.string());
  constexpr const char* kGroup = "/optimizer/vars";
  if (optimizer.is_null() || !is_known(optimizer) || !archive.weights ||
      archive.weights->kind(kGroup) != hdf5::Kind::kGroup)
    return state;
  std::vector<Stored> stored;
  for (size_t i = 0; archive.weights->kind(hdf5::join(kGroup, std::to_string(i))) == hdf5::Kind::kDataset; ++i)
    stored.push_back({"", archive.weights->dataset(hdf5::join(kGroup, std::to_string(i)))});
  if (text_at(optimizer, "class_name") == "Nadam" &&
      parse_version(archive.version.value_or("")).value_or(Version{3, 0}).major >= 3 && stored.size() > 2)
    stored.pop_back();  // the product of its momenta
  if (!stored.empty())
    state.optimizer_weights = StateReader(model, optimizer, archive.weights->where(kGroup)).read(model, stored, true);
  return state;
}

}  // namespace

TrainingState read_training_state(const Model& model, const std::filesystem::path& path) {
  const auto file = File::open(path);
  switch (file_kind(*file)) {
    case FileKind::kHdf5:
      return read_hdf5(model, file, path.string());
    case FileKind::kZip:
      return read_zip(model, path);
    default:
      return {};
  }
}

// iteration, the learning rate where it is no schedule, then as in 2.15; SGD's momentum only where there is one, and
// behind Nadam's the product of its momenta so far: Π β₁ (1 − 0.96^t / 2).
std::vector<Tensor> optimizer_vars_of_keras3(const TrainingState& state) {
  const Json optimizer = optimizer_of(state.training_config, "training_config");
  const std::string class_name =
      optimizer.is_string() ? optimizer.get<std::string>() : plain_class_name(text_at(optimizer, "class_name"));
  const Json compiled = training_config_in(Dialect::kKeras3, state.training_config).at("optimizer").at("config");
  std::vector<Tensor> result;
  const auto number = [&](const char* key, double fallback) {
    return compiled.contains(key) && compiled.at(key).is_number() ? compiled.at(key).get<double>() : fallback;
  };
  int64_t iterations = 0;
  for (const auto& [name, value] : state.optimizer_weights) {
    if (name == "iteration:0") {
      iterations = static_cast<int64_t>(Reader(value)[0]);
      result.push_back(value);
      const bool is_schedule = compiled.contains("learning_rate") && compiled.at("learning_rate").is_object();
      if (!is_schedule) result.push_back(Tensor::scalar<float>(static_cast<float>(number("learning_rate", 0.001))));
    } else if (class_name != "SGD" || number("momentum", 0) != 0) {
      result.push_back(value);
    }
  }
  if (class_name == "Nadam") {
    double product = 1;
    for (int64_t t = 1; t <= iterations; ++t)
      product *= number("beta_1", 0.9) * (1 - 0.5 * std::pow(0.96, static_cast<double>(t)));
    result.push_back(Tensor::scalar<float>(static_cast<float>(product)));
  }
  return result;
}

}  // namespace hoarfrost::keras
