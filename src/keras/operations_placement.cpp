// Operations that put elements in other places, along axes of known size: taking by index, repeating, turning round.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/axes.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

// Python's modulo.
int64_t wrapped(int64_t i, int64_t n) { return n == 0 ? 0 : ((i % n) + n) % n; }

// Elements along an axis by their index: [a, axis, b] and [i, j] give [a, i, j, b]. Of the first `n_batch` axes, which
// both have, each place has indices of its own.
struct Take {
  int64_t axis;
  bool is_flat;  // of all elements in a row
  int64_t n_batch = 0;

  Shapes infer(const Shapes& in) const {
    if (is_flat) return {in.at(1)};
    const int along = axis_in(axis, in.at(0).rank());
    Shape out;
    for (int a = 0; a < along; ++a) out.push_back(in[0][a]);
    const int first = batch(in.at(1).rank(), along);
    for (int a = first; a < in.at(1).rank(); ++a) out.push_back(in[1][a]);
    for (int a = along + 1; a < in[0].rank(); ++a) out.push_back(in[0][a]);
    return {out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    Value x = in[0];
    if (is_flat) x = lowering.op("Reshape", {x, lowering.ints("Reshape/shape", {-1})}, {{"Tshape", DType::kInt32}});
    const bool is_whole = in[1].dtype == DType::kInt32 || in[1].dtype == DType::kInt64;
    const Value indices = is_whole ? in[1] : cast_to(lowering, in[1], DType::kInt32);
    const Value along = lowering.int_scalar("GatherV2/axis", is_flat ? 0 : axis_in(axis, in[0].shape.rank()));
    Attributes attributes{{"Tparams", x.dtype}, {"Tindices", indices.dtype}, {"Taxis", DType::kInt32}};
    // TensorFlow before 1.14 does not know the attribute.
    if (const int64_t n = is_flat ? 0 : batch(in[1].shape.rank(), axis_in(axis, in[0].shape.rank())); n != 0)
      attributes.push_back({"batch_dims", n});
    return {lowering.raw_op("GatherV2", "GatherV2", {x, indices, along}, x.dtype, attributes)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int along = is_flat ? 0 : axis_in(axis, in[0].shape().rank());
    const Array x = is_flat ? in[0].reshaped({in[0].shape().n_elements()}) : in[0];
    const int first = is_flat ? 0 : batch(in[1].shape().rank(), along);
    const auto at = [=, indices = in[1]](const Index& o) {
      Index i, which;
      for (int a = 0; a < along; ++a) i.push_back(o[a]);
      for (int a = 0; a < first; ++a) which.push_back(o[a]);
      for (int a = first; a < indices.shape().rank(); ++a) which.push_back(o[along + a - first]);
      i.push_back(static_cast<int64_t>(indices[which]));
      for (int a = along + which.rank() - first; a < o.rank(); ++a) i.push_back(o[a]);
      return x[i];
    };
    return {{infer({in[0].shape(), in[1].shape()})[0], at, 0}};
  }

 private:
  [[nodiscard]] int batch(int n_index_axes, int along) const {
    const int64_t n = n_batch < 0 ? n_batch + n_index_axes : n_batch;
    if (n < 0 || n > n_index_axes || n > along)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("{} axes of a batch, of indices of {} axes along axis {}", n_batch, n_index_axes, along));
    return static_cast<int>(n);
  }
};
std::shared_ptr<const Layer> parse_take(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "params"});
  call.operand(1, {"indices"});
  (void)call.find(2, {"validate_indices"});
  const auto axis = call.integer(call.is_keras3() ? 9 : 3, {"axis"});
  const int64_t n_batch = call.integer(4, {"batch_dims"}).value_or(0);
  const Operand& indices = call.all().at(1);
  for (int64_t i = 0; !indices.input && i < indices.constant.n_elements(); ++i) {
    if (indices.constant.values<double>()[static_cast<size_t>(i)] < 0)
      call.config().unsupported("indices below 0 are not converted");
  }
  if (!indices.input && indices.is_float) call.config().unsupported("indices with a fraction are not converted");
  // tf.gather's axis is the first behind the batch unless it is given.
  return make_operation(Take{axis.value_or(std::max<int64_t>(n_batch, 0)), !axis && call.is_keras3(), n_batch});
}

// Along one axis, each element of the result is one of the input's: source(i, n) says which, of n.
struct Rearranged {
  enum class Kind { kRepeat, kRoll, kFlip } kind;
  std::optional<std::vector<int64_t>> axes;  // nullopt: of all elements in a row, but every axis of kFlip
  std::vector<int64_t> numbers;              // times, or shifts

  Shapes infer(const Shapes& in) const {
    if (kind != Kind::kRepeat) return {in.at(0)};
    if (!axes && !in.at(0).is_static()) return {Shape{kUnknown}};
    Shape out = axes ? in.at(0) : Shape{in[0].n_elements()};
    const int along = axes ? axis_in(axes->at(0), out.rank()) : 0;
    if (out[along] == kUnknown)
      throw Error(ErrorCode::kUnsupported, "",
                  "repeat along an axis of unknown size is not converted; give --input-shape");
    out[along] = static_cast<int64_t>(repeated(out[along]).size());
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Value x = in[0];
    const int rank = x.shape.rank();
    if (kind == Kind::kFlip) {
      std::vector<int64_t> along;
      for (int64_t axis = 0; !axes && axis < rank; ++axis) along.push_back(axis);
      for (size_t i = 0; axes && i < axes->size(); ++i) along.push_back(axis_in((*axes)[i], rank));
      return {lowering.op("ReverseV2", {x, lowering.ints("ReverseV2/axis", along)}, {{"Tidx", DType::kInt32}})};
    }
    if (!axes) {
      if (!x.shape.is_static())
        throw Error(ErrorCode::kUnsupported, "",
                    "of all elements in a row, with a batch of unknown size, is not converted; give an axis");
      x = lowering.op("Reshape", {x, lowering.ints("Reshape/shape", {-1})}, {{"Tshape", DType::kInt32}});
      x.shape = Shape{in[0].shape.n_elements()};
    }
    const std::vector<int64_t> along = axes.value_or(std::vector<int64_t>{0});
    for (size_t k = 0; k < along.size(); ++k) {
      const int axis = axis_in(along[k], x.shape.rank());
      const int64_t n = x.shape[axis];
      if (n == kUnknown)
        throw Error(ErrorCode::kUnsupported, "",
                    "along an axis of unknown size it is not converted; give --input-shape");
      std::vector<int64_t> from = kind == Kind::kRepeat ? repeated(n) : std::vector<int64_t>{};
      for (int64_t i = 0; kind == Kind::kRoll && i < n; ++i) from.push_back(wrapped(i - numbers.at(k), n));
      const Shape shape = x.shape;
      x = lowering.raw_op("GatherV2", "GatherV2",
                          {x, lowering.ints("GatherV2/indices", from), lowering.int_scalar("GatherV2/axis", axis)},
                          x.dtype, {{"Tparams", x.dtype}, {"Tindices", DType::kInt32}, {"Taxis", DType::kInt32}});
      x.shape = shape;
    }
    if (kind == Kind::kRoll && !axes)
      x = lowering.op("Reshape", {x, lowering.ints("Reshape_1/shape", in[0].shape.sizes())},
                      {{"Tshape", DType::kInt32}});
    return {x};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Array x = axes || kind == Kind::kFlip ? in[0] : in[0].reshaped({in[0].shape().n_elements()});
    const Shape out = infer({in[0].shape()})[0];
    const auto at = [x, what = *this, out](const Index& o) {
      Index i = !what.axes && what.kind == Kind::kRoll ? Index{o.offset(out)} : o;
      for (int axis = 0; !what.axes && what.kind == Kind::kFlip && axis < o.rank(); ++axis)
        i[axis] = x.size(axis) - 1 - o[axis];
      const std::vector<int64_t> along =
          what.axes.value_or(what.kind == Kind::kFlip ? std::vector<int64_t>{} : std::vector<int64_t>{0});
      for (size_t k = 0; k < along.size(); ++k) {
        const int axis = axis_in(along[k], i.rank());
        const int64_t n = x.size(axis);
        if (what.kind == Kind::kFlip)
          i[axis] = n - 1 - i[axis];
        else if (what.kind == Kind::kRoll)
          i[axis] = wrapped(i[axis] - what.numbers.at(k), n);
        else
          i[axis] = what.repeated(n)[static_cast<size_t>(i[axis])];
      }
      return x[i];
    };
    return {{out, at, 0}};
  }

 private:
  // 0 0 1 1 …, each as often as `numbers` says.
  [[nodiscard]] std::vector<int64_t> repeated(int64_t n) const {
    if (numbers.size() != 1 && static_cast<int64_t>(numbers.size()) != n)
      throw Error(ErrorCode::kMismatch, "", fmt::format("{} counts of repeats for {} elements", numbers.size(), n));
    std::vector<int64_t> result;
    for (int64_t i = 0; i < n; ++i)
      result.insert(result.end(), static_cast<size_t>(numbers[numbers.size() == 1 ? 0 : static_cast<size_t>(i)]), i);
    return result;
  }
};
std::shared_ptr<const Layer> parse_rearranged(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "input", "tensor"});
  Rearranged result{name == "Flip"   ? Rearranged::Kind::kFlip
                    : name == "Roll" ? Rearranged::Kind::kRoll
                                     : Rearranged::Kind::kRepeat,
                    {},
                    {}};
  const size_t first = call.is_keras3() ? 9 : 1;
  if (name != "Flip") {
    const auto numbers = call.integers(first, {"repeats", "shift"});
    if (!numbers || numbers->empty()) call.config().fail("it does not say how often or how far");
    result.numbers = *numbers;
    for (const int64_t number : *numbers) {
      if (name == "Repeat" && (number < 0 || number > (1 << 20)))
        call.config().fail(fmt::format("repeat {} times", number));
    }
  }
  result.axes = call.integers(name == "Flip" ? first : first + 1, {"axis"});
  if (name == "Roll" && result.axes && result.numbers.size() == 1)
    result.numbers.resize(result.axes->size(), result.numbers[0]);
  if (name == "Roll" && result.axes && result.numbers.size() != result.axes->size())
    call.config().fail("roll has not as many shifts as axes");
  if (name == "Repeat" && result.axes && result.axes->size() != 1) call.config().fail("repeat takes one axis");
  return make_operation(std::move(result));
}

// [..., ] -> [..., n] with the axis anywhere: 1 where the number is the place.
struct OneHot {
  int64_t n;
  int64_t axis;
  DType dtype;
  double on;
  double off;

  Shapes infer(const Shapes& in) const {
    std::vector<int64_t> sizes = in.at(0).sizes();
    sizes.insert(sizes.begin() + axis_in(axis, in[0].rank() + 1), n);
    return {Shape(sizes)};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const bool is_whole = in[0].dtype == DType::kInt32 || in[0].dtype == DType::kInt64 || in[0].dtype == DType::kUInt8;
    const Value x = is_whole ? in[0] : cast_to(lowering, in[0], DType::kInt32);
    const Value one = lowering.constant("one_hot/on_value", Tensor::scalar(on).cast(dtype));
    const Value zero = lowering.constant("one_hot/off_value", Tensor::scalar(off).cast(dtype));
    return {
        lowering.raw_op("one_hot", "OneHot", {x, lowering.int_scalar("one_hot/depth", n), one, zero}, dtype,
                        {{"T", dtype}, {"TI", x.dtype}, {"axis", int64_t{axis == in[0].shape.rank() ? -1 : axis}}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int at_axis = axis_in(axis, in[0].shape().rank() + 1);
    const auto at = [=, x = in[0], hot = *this](const Index& o) {
      Index i;
      for (int a = 0; a < o.rank(); ++a) {
        if (a != at_axis) i.push_back(o[a]);
      }
      return std::trunc(x[i]) == static_cast<double>(o[at_axis]) ? hot.on : hot.off;
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }
};
std::shared_ptr<const Layer> parse_one_hot(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "indices"});
  const auto n = call.integer(call.is_keras3() ? 9 : 1, {"num_classes", "depth"});
  if (!n || *n < 1 || *n > (1 << 24)) call.config().fail("one_hot does not say of how many classes");
  const double on = call.number(call.is_keras3() ? 9 : 2, {"on_value"}).value_or(1),
               off = call.number(call.is_keras3() ? 9 : 3, {"off_value"}).value_or(0);
  const auto axis = call.integer(call.is_keras3() ? 9 : 4, {"axis"}).value_or(-1);
  const auto dtype = dtype_from_name(call.text(call.is_keras3() ? 9 : 5, {"dtype"}, "float32"));
  if (!dtype) call.config().unsupported("one_hot of an unknown dtype is not converted");
  return make_operation(OneHot{*n, axis, *dtype, on, off});
}

}  // namespace

std::span<const OperationSpec> placement_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Take", "gather compat.v1.gather", parse_take},
      {"Repeat", "repeat", parse_rearranged},
      {"Roll", "roll", parse_rearranged},
      {"Flip", "reverse", parse_rearranged},
      {"OneHot", "one_hot", parse_one_hot},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
