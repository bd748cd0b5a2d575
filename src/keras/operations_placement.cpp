// Operations that put elements in other places, along axes of known size: padding, taking by index, repeating, turning
// round.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/transposition.h"

namespace hoarfrost::keras {
namespace {

int axis_in(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of {}", axis, rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// Python's modulo.
int64_t wrapped(int64_t i, int64_t n) { return n == 0 ? 0 : ((i % n) + n) % n; }

enum class PadMode { kConstant, kReflect, kSymmetric };

struct Pad {
  std::vector<std::pair<int64_t, int64_t>> given;  // before and after each axis; one pair for all of them
  PadMode mode;
  double value;

  Shapes infer(const Shapes& in) const {
    Shape out;
    const auto widths = widths_for(in.at(0).rank());
    for (int axis = 0; axis < in[0].rank(); ++axis) {
      const auto [before, after] = widths[static_cast<size_t>(axis)];
      const int64_t most = mode == PadMode::kReflect ? in[0][axis] - 1 : in[0][axis];
      if (mode != PadMode::kConstant && in[0][axis] != kUnknown && std::max(before, after) > most)
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("cannot mirror {} elements of axis {} of {}", std::max(before, after), axis,
                                in[0].to_string()));
      out.push_back(in[0][axis] == kUnknown ? kUnknown : in[0][axis] + before + after);
    }
    return {out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    std::vector<int32_t> flat;
    for (const auto& [before, after] : widths_for(in[0].shape.rank()))
      flat.insert(flat.end(), {static_cast<int32_t>(before), static_cast<int32_t>(after)});
    const Value paddings =
        lowering.constant("Pad/paddings", Tensor::of<int32_t>({in[0].shape.rank(), 2}, std::span<const int32_t>(flat)));
    if (mode != PadMode::kConstant) {
      return {lowering.op(
          "MirrorPad", {in[0], paddings},
          {{"Tpaddings", DType::kInt32}, {"mode", std::string(mode == PadMode::kReflect ? "REFLECT" : "SYMMETRIC")}})};
    }
    if (value == 0) return {lowering.op("Pad", {in[0], paddings}, {{"Tpaddings", DType::kInt32}})};
    return {lowering.op("PadV2", {in[0], paddings, lowering.scalar("PadV2/constant_values", value, in[0])},
                        {{"Tpaddings", DType::kInt32}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], widths = widths_for(in[0].shape().rank()), pad = *this](const Index& o) {
      Index i = o;
      for (int axis = 0; axis < o.rank(); ++axis) {
        const int64_t n = x.size(axis);
        int64_t position = o[axis] - widths[static_cast<size_t>(axis)].first;
        if (pad.mode == PadMode::kConstant && (position < 0 || position >= n)) return pad.value;
        const int64_t edge = pad.mode == PadMode::kReflect ? 0 : 1;
        if (position < 0) position = -position - edge;
        if (position >= n) position = 2 * n - 2 + edge - position;
        i[axis] = position;
      }
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }

 private:
  [[nodiscard]] std::vector<std::pair<int64_t, int64_t>> widths_for(int rank) const {
    if (given.size() == 1) return std::vector(static_cast<size_t>(rank), given[0]);
    if (static_cast<int>(given.size()) != rank)
      throw Error(ErrorCode::kMismatch, "", fmt::format("{} paddings for {} axes", given.size(), rank));
    return given;
  }
};

// 2, (1, 2), or ((1, 2), (0, 1), …).
std::vector<std::pair<int64_t, int64_t>> parse_widths(const Config& config, const Json* json) {
  std::vector<std::pair<int64_t, int64_t>> result;
  const auto number = [&](const Json& value) {
    if (!value.is_number_integer() || value.get<int64_t>() < 0 || value.get<int64_t>() > (int64_t{1} << 30))
      config.unsupported(fmt::format("a padding of {} is not converted", value.dump().substr(0, 60)));
    return value.get<int64_t>();
  };
  const auto pair = [&](const Json& value) {
    if (!value.is_array() || value.size() != 2)
      config.unsupported(fmt::format("paddings of {} are not converted", value.dump().substr(0, 60)));
    result.emplace_back(number(value[0]), number(value[1]));
  };
  if (json == nullptr) config.fail("pad does not say by how much");
  if (json->is_number())
    result.emplace_back(number(*json), number(*json));
  else if (json->is_array() && !json->empty() && json->front().is_array())
    std::ranges::for_each(*json, pair);
  else
    pair(*json);
  return result;
}

std::shared_ptr<const Layer> parse_pad(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "tensor"});
  Pad pad{parse_widths(call.config(), call.find(call.is_keras3() ? 9 : 1, {"pad_width", "paddings"})),
          PadMode::kConstant, 0};
  std::string mode = call.text(call.is_keras3() ? 9 : 2, {"mode"}, "constant");
  std::ranges::transform(mode, mode.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (mode == "reflect")
    pad.mode = PadMode::kReflect;
  else if (mode == "symmetric")
    pad.mode = PadMode::kSymmetric;
  else if (mode != "constant")
    call.config().unsupported(
        fmt::format("pad of mode {} is not converted; constant, reflect and symmetric are", mode));
  pad.value = call.number(call.is_keras3() ? 1 : 3, {"constant_values"}).value_or(0);
  return make_operation(pad);
}

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

// Axes at `source` come to stand at `destination`, the others keep their order; or two change places.
struct MovedAxes {
  std::vector<int64_t> source;
  std::vector<int64_t> destination;
  bool is_swap;

  [[nodiscard]] std::vector<int64_t> permutation(int rank) const {
    std::vector<int64_t> result;
    if (is_swap) {
      for (int64_t axis = 0; axis < rank; ++axis) result.push_back(axis);
      std::swap(result[static_cast<size_t>(axis_in(source[0], rank))],
                result[static_cast<size_t>(axis_in(destination[0], rank))]);
      return result;
    }
    std::vector<int64_t> moved(static_cast<size_t>(rank), -1);
    std::vector<bool> is_moved(static_cast<size_t>(rank), false);
    for (size_t k = 0; k < source.size(); ++k) {
      moved[static_cast<size_t>(axis_in(destination[k], rank))] = axis_in(source[k], rank);
      is_moved[static_cast<size_t>(axis_in(source[k], rank))] = true;
    }
    int64_t next = 0;
    for (int64_t& place : moved) {
      while (place < 0 && next < rank && is_moved[static_cast<size_t>(next)]) ++next;
      if (place < 0) place = next++;
      if (place >= rank) throw Error(ErrorCode::kMismatch, "", "two axes cannot be moved to one place");
    }
    return moved;
  }
};
std::shared_ptr<const Layer> parse_moved_axes(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "a"});
  const bool is_swap = name == "Swapaxes";
  const auto from = call.integers(call.is_keras3() ? 9 : 1, {"source", "axis1"});
  const auto to = call.integers(call.is_keras3() ? 9 : 2, {"destination", "axis2"});
  if (!from || !to || from->empty() || from->size() != to->size() || (is_swap && from->size() != 1))
    call.config().fail("it does not say which axes move where");
  return make_operation(Transposition<MovedAxes>{{*from, *to, is_swap}});
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

constexpr OperationSpec kOperations[] = {
    {"Pad", "pad compat.v1.pad", parse_pad},
    {"Take", "gather compat.v1.gather", parse_take},
    {"Repeat", "repeat", parse_rearranged},
    {"Roll", "roll", parse_rearranged},
    {"Flip", "reverse", parse_rearranged},
    {"Moveaxis", "experimental.numpy.moveaxis", parse_moved_axes},
    {"Swapaxes", "experimental.numpy.swapaxes", parse_moved_axes},
    {"OneHot", "one_hot", parse_one_hot},
};

}  // namespace

std::span<const OperationSpec> placement_operations() { return kOperations; }

}  // namespace hoarfrost::keras
