// Recurrence::lower: the cell's steps written out one after the other.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/dropout.h"
#include "keras/lowering.h"
#include "keras/recurrent.h"
#include "keras/recurrent_dropout.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

// Zeros [batch, …state], the batch being x's.
Value zeros(Lowering& lowering, const Value& batch, const Shape& state, const Value& like) {
  std::vector<Value> sizes{batch};
  for (const int64_t size : state.sizes()) sizes.push_back(lowering.int_scalar("zeros/packed/1", size));
  const Value shape =
      lowering.raw_op("zeros/packed", "Pack", sizes, DType::kInt32,
                      {{"T", DType::kInt32}, {"N", static_cast<int64_t>(sizes.size())}, {"axis", int64_t{0}}});
  Value result = lowering.raw_op("zeros", "Fill", {shape, lowering.scalar("zeros/Const", 0, like)}, like.dtype,
                                 {{"T", like.dtype}});
  result.shape = joined({kUnknown}, state);
  return result;
}

// The n parts of x along an axis, without that axis.
Values unpack(Lowering& lowering, const Value& x, int64_t axis, int64_t n, const Shape& part) {
  const Value first = lowering.raw_op("unstack", "Unpack", {x}, x.dtype, {{"T", x.dtype}, {"num", n}, {"axis", axis}});
  Values result;
  for (int64_t i = 0; i < n; ++i) result.push_back({first.tensor.node->output(static_cast<int>(i)), x.dtype, part, {}});
  return result;
}

class Unrolled {
 public:
  Unrolled(Lowering& lowering, const Recurrence& layer, const Values& in)
      : lowering_(lowering),
        layer_(layer),
        in_(in),
        x_(step_shape(in[0].shape)),
        time_(layer.time_major ? 0 : 1),
        n_steps_(in[0].shape[time_]) {}

  Values run() {
    for (size_t i = 0; i < lowering_.n_weights(); ++i) weights_.push_back(lowering_.weight(i));
    weights_ = layer_.cell->prepare(lowering_, std::move(weights_), x_);
    const Values xs = dropped(lowering_, layer_, weights_, in_[0], masks_);
    const Values projected = project(xs);
    states_ = first_states(lowering_, layer_, in_);
    zero_ = states_.back();
    states_.pop_back();
    Values masks;
    if (in_[0].mask) masks = unpack(lowering_, {in_[0].mask, DType::kBool}, time_, n_steps_, {kUnknown});
    Values outputs;
    Value before = zero_;
    for (int64_t step = 0; step < n_steps_; ++step) {
      const auto t = static_cast<size_t>(layer_.go_backwards ? n_steps_ - 1 - step : step);
      const Values old = states_;
      Value y = layer_.cell->step(lowering_, weights_, masks_, projected[t], states_);
      y.shape = zero_.shape;
      if (!masks.empty()) {
        for (size_t s = 0; s < states_.size(); ++s) states_[s] = select(lowering_, masks[t], states_[s], old[s]);
        y = select(lowering_, masks[t], y, layer_.zero_output_for_mask ? zero_ : before);
        before = y;
      }
      outputs.push_back(y);
    }
    return finish(outputs);
  }

 private:
  // All steps' input products as one: [batch, time, …] -> by step [batch, …].
  Values project(const Values& xs) {
    Values rows;
    for (const Value& x : xs) {
      rows.push_back(lowering_.reshape(x, joined({kUnknown}, x_)));
      rows.back().shape = joined({kUnknown}, x_);
    }
    const Value product = layer_.cell->project(lowering_, weights_, rows);
    const Shape width = layer_.cell->projected(x_);
    Value sequence;
    if (layer_.time_major)
      sequence = lowering_.reshape(product, joined({n_steps_, kUnknown}, width));
    else
      sequence = lowering_.reshape(product, joined({kUnknown, n_steps_}, width));
    return unpack(lowering_, sequence, time_, n_steps_, joined({kUnknown}, width));
  }

  Values finish(const Values& outputs) {
    Value y = outputs.back();
    if (layer_.return_sequences) {
      y = lowering_.named_op("stack", "Pack", outputs,
                             {{"N", static_cast<int64_t>(outputs.size())}, {"axis", int64_t{time_}}});
      y.mask = in_[0].mask;
    }
    Values result{y};
    if (layer_.return_state) result.insert(result.end(), states_.begin(), states_.end());
    return result;
  }

  Lowering& lowering_;
  const Recurrence& layer_;
  const Values& in_;
  Shape x_;
  int time_;
  int64_t n_steps_;
  Values weights_;
  Values masks_;
  Values states_;
  Value zero_;
};

}  // namespace

Value select(Lowering& lowering, const Value& mask, const Value& yes, const Value& no) {
  Value result = lowering.raw_op("Select", "Select", {mask, yes, no}, yes.dtype, {{"T", yes.dtype}});
  result.shape = yes.shape;
  return result;
}

Values dropped(Lowering& lowering, const Recurrence& layer, const Values& weights, const Value& in, Values& masks) {
  if (!lowering.is_training()) return {in};
  Value x = lower_dropout(lowering, in, layer.cell->sequence_dropout())[0];
  x.shape = in.shape;
  const int batch = layer.time_major ? 1 : 0;
  masks = layer.cell->masks(lowering, weights, step_shape(in.shape), size_of(lowering, in, batch));
  return masked(lowering, x, input_masks(*layer.cell, masks), 1 - batch);
}

Values first_states(Lowering& lowering, const Recurrence& layer, const Values& in) {
  const Shape x = step_shape(in[0].shape);
  const Value batch = size_of(lowering, in[0], layer.time_major ? 1 : 0);
  const Value zero = zeros(lowering, batch, layer.cell->output(x), in[0]);
  Values result;
  const Shapes shapes = layer.cell->states(x);
  for (size_t s = 0; s < shapes.size(); ++s) {
    if (in.size() > 1)
      result.push_back(in[s + 1]);
    else if (shapes[s] == layer.cell->output(x))
      result.push_back(zero);
    else
      result.push_back(zeros(lowering, batch, shapes[s], in[0]));
  }
  result.push_back(zero);
  return result;
}

Values Recurrence::lower(Lowering& lowering, const Values& in) const {
  if (stateful)
    lowering.note(fmt::format("layer `{}` is stateful: in the graph every call starts at its first state, zeros",
                              lowering.scope()));
  const int64_t n_steps = in[0].shape[time_major ? 0 : 1];
  const bool are_few = n_steps >= 1 && n_steps <= kFewSteps;
  if (lowering.recurrence() == RecurrenceForm::kLoop || (lowering.recurrence() == RecurrenceForm::kAuto && !are_few)) {
    return lower_as_loop(lowering, *this, in);
  }
  if (n_steps < 1) {
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("the steps of a recurrent layer cannot be written out one by one, for their number is "
                            "unknown in {}: give it with --input-shape, or take a loop (--rnn loop)",
                            in[0].shape.to_string()));
  }
  if (n_steps > kMostSteps) {
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("the steps of a recurrent layer are written out one by one, {} at most, found {}: take a "
                            "loop (--rnn loop), or give a shorter sequence with --input-shape",
                            kMostSteps, n_steps));
  }
  return Unrolled(lowering, *this, in).run();
}

}  // namespace hoarfrost::keras
