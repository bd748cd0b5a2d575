// Operations that give a tensor another shape, or its axes another order.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/axes.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/transposition.h"

namespace hoarfrost::keras {
namespace {

Formula same_elements(const Array& x, const Shape& out) {
  return {out, [x, out](const Index& o) { return x.at_offset(o.offset(out)); }, 0};
}

// The operands behind the first are the sizes that only the running graph knows (tf.shape(x)[0]).
struct Reshape {
  std::vector<std::optional<int64_t>> sizes;  // nullopt: the next operand
  bool is_by_tensor = false;                  // the second operand is the whole shape

  Shapes infer(const Shapes& in) const {
    Shape out;
    if (is_by_tensor) {
      if (in.at(1).rank() != 1 || in[1][0] == kUnknown || in[1][0] > 8)
        throw Error(ErrorCode::kUnsupported, "",
                    fmt::format("a reshape to as many axes as {} has numbers is not converted", in[1].to_string()));
      return {Shape(std::vector<int64_t>(static_cast<size_t>(in[1][0]), kUnknown))};
    }
    for (const auto& size : sizes) out.push_back(size.value_or(kUnknown));
    return {completed(in.at(0), std::move(out))};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (is_by_tensor)
      return {lowering.op("Reshape", {in[0], cast_to(lowering, in[1], DType::kInt32)}, {{"Tshape", DType::kInt32}})};
    if (in.size() == 1) {
      std::vector<int64_t> given;
      for (const auto& size : sizes) given.push_back(*size);
      return {lowering.op("Reshape", {in[0], lowering.ints("Reshape/shape", given)}, {{"Tshape", DType::kInt32}})};
    }
    Values parts;
    size_t next = 1;
    for (const auto& size : sizes)
      parts.push_back(size ? lowering.int_scalar("Reshape/shape/0", *size)
                           : cast_to(lowering, in[next++], DType::kInt32));
    const Value shape =
        lowering.raw_op("Reshape/shape", "Pack", parts, DType::kInt32,
                        {{"T", DType::kInt32}, {"N", static_cast<int64_t>(parts.size())}, {"axis", int64_t{0}}});
    return {lowering.op("Reshape", {in[0], shape}, {{"Tshape", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    Shape out;
    size_t next = 1;
    for (int64_t i = 0; is_by_tensor && i < in.at(1).size(0); ++i)
      out.push_back(static_cast<int64_t>(in[1].at_offset(i)));
    for (const auto& size : sizes) out.push_back(size ? *size : static_cast<int64_t>(in.at(next++).at_offset(0)));
    return {same_elements(in[0], completed(in[0].shape(), std::move(out)))};
  }

 private:
  // -1 is what is left, where everything else is known.
  static Shape completed(const Shape& x, Shape out) {
    if (std::ranges::count(out.sizes(), kUnknown) != 1 || !x.is_static()) return out;
    int64_t known = 1;
    for (const int64_t size : out.sizes()) known *= size == kUnknown ? 1 : size;
    for (int axis = 0; axis < out.rank(); ++axis) {
      if (out[axis] == kUnknown && known > 0) out[axis] = x.n_elements() / known;
    }
    return out;
  }
};
std::shared_ptr<const Layer> parse_reshape(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "tensor"});
  const Json* shape = call.find(1, {"newshape", "shape"});
  if (shape == nullptr) call.config().fail("reshape has no shape");
  Reshape result;
  if (!shape->is_array()) {
    result.is_by_tensor = true;
    call.add(*shape);
    return make_operation(std::move(result));
  }
  for (const Json& size : *shape) {
    if (size.is_number_integer()) {
      result.sizes.emplace_back(size.get<int64_t>());
    } else {
      result.sizes.emplace_back();
      call.add(size);
    }
  }
  return make_operation(std::move(result));
}

struct Transpose {
  std::optional<std::vector<int64_t>> axes;

  [[nodiscard]] std::vector<int64_t> permutation(int rank) const {
    std::vector<int64_t> result;
    for (int64_t axis = rank - 1; !axes && axis >= 0; --axis) result.push_back(axis);
    if (axes && static_cast<int>(axes->size()) != rank)
      throw Error(ErrorCode::kMismatch, "", fmt::format("a transpose of {} axes does not fit {}", axes->size(), rank));
    if (axes) {
      for (const int64_t axis : *axes) result.push_back(axis_in(axis, rank));
      for (const int64_t axis : result) {
        if (std::ranges::count(result, axis) > 1)
          throw Error(ErrorCode::kMismatch, "", fmt::format("a transpose has axis {} twice", axis));
      }
    }
    return result;
  }
};
std::shared_ptr<const Layer> parse_transpose(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "a"});
  return make_operation(Transposition<Transpose>{{call.integers(1, {"axes", "perm"})}});
}

struct ExpandDims {
  std::vector<int64_t> axes;
  Shapes infer(const Shapes& in) const {
    std::vector<int64_t> sizes = in.at(0).sizes();
    for (const int64_t axis : axes) sizes.insert(sizes.begin() + axis_in(axis, static_cast<int>(sizes.size()) + 1), 1);
    return {Shape(sizes)};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    Value result = in[0];
    for (const int64_t axis : axes)
      result =
          lowering.op("ExpandDims", {result, lowering.int_scalar("ExpandDims/dim", axis)}, {{"Tdim", DType::kInt32}});
    return {result};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {same_elements(in[0], infer({in[0].shape()})[0])};
  }
};
std::shared_ptr<const Layer> parse_expand_dims(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "input"});
  const auto axes = call.integers(1, {"axis"}).value_or(std::vector<int64_t>{});
  if (axes.size() != 1) call.config().unsupported("expand_dims with other than one axis is not converted");
  return make_operation(ExpandDims{axes});
}

struct Squeeze {
  std::optional<std::vector<int64_t>> axes;
  Shapes infer(const Shapes& in) const {
    Shape out;
    const std::vector<int64_t> gone = removed(in.at(0));
    for (int axis = 0; axis < in[0].rank(); ++axis) {
      if (std::ranges::find(gone, axis) == gone.end()) out.push_back(in[0][axis]);
    }
    return {out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lowering.op("Squeeze", {in[0]}, {{"squeeze_dims", removed(in[0].shape)}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {same_elements(in[0], infer({in[0].shape()})[0])};
  }

 private:
  [[nodiscard]] std::vector<int64_t> removed(const Shape& x) const {
    std::vector<int64_t> result;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const auto is_it = [&](int64_t asked) { return axis_in(asked, x.rank()) == axis; };
      if (axes && !axes->empty() ? std::ranges::any_of(*axes, is_it) : x[axis] == 1) result.push_back(axis);
    }
    return result;
  }
};
std::shared_ptr<const Layer> parse_squeeze(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "input"});
  return make_operation(Squeeze{call.integers(1, {"axis", "squeeze_dims"})});
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

struct ShapeOf {
  Shapes infer(const Shapes& in) const { return {Shape{in.at(0).rank()}}; }
  Values lower(Lowering& lowering, const Values& in) const {
    return {
        lowering.raw_op("Shape", "Shape", {in[0]}, DType::kInt32, {{"T", in[0].dtype}, {"out_type", DType::kInt32}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{Shape{in[0].shape().rank()},
             [x = in[0].shape()](const Index& o) { return static_cast<double>(x[static_cast<int>(o[0])]); }, 0}};
  }
};
std::shared_ptr<const Layer> parse_shape_of(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"input", "x"});
  if (call.text(1, {"out_type"}, "int32") != "int32")
    call.config().unsupported("a shape of another type than int32 is not converted");
  return make_operation(ShapeOf{});
}

}  // namespace

std::span<const OperationSpec> shape_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Reshape", "reshape", parse_reshape},
      {"Transpose", "transpose compat.v1.transpose", parse_transpose},
      {"ExpandDims", "expand_dims compat.v1.expand_dims", parse_expand_dims},
      {"Squeeze", "squeeze compat.v1.squeeze", parse_squeeze},
      {"Shape", "compat.v1.shape shape", parse_shape_of},
      {"Moveaxis", "experimental.numpy.moveaxis", parse_moved_axes},
      {"Swapaxes", "experimental.numpy.swapaxes", parse_moved_axes},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
