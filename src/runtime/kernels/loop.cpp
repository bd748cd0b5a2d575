// A while loop: a program for its condition and one for its body, run in turn. The variables lie in two places by
// turns, so that a round reads one and writes the other.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <omp.h>

#include <array>
#include <cstring>

#include "ops/interpret.h"
#include "runtime/arena.h"
#include "runtime/compile.h"
#include "runtime/kernels/tensor_at.h"

namespace hoarfrost::runtime {
namespace {

class LoopKernel : public Kernel {
 public:
  LoopKernel(const Operation& operation, const Site& site) : lists_(operation.loop) {
    implementation = "own:loop";
    const auto compiled = [&](const OperationList& list) {
      return compile(list, {site.strategy, false, omp_get_max_threads()}, site.engine, site.weights, site.tuning);
    };
    condition_ = compiled(lists_->condition);
    body_ = compiled(lists_->body);
    for (const ValueId id : operation.inputs) {
      given_.push_back(site.value(id));
      if (!given_.back().is_constant()) inputs.push_back({id, {}});
    }
    for (size_t i = 0; i < lists_->n_variables; ++i) {
      variables_.push_back(site.value(operation.outputs[i]));
      const Value& value = variables_.back();
      const size_t n_bytes =
          value.is_held() ? 0 : static_cast<size_t>(value.shape.n_elements()) * dtype_size(value.dtype);
      for (auto& place : places_) place.push_back({Tensor(), Arena(n_bytes)});
      n_bytes_.push_back(n_bytes);
    }
    output_layouts.resize(operation.outputs.size());
  }

  [[nodiscard]] std::vector<Step> inner_steps() const override {
    std::vector<Step> result = condition_->steps();
    for (Step& step : body_->steps()) result.push_back(std::move(step));
    return result;
  }

  void set_timing(bool is_on) override {
    condition_->set_timing(is_on);
    body_->set_timing(is_on);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::vector<void*> now = begin(buffers);
    bool goes_on = false;
    void* decision = &goes_on;
    Tensor held_decision;
    const bool is_held = condition_->outputs()[0].is_held();
    for (int64_t round = 0;; ++round) {
      if (round == ops::kMostRounds) too_long();
      if (is_held) decision = &held_decision;
      condition_->run(now, std::span(&decision, 1));
      if (is_held) goes_on = held_decision.n_elements() == 1 && held_decision.values<bool>()[0];
      if (!goes_on) break;
      run_body(now, places_[static_cast<size_t>(round % 2)]);
    }
    for (size_t i = 0; i < lists_->n_variables; ++i) {
      if (variables_[i].is_held())
        *static_cast<Tensor*>(buffers.outputs[i]) = *static_cast<Tensor*>(now[i]);
      else if (n_bytes_[i] > 0)
        std::memcpy(buffers.outputs[i], now[i], n_bytes_[i]);
    }
    for (auto& place : places_) {
      for (Place& variable : place) variable.tensor = Tensor();
    }
    first_.clear();
  }

 private:
  struct Place {
    Tensor tensor;  // of a variable that is held
    Arena memory;
  };

  [[noreturn]] void too_long() const {
    throw Error(ErrorCode::kUnsupported, fmt::format("loop `{}`", lists_->frame),
                fmt::format("it has not ended after {} rounds", ops::kMostRounds));
  }

  // All inputs as the programs take them. A variable whose shape changes from round to round is held, even if its first
  // was not.
  std::vector<void*> begin(const Buffers& buffers) {
    std::vector<void*> result;
    first_.assign(lists_->n_variables, Tensor());
    size_t n_read = 0;
    for (size_t i = 0; i < given_.size(); ++i) {
      const bool is_constant = given_[i].is_constant();  // only of a variable's first value
      void* memory = is_constant ? nullptr : buffers.inputs[n_read++];
      const bool becomes_held = i < lists_->n_variables && variables_[i].is_held() && !given_[i].is_held();
      if (!is_constant && !becomes_held) {
        result.push_back(memory);
        continue;
      }
      first_[i] = is_constant ? given_[i].constant.aligned() : tensor_at(given_[i], memory);
      result.push_back(variables_[i].is_held() ? static_cast<void*>(&first_[i])
                                               : const_cast<std::byte*>(first_[i].bytes().data()));
    }
    return result;
  }

  // `now` becomes the variables after the round.
  void run_body(std::vector<void*>& now, std::vector<Place>& target) {
    std::vector<void*>& next = next_;
    next.assign(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(lists_->n_variables));
    for (size_t i = 0; i < next.size(); ++i) {
      const Value& computed = body_->outputs()[i];
      if (!variables_[i].is_held()) {
        next[i] = target[i].memory.data();
      } else if (computed.is_held()) {
        next[i] = &target[i].tensor;
      } else {
        target[i].tensor = Tensor(computed.dtype, computed.shape);
        next[i] = target[i].tensor.mutable_bytes().data();
      }
    }
    body_->run(now, next);
    for (size_t i = 0; i < next.size(); ++i)
      now[i] = variables_[i].is_held() ? static_cast<void*>(&target[i].tensor) : next[i];
  }

  std::shared_ptr<const LoopLists> lists_;
  std::unique_ptr<Program> condition_;
  std::unique_ptr<Program> body_;
  std::vector<Value> given_;
  std::vector<Value> variables_;
  std::vector<size_t> n_bytes_;
  std::array<std::vector<Place>, 2> places_;
  std::vector<Tensor> first_;
  std::vector<void*> next_;
};

}  // namespace

std::unique_ptr<Kernel> make_loop(const Operation& operation, const Site& site) {
  if (operation.loop == nullptr) return nullptr;
  return std::make_unique<LoopKernel>(operation, site);
}

}  // namespace hoarfrost::runtime
