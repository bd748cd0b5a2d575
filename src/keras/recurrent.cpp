#include "keras/recurrent.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

Doubles values_of(const Array& array) {
  Doubles result(static_cast<size_t>(array.shape().n_elements()));
  for (size_t i = 0; i < result.size(); ++i) result[i] = array.at_offset(static_cast<int64_t>(i));
  return result;
}

// The sequences of a batch, each computed once.
class Sequences {
 public:
  Sequences(Recurrence layer, Arrays weights, Arrays in)
      : layer_(std::move(layer)),
        raw_weights_(std::move(weights)),
        in_(std::move(in)),
        x_(step_shape(in_[0].shape())),
        n_batch_(in_[0].size(layer_.time_major ? 1 : 0)),
        n_steps_(in_[0].size(layer_.time_major ? 0 : 1)),
        once_(std::make_unique<std::once_flag[]>(static_cast<size_t>(n_batch_))),
        rows_(static_cast<size_t>(n_batch_)) {}

  struct Row {
    std::vector<Doubles> outputs;  // by step, in the order in which they are computed
    std::vector<Doubles> states;
  };
  const Row& row(int64_t b) {
    std::call_once(once_[static_cast<size_t>(b)], [&] { rows_[static_cast<size_t>(b)] = compute(b); });
    return rows_[static_cast<size_t>(b)];
  }

 private:
  Row compute(int64_t b) {
    std::call_once(weights_once_, [&] {
      for (const Array& weight : raw_weights_) weights_.push_back(values_of(weight));
      weights_ = layer_.cell->prepare(std::move(weights_), x_);
    });
    Row result;
    for (size_t s = 0; s < layer_.cell->states(x_).size(); ++s) {
      Doubles state(static_cast<size_t>(layer_.cell->states(x_)[s].n_elements()));
      if (in_.size() > 1) {
        for (size_t i = 0; i < state.size(); ++i)
          state[i] = in_[s + 1].at_offset(b * static_cast<int64_t>(state.size()) + static_cast<int64_t>(i));
      }
      result.states.push_back(std::move(state));
    }
    Doubles before(static_cast<size_t>(layer_.cell->output(x_).n_elements()));
    for (int64_t step = 0; step < n_steps_; ++step) {
      const int64_t t = layer_.go_backwards ? n_steps_ - 1 - step : step;
      if (in_[0].mask != nullptr && (*in_[0].mask)[layer_.time_major ? Index{t, b} : Index{b, t}] == 0) {
        result.outputs.push_back(layer_.zero_output_for_mask ? Doubles(before.size()) : before);
        continue;
      }
      Doubles x(static_cast<size_t>(x_.n_elements()));
      const int64_t place = layer_.time_major ? t * n_batch_ + b : b * n_steps_ + t;
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = in_[0].at_offset(place * static_cast<int64_t>(x.size()) + static_cast<int64_t>(i));
      before = layer_.cell->step(weights_, x_, x, result.states);
      result.outputs.push_back(before);
    }
    return result;
  }

  Recurrence layer_;
  Arrays raw_weights_;
  Arrays in_;
  Shape x_;
  int64_t n_batch_;
  int64_t n_steps_;
  std::once_flag weights_once_;
  std::vector<Doubles> weights_;
  std::unique_ptr<std::once_flag[]> once_;
  std::vector<Row> rows_;
};

}  // namespace

Shape step_shape(const Shape& sequence) {
  return Shape(std::vector<int64_t>(sequence.sizes().begin() + 2, sequence.sizes().end()));
}

Shape joined(std::vector<int64_t> front, const Shape& back) {
  front.insert(front.end(), back.sizes().begin(), back.sizes().end());
  return Shape(std::move(front));
}

void read_call_arguments(const Config& config, std::string_view known) {
  const Json* arguments = config.find({"call_arguments"});
  if (arguments == nullptr) return;
  for (const auto& [key, value] : arguments->at("kwargs").items()) {
    if (key != known) config.unsupported(fmt::format("called with the argument `{}`, which is not converted", key));
  }
}

Recurrence Recurrence::parse(const Config& config, CellPtr cell) {
  config.ignore(
      {"unroll", "implementation", "input_dim", "input_length", "use_cudnn", "unit_forget_bias", "num_constants"});
  read_call_arguments(config, "initial_state");
  Recurrence result;
  result.cell = std::move(cell);
  result.return_sequences = config.get_bool({"return_sequences"}, false);
  result.return_state = config.get_bool({"return_state"}, false);
  result.go_backwards = config.get_bool({"go_backwards"}, false);
  result.zero_output_for_mask = config.get_bool({"zero_output_for_mask"}, false);
  result.time_major = config.get_bool({"time_major"}, false);
  result.stateful = config.get_bool({"stateful"}, false);
  return result;
}

Shapes Recurrence::infer(const Shapes& in) const {
  if (in.empty() || in[0].rank() < 3) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected a sequence [batch, time, features], found {}",
                            in.empty() ? "nothing" : in[0].to_string()));
  }
  const Shape x = step_shape(in[0]);
  if (!x.is_static())
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("the size of a step is unknown in {}: give --input-shape", in[0].to_string()));
  const Shapes states = cell->states(x);
  if (in.size() > 1 && in.size() != states.size() + 1) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected {} initial states, found {}", states.size(), in.size() - 1));
  }
  const int64_t n_batch = in[0][time_major ? 1 : 0];
  Shapes result;
  if (return_sequences)
    result.push_back(joined({in[0][0], in[0][1]}, cell->output(x)));
  else
    result.push_back(joined({n_batch}, cell->output(x)));
  for (size_t s = 0; return_state && s < states.size(); ++s) result.push_back(joined({n_batch}, states[s]));
  return result;
}

std::vector<WeightSpec> Recurrence::weights(const Shapes& in) const { return cell->weights(step_shape(in.at(0))); }

Formulas Recurrence::reference(const Arrays& weights, const Arrays& in) const {
  Shapes shapes;
  for (const Array& array : in) shapes.push_back(array.shape());
  const Shapes out = infer(shapes);
  const Shape x = step_shape(shapes[0]);
  const auto sequences = std::make_shared<Sequences>(*this, weights, in);
  const int64_t n_steps = shapes[0][time_major ? 0 : 1];
  const double cost = cell->multiplications(x) * static_cast<double>(n_steps);
  const auto output = [=, shape = out[0], all = return_sequences, by_time = time_major](const Index& o) {
    const int64_t b = all && by_time ? o[1] : o[0];
    const int64_t t = by_time ? o[0] : o[1];
    const std::vector<Doubles>& outputs = sequences->row(b).outputs;
    const Doubles& step = all ? outputs[static_cast<size_t>(t)] : outputs.back();
    return step[static_cast<size_t>(o.offset(shape) % static_cast<int64_t>(step.size()))];
  };
  const auto n_elements =
      static_cast<double>(std::max<int64_t>(1, cell->output(x).n_elements() * (return_sequences ? n_steps : 1)));
  Formulas result{{out[0], output, cost / n_elements}};
  for (size_t s = 1; s < out.size(); ++s) {
    const auto state = [=, shape = out[s]](const Index& o) {
      const Doubles& values = sequences->row(o[0]).states[s - 1];
      return values[static_cast<size_t>(o.offset(shape) % static_cast<int64_t>(values.size()))];
    };
    result.push_back({out[s], state, 1});
  }
  return result;
}

std::shared_ptr<const Layer> parse_inner_layer(const Config& config, std::string_view key,
                                               const std::vector<std::pair<std::string, bool>>& changes) {
  const Json* layer = config.find({key});
  if (layer == nullptr || !layer->is_object() || !layer->contains("class_name") ||
      !layer->at("class_name").is_string() || !layer->contains("config") || !layer->at("config").is_object()) {
    config.fail(fmt::format("`{}` must be a layer with a class_name and a config", key));
  }
  Json inner = layer->at("config");
  for (const auto& [name, value] : changes) inner[name] = value;
  return parse_layer(Config(inner, registered_class(*layer), config.version()));
}

}  // namespace hoarfrost::keras
