// Recurrence::lower as a while loop over TensorArrays, as Keras 2.2 to 2.15 make one over TensorFlow 1 (backend.rnn),
// but for the input's product, which is one for all steps.
#include <fmt/format.h>

#include "keras/lowering.h"
#include "keras/recurrent.h"
#include "keras/slicing.h"
#include "keras/while_loop.h"

namespace hoarfrost::keras {
namespace {

// A TensorArray: its handle, and the flow, which says after which writes it is read.
struct Array {
  Value handle;
  Value flow;
  DType dtype = DType::kFloat32;
  Shape element;
};

Array tensor_array(Lowering& lowering, std::string_view what, const Value& n, DType dtype, const Shape& element) {
  Array result;
  result.handle = lowering.raw_op("TensorArray", "TensorArrayV3", {n}, DType::kResource,
                                  {{"dtype", dtype},
                                   {"element_shape", element},
                                   {"dynamic_size", false},
                                   {"clear_after_read", true},
                                   {"tensor_array_name", std::string(what)}});
  result.flow = {result.handle.tensor.node->output(1), DType::kFloat32, {}, {}};
  result.dtype = dtype;
  result.element = element;
  return result;
}

// 0, 1, … below n, under `NAME/range`.
Value range(Lowering& lowering, const std::string& name, const Value& n) {
  return lowering.raw_op(
      name + "/range", "Range",
      {lowering.int_scalar(name + "/range/start", 0), n, lowering.int_scalar(name + "/range/delta", 1)}, DType::kInt32,
      {{"Tidx", DType::kInt32}});
}

// An array of the parts of x along its first axis.
Array unstack(Lowering& lowering, const Value& x, const Value& n, const Shape& element) {
  Array result = tensor_array(lowering, "input_ta", n, x.dtype, element);
  const Value indices = range(lowering, "TensorArrayUnstack", n);
  result.flow = lowering.raw_op("TensorArrayUnstack/TensorArrayScatter/TensorArrayScatterV3", "TensorArrayScatterV3",
                                {result.handle, indices, x, result.flow}, DType::kFloat32, {{"T", x.dtype}});
  return result;
}

Value read(Lowering& lowering, const Array& array, const Value& i) {
  Value result = lowering.raw_op("TensorArrayReadV3", "TensorArrayReadV3", {array.handle, i, array.flow}, array.dtype,
                                 {{"dtype", array.dtype}});
  result.shape = array.element;
  return result;
}

Value stack(Lowering& lowering, const Array& array) {
  const Value n = lowering.raw_op("TensorArrayStack/TensorArraySizeV3", "TensorArraySizeV3", {array.handle, array.flow},
                                  DType::kInt32, {});
  return lowering.raw_op("TensorArrayStack/TensorArrayGatherV3", "TensorArrayGatherV3",
                         {array.handle, range(lowering, "TensorArrayStack", n), array.flow}, array.dtype,
                         {{"dtype", array.dtype}, {"element_shape", array.element}});
}

class Looped {
 public:
  Looped(Lowering& lowering, const Recurrence& layer, const Values& in)
      : lowering_(lowering), layer_(layer), in_(in), x_(step_shape(in[0].shape)), width_(layer.cell->projected(x_)) {}

  Values run() {
    Values weights;
    for (size_t i = 0; i < lowering_.n_weights(); ++i) weights.push_back(lowering_.weight(i));
    weights_ = layer_.cell->prepare(lowering_, std::move(weights), x_);
    Values xs = dropped(lowering_, layer_, weights_, in_[0], drops_);
    for (Value& x : xs) x = by_time(x, in_[0].shape);
    n_steps_ = size_of(lowering_, xs[0], 0);
    const Value sequence = backwards(project(xs));
    states_ = first_states(lowering_, layer_, in_);
    zero_ = states_.back();
    states_.pop_back();
    if (layer_.return_sequences)
      outputs_ =
          tensor_array(lowering_, "output_ta", n_steps_, in_[0].dtype, joined({kUnknown}, layer_.cell->output(x_)));
    steps_ = unstack(lowering_, sequence, n_steps_, joined({kUnknown}, width_));
    if (in_[0].mask) {
      const Value mask =
          by_time({in_[0].mask, DType::kBool, {in_[0].shape[0], in_[0].shape[1]}, {}}, {kUnknown, kUnknown});
      masks_ = unstack(lowering_, backwards(mask), n_steps_, {kUnknown});
    }
    return loop();
  }

 private:
  // [batch, time, …] -> [time, batch, …]
  Value by_time(const Value& x, const Shape& shape) { return layer_.time_major ? x : swapped(x, shape); }

  Value swapped(const Value& x, const Shape& shape) {
    std::vector<int64_t> axes{1, 0};
    for (int axis = 2; axis < shape.rank(); ++axis) axes.push_back(axis);
    Value result = lowering_.named_op("transpose", "Transpose", {x, lowering_.ints("transpose/perm", axes)},
                                      {{"Tperm", DType::kInt32}});
    result.shape = shape;
    std::swap(result.shape[0], result.shape[1]);
    return result;
  }

  Value backwards(const Value& x) {
    if (!layer_.go_backwards) return x;
    Value result = lowering_.raw_op("ReverseV2", "ReverseV2", {x, lowering_.ints("ReverseV2/axis", {0})}, x.dtype,
                                    {{"T", x.dtype}, {"Tidx", DType::kInt32}});
    result.shape = x.shape;
    return result;
  }

  // All steps' input products as one: [time, batch, …x] -> [time, batch, …].
  Value project(const Values& xs) {
    Values rows;
    for (const Value& x : xs) {
      rows.push_back(lowering_.reshape(x, joined({kUnknown}, x_)));
      rows.back().shape = joined({kUnknown}, x_);
    }
    Value product = layer_.cell->project(lowering_, weights_, rows);
    product.shape = joined({kUnknown}, width_);
    return lowering_.reshape_like(product, xs[0], joined({xs[0].shape[0], xs[0].shape[1]}, width_));
  }

  // The loop's variables: the counter; the flow of the outputs, where all are wanted; the output of the step before,
  // where it is wanted; the states.
  Values loop() {
    const bool keeps_output = !layer_.return_sequences || (in_[0].mask && !layer_.zero_output_for_mask);
    Values first{lowering_.int_scalar("time", 0)};
    if (layer_.return_sequences) first.push_back(outputs_.flow);
    if (keeps_output) first.push_back(zero_);
    first.insert(first.end(), states_.begin(), states_.end());
    WhileLoop loop(lowering_, "while", first, n_steps_);
    auto variable = loop.variables().begin() + 1;
    if (layer_.return_sequences) outputs_.flow = *variable++;
    const Value before = keeps_output ? *variable++ : zero_;
    states_.assign(variable, loop.variables().end());
    Values next = step(loop.variables()[0], keeps_output ? before : zero_);
    if (!keeps_output) next.erase(next.begin() + 1);
    if (!layer_.return_sequences) next.erase(next.begin());
    return finish(loop.close(next), keeps_output);
  }

  // One round: the flow of the outputs, the output, the states.
  Values step(const Value& i, const Value& before) {
    const Values old = states_;
    const Value x = read(lowering_, steps_, i);
    Value y = layer_.cell->step(lowering_, weights_, drops_, x, states_);
    y.shape = zero_.shape;
    if (in_[0].mask) {
      const Value mask = read(lowering_, masks_, i);
      for (size_t s = 0; s < states_.size(); ++s) states_[s] = select(lowering_, mask, states_[s], old[s]);
      y = select(lowering_, mask, y, layer_.zero_output_for_mask ? zero_ : before);
    }
    Value flow;
    if (layer_.return_sequences) {
      flow = lowering_.raw_op("TensorArrayWrite/TensorArrayWriteV3", "TensorArrayWriteV3",
                              {outputs_.handle, i, y, outputs_.flow}, DType::kFloat32, {{"T", y.dtype}});
    }
    Values next{flow, y};
    next.insert(next.end(), states_.begin(), states_.end());
    return next;
  }

  Values finish(const Values& last, bool keeps_output) {
    auto variable = last.begin() + 1;
    Value y;
    if (layer_.return_sequences) {
      outputs_.flow = *variable++;
      y = stack(lowering_, outputs_);
      if (!layer_.time_major) y = swapped(y, joined({kUnknown, kUnknown}, layer_.cell->output(x_)));
      y.mask = in_[0].mask;
    } else {
      y = *variable;
    }
    if (keeps_output) ++variable;
    Values result{y};
    if (layer_.return_state) result.insert(result.end(), variable, last.end());
    return result;
  }

  Lowering& lowering_;
  const Recurrence& layer_;
  const Values& in_;
  Shape x_;
  Shape width_;
  Value n_steps_;
  Values weights_;
  Values drops_;
  Values states_;
  Value zero_;
  Array steps_;
  Array masks_;
  Array outputs_;
};

}  // namespace

Values lower_as_loop(Lowering& lowering, const Recurrence& layer, const Values& in) {
  return Looped(lowering, layer, in).run();
}

}  // namespace hoarfrost::keras
