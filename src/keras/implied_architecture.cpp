// Which Sequential model would have just these weights. Only chains of common layers, and only where one fits: what two
// architectures have in common proves neither.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "keras/architecture.h"
#include "keras/stored_weights.h"

namespace hoarfrost::keras {
namespace {

constexpr int64_t kLargestSide = 1024;

// A layer as far as shapes go. `in` is 0 where it takes any number of channels.
struct Part {
  const StoredLayer* stored = nullptr;
  std::string class_name;
  Json config;
  int64_t in = 0;
  int64_t out = 0;              // 0: as many as come in
  std::vector<int64_t> window;  // a convolution's kernel or a pool's size
  int n_spatial = -1;           // axes between batch and channels that it needs; -1: any
  [[nodiscard]] bool is_pool() const {
    return class_name.starts_with("MaxPooling") || class_name.starts_with("AveragePooling");
  }
};

struct NoAnswer {
  std::string why;
};

bool has(const StoredLayer& layer, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(
      layer.weights, [&](const StoredWeight& weight) { return std::ranges::find(names, weight.name) != names.end(); });
}

// Named, or by its number.
bool has_bias(const StoredLayer& layer) {
  return has(layer, {"bias", "b"}) || (!has(layer, {"kernel", "W"}) && layer.weights.size() > 1);
}

Part with_kernel(const StoredLayer& layer) {
  const Shape& kernel = layer.weights.at(0).shape;
  const int rank = layer.class_name == "Dense"    ? 2
                   : layer.class_name == "Conv1D" ? 3
                   : layer.class_name == "Conv2D" ? 4
                                                  : 5;
  if (kernel.rank() != rank || layer.weights.size() > 2)
    throw NoAnswer{fmt::format("layer `{}` has not the weights of a {}", layer.name, layer.class_name)};
  Part part{&layer, layer.class_name, {{"activation", "linear"}, {"use_bias", has_bias(layer)}}, kernel[-2], kernel[-1],
            {},     rank - 2};
  if (rank == 2) {
    part.config["units"] = part.out;
    part.n_spatial = -1;
    return part;
  }
  for (int axis = 0; axis < rank - 2; ++axis) part.window.push_back(kernel[axis]);
  part.config["filters"] = part.out;
  part.config["kernel_size"] = part.window;
  return part;
}

Part recurrent(const StoredLayer& layer) {
  if (layer.weights.size() < 2)
    throw NoAnswer{fmt::format("layer `{}` has not the weights of a {}", layer.name, layer.class_name)};
  const Shape &kernel = layer.weights[0].shape, &inner = layer.weights[1].shape;
  if (kernel.rank() != 2 || inner.rank() != 2)
    throw NoAnswer{fmt::format("layer `{}` has not the weights of a {}", layer.name, layer.class_name)};
  Part part{&layer,    layer.class_name, {{"units", inner[0]}, {"use_bias", layer.weights.size() > 2}},
            kernel[0], inner[0],         {},
            1};
  if (layer.class_name == "GRU")
    part.config["reset_after"] = layer.weights.size() > 2 && layer.weights[2].shape.rank() == 2;
  return part;
}

Part normalization(const StoredLayer& layer) {
  const size_t n = layer.weights.size();
  const bool is_named = has(layer, {"moving_mean", "running_mean"});
  if (n != 4 && !is_named)
    throw NoAnswer{fmt::format("layer `{}` has {} weights, which may be gamma or beta", layer.name, n)};
  const int64_t channels = layer.weights.at(0).shape.rank() == 1 ? layer.weights[0].shape[0] : 0;
  return {&layer,
          layer.class_name,
          {{"scale", !is_named || has(layer, {"gamma"})}, {"center", !is_named || has(layer, {"beta"})}},
          channels,
          0,
          {},
          -1};
}

Part part_of(const StoredLayer& layer) {
  const std::string& name = layer.class_name;
  if (name == "Dense" || name == "Conv1D" || name == "Conv2D" || name == "Conv3D") {
    if (layer.weights.empty()) throw NoAnswer{fmt::format("layer `{}` has no weights", layer.name)};
    return with_kernel(layer);
  }
  if (name == "LSTM" || name == "GRU" || name == "SimpleRNN") return recurrent(layer);
  if (name == "BatchNormalization") return normalization(layer);
  if (name == "Embedding" && layer.weights.size() == 1 && layer.weights[0].shape.rank() == 2) {
    const Shape& table = layer.weights[0].shape;
    return {&layer, name, {{"input_dim", table[0]}, {"output_dim", table[1]}}, 0, table[1], {}, 0};
  }
  const bool is_pool = name.starts_with("MaxPooling") || name.starts_with("AveragePooling");
  if (layer.weights.empty() && is_pool) {
    const int n = name[name.size() - 2] - '0';
    return {&layer, name, Json::object(), 0, 0, std::vector<int64_t>(static_cast<size_t>(n), 2), n};
  }
  if (layer.weights.empty() && name.starts_with("Global"))
    return {&layer, name, Json::object(), 0, 0, {}, name[name.size() - 2] - '0'};
  if (layer.weights.empty() &&
      (name == "Flatten" || name == "ReLU" || name == "LeakyReLU" || name == "ELU" || name == "Softmax"))
    return {&layer, name, Json::object(), 0, 0, {}, -1};
  if (layer.weights.empty() && name == "Activation") return {&layer, name, {{"activation", "linear"}}, 0, 0, {}, -1};
  if (layer.weights.empty() && name.ends_with("Dropout")) return {&layer, name, {{"rate", 0.5}}, 0, 0, {}, -1};
  throw NoAnswer{fmt::format("layer `{}`{} is none whose place in a chain its weights tell", layer.name,
                             name.empty() ? "" : fmt::format(" ({})", name))};
}

// What is known of a value on its way: axes between batch and channels, and channels (0: not known).
struct Flow {
  int n_spatial = -1;
  int64_t channels = 0;
  bool is_flat = false;  // from spatial axes of unknown size
};

// nullopt where it does not fit.
std::optional<Flow> after(const Part& part, Flow flow) {
  if (part.class_name == "Embedding")
    return flow.n_spatial < 0 && flow.channels == 0 ? std::optional(Flow{1, part.out, false}) : std::nullopt;
  if (part.n_spatial > 0 && flow.n_spatial >= 0 && part.n_spatial != flow.n_spatial) return {};
  if (part.class_name == "Flatten") return Flow{0, flow.channels, flow.n_spatial > 0};
  if (part.class_name.starts_with("Global")) return Flow{0, flow.channels, false};
  const bool fits =
      part.in == 0 || flow.channels == 0 || (flow.is_flat ? part.in % flow.channels == 0 : part.in == flow.channels);
  if (!fits) return {};
  const bool ends_sequence = part.class_name == "LSTM" || part.class_name == "GRU" || part.class_name == "SimpleRNN";
  const int n = ends_sequence ? 1 : part.n_spatial > 0 ? part.n_spatial : flow.n_spatial;
  const int64_t channels = part.out > 0 ? part.out : flow.channels > 0 ? flow.channels : part.in;
  return Flow{part.class_name == "Dense" && n < 0 ? 0 : n, channels, flow.is_flat && part.out == 0};
}

// Orders of all parts in which the channels fit, parts of one class keeping theirs.
class Orders {
 public:
  explicit Orders(const std::vector<Part>& parts) : parts_(parts), is_used_(parts.size(), false) { extend({}); }
  std::vector<std::vector<Part>> found;
  bool are_all = true;

 private:
  void extend(Flow flow) {
    are_all = are_all && ++n_steps_ <= 100000;
    if (!are_all) return;
    if (chosen_.size() == parts_.size()) found.push_back(chosen_);
    std::set<std::string> tried;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (is_used_[i] || !tried.insert(parts_[i].class_name).second) continue;
      const auto next = after(parts_[i], flow);
      if (!next) continue;
      // Keras' models hardly begin with one of these.
      const bool is_late = parts_[i].class_name == "BatchNormalization" || parts_[i].is_pool();
      if (chosen_.empty() && is_late) continue;
      if (parts_[i].class_name == "Dense" && flow.n_spatial > 1) continue;  // nor do they have one of every pixel
      is_used_[i] = true;
      chosen_.push_back(parts_[i]);
      extend(*next);
      chosen_.pop_back();
      is_used_[i] = false;
    }
  }

  const std::vector<Part>& parts_;
  std::vector<bool> is_used_;
  std::vector<Part> chosen_;
  int64_t n_steps_ = 0;
};

class Chain {
 public:
  Chain(std::vector<Part> parts, const Shape& input) : parts_(std::move(parts)) {
    if (!input.has_rank() || input.rank() < 2) return;
    given_ = Shape(std::vector<int64_t>(input.sizes().begin() + 1, input.sizes().end()));
  }

  ImpliedArchitecture run() {
    check();
    Shape input = input_shape();
    Json layers = Json::array();
    Json sizes = Json::array({nullptr});
    for (const int64_t size : input.sizes()) sizes.push_back(size == kUnknown ? Json() : Json(size));
    layers.push_back({{"class_name", "InputLayer"},
                      {"config", {{"batch_input_shape", sizes}, {"dtype", "float32"}, {"name", "input"}}}});
    for (size_t i = 0; i < parts_.size(); ++i) layers.push_back(layer(i));
    result_.json = Json{
        {"class_name", "Sequential"},
        {"config", {{"name", "sequential"}, {"layers", layers}}},
        {"keras_version", "2.15.0"},
        {"backend",
         "tensorflow"}}.dump(1);
    result_.assumed.emplace(
        result_.assumed.begin(),
        "every activation is linear: say the model's own, often relu, and softmax or sigmoid at the end");
    return std::move(result_);
  }

 private:
  static bool is_recurrent(const Part& part) {
    return part.class_name == "LSTM" || part.class_name == "GRU" || part.class_name == "SimpleRNN";
  }
  [[nodiscard]] bool goes_on_in_time(size_t i) const {
    for (size_t k = i + 1; k < parts_.size(); ++k) {
      if (is_recurrent(parts_[k]) || parts_[k].n_spatial == 1 || parts_[k].class_name == "Flatten") return true;
      if (parts_[k].class_name == "Dense") return false;
    }
    return false;
  }

  void check() {
    Flow flow;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const auto next = after(parts_[i], flow);
      if (!next) {
        throw NoAnswer{fmt::format("layer `{}` ({}) takes {} channels, and {} come: the layers are no chain",
                                   parts_[i].stored->name, parts_[i].class_name, parts_[i].in, flow.channels)};
      }
      flow = *next;
      if (is_recurrent(parts_[i])) {
        const bool goes_on = goes_on_in_time(i);
        parts_[i].config["return_sequences"] = goes_on;
        if (!goes_on) flow.n_spatial = 0;
      }
    }
  }

  // Without the batch.
  Shape input_shape() {
    const Part* first = nullptr;
    for (const Part& part : parts_) {
      if (first == nullptr && (part.in > 0 || part.class_name == "Embedding")) first = &part;
    }
    if (first == nullptr) throw NoAnswer{"no layer has weights"};
    if (first->class_name == "Embedding") return {kUnknown};
    int n_spatial = 0;
    for (const Part& part : parts_) n_spatial = n_spatial > 0 ? n_spatial : std::max(part.n_spatial, 0);
    if (first->class_name == "Dense") n_spatial = 0;
    Shape input;
    for (int axis = 0; axis < n_spatial; ++axis) input.push_back(kUnknown);
    input.push_back(first->in);
    const bool differs = given_.has_rank() && (given_.rank() != input.rank() ||
                                               (given_.last() != input.last() && given_.last() != kUnknown));
    if (differs)
      throw NoAnswer{fmt::format("its first weights take {} with a batch before it, --input-shape says {}",
                                 input.to_string(), given_.to_string())};
    if (n_spatial > 0) set_sides(input, n_spatial);
    return input;
  }

  // The side of a square image, and the convolutions' padding, from what the first Dense behind a Flatten takes.
  void set_sides(Shape& input, int n_spatial) {
    const auto flatten = std::ranges::find(parts_, "Flatten", &Part::class_name);
    if (flatten == parts_.end()) {
      result_.assumed.emplace_back("strides are 1, the padding is valid: no weight depends on them");
      return;
    }
    const auto dense = std::find_if(flatten, parts_.end(), [](const Part& part) { return part.class_name == "Dense"; });
    if (dense == parts_.end()) throw NoAnswer{"nothing behind its Flatten tells how large an image is"};
    const auto n = static_cast<size_t>(n_spatial);
    std::vector<std::vector<int64_t>> candidates;
    if (given_.has_rank() && given_.is_static())
      candidates.emplace_back(given_.sizes().begin(), given_.sizes().begin() + n_spatial);
    for (int64_t side = 1; candidates.empty() || (!given_.has_rank() && side <= kLargestSide); ++side)
      candidates.emplace_back(n, side);
    std::vector<std::pair<std::vector<int64_t>, std::string>> answers;
    for (const std::string padding : {"valid", "same"}) {
      for (const auto& sides : candidates) {
        if (flattened(sides, padding) == dense->in) answers.emplace_back(sides, padding);
      }
    }
    if (answers.size() != 1) {
      std::string text;
      for (size_t i = 0; i < std::min<size_t>(answers.size(), 4); ++i)
        text += fmt::format("{}{} with padding {}", text.empty() ? "" : ", ", fmt::join(answers[i].first, " × "),
                            answers[i].second);
      throw NoAnswer{
          fmt::format("the {} that `{}` takes leave {} for the images' size, with strides of 1 and pools of 2{}{}",
                      dense->in, dense->stored->name, answers.empty() ? "nothing" : "several answers",
                      text.empty() ? "" : ": " + text, given_.has_rank() ? "" : "; --input-shape says it")};
    }
    for (int axis = 0; axis < n_spatial; ++axis) input[axis] = answers[0].first[static_cast<size_t>(axis)];
    padding_ = answers[0].second;
    result_.assumed.push_back(
        fmt::format("strides are 1 and pools 2: with images of {} only padding `{}` then gives the {} that `{}` takes",
                    fmt::join(answers[0].first, " × "), padding_, dense->in, dense->stored->name));
  }

  [[nodiscard]] int64_t flattened(std::vector<int64_t> sides, const std::string& padding) const {
    int64_t channels = 0;
    for (const Part& part : parts_) {
      if (part.class_name == "Flatten") break;
      if (part.out > 0) channels = part.out;
      for (size_t axis = 0; axis < part.window.size() && axis < sides.size(); ++axis) {
        if (part.class_name.starts_with("Conv"))
          sides[axis] -= padding == "valid" ? part.window[axis] - 1 : 0;
        else
          sides[axis] /= part.window[axis];
        if (sides[axis] < 1) return -1;
      }
    }
    for (const int64_t size : sides) channels *= size;
    return channels;
  }

  [[nodiscard]] Json layer(size_t i) const {
    const Part& part = parts_[i];
    Json config{{"name", part.stored->name}};
    for (const auto& [key, value] : part.config.items()) config[key] = value;
    if (part.class_name.starts_with("Conv")) config["padding"] = padding_;
    return {{"class_name", part.class_name}, {"config", config}};
  }

  std::vector<Part> parts_;
  Shape given_ = Shape::unknown_rank();  // without the batch
  std::string padding_ = "valid";
  ImpliedArchitecture result_;
};

// Where several orders fit by their channels, the images' size may leave one.
ImpliedArchitecture of_orders(const Orders& orders, const Shape& input) {
  if (orders.found.empty()) throw NoAnswer{"the layers' weights are those of no chain"};
  const auto run = [&](const std::vector<Part>& order) {
    ImpliedArchitecture result = Chain(order, input).run();
    result.assumed.emplace_back("the layers' order is not in the file: it is the one in which their shapes fit");
    return result;
  };
  if (orders.found.size() == 1) return run(orders.found[0]);
  const auto& first = orders.found[0];
  const bool has_flatten = std::ranges::find(first, "Flatten", &Part::class_name) != first.end();
  std::vector<ImpliedArchitecture> fitting;
  for (const auto& order : orders.found) {
    if (!input.has_rank() || !has_flatten || !orders.are_all) break;
    try {
      fitting.push_back(run(order));
    } catch (const NoAnswer&) {
    }
  }
  if (fitting.size() != 1) {
    throw NoAnswer{fmt::format("the file does not say the layers' order, and their shapes allow several{}",
                               input.has_rank() || !has_flatten ? "" : "; --input-shape may leave one")};
  }
  return std::move(fitting[0]);
}

}  // namespace

ImpliedArchitecture implied_architecture(const StoredWeights& stored, const Shape& input) {
  try {
    std::vector<Part> parts;
    for (const StoredLayer& layer : stored.layers) {
      if (layer.class_name == "InputLayer") continue;
      if (layer.weights.empty() && !stored.has_order && layer.class_name.ends_with("Dropout")) continue;
      parts.push_back(part_of(layer));
    }
    if (parts.empty()) throw NoAnswer{"no layer has weights"};
    if (!stored.has_order) return of_orders(Orders(parts), input);
    return Chain(std::move(parts), input).run();
  } catch (const NoAnswer& none) {
    return {{}, none.why, {}};
  }
}

}  // namespace hoarfrost::keras
