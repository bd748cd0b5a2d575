// Operations that arrange elements anew, and the matrix product.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/contraction.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/shapes.h"
#include "keras/sizes.h"
#include "keras/slicing.h"
#include "keras/transposition.h"

namespace hoarfrost::keras {
namespace {

// The axis counted from the first, in a tensor of that rank.
int axis_in(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of {}", axis, rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

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

// Along an axis that is there (Concatenate), or along a new one of as many as there are operands (Stack).
struct Joining {
  int64_t axis;
  bool is_new;

  Shapes infer(const Shapes& in) const {
    std::vector<int64_t> sizes = in.at(0).sizes();
    const int at = axis_in(axis, static_cast<int>(sizes.size()) + (is_new ? 1 : 0));
    if (is_new) {
      sizes.insert(sizes.begin() + at, static_cast<int64_t>(in.size()));
    } else {
      for (size_t i = 1; i < in.size(); ++i)
        sizes[static_cast<size_t>(at)] = sizes[static_cast<size_t>(at)] == kUnknown || in[i][at] == kUnknown
                                             ? kUnknown
                                             : sizes[static_cast<size_t>(at)] + in[i][at];
    }
    return {Shape(sizes)};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    DType dtype = in[0].dtype;
    for (const Value& x : in) dtype = promoted(dtype, x.dtype);
    Values same;
    for (const Value& x : in) same.push_back(cast_to(lowering, x, dtype));
    const auto n = static_cast<int64_t>(in.size());
    if (is_new) return {lowering.named_op("stack", "Pack", same, {{"N", n}, {"axis", axis}})};
    same.push_back(lowering.int_scalar("concat/axis", axis_in(axis, in[0].shape.rank())));
    return {lowering.named_op("concat", "ConcatV2", same, {{"N", n}, {"Tidx", DType::kInt32}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shapes shapes = shapes_of(in);
    const Shape out = infer(shapes)[0];
    const int at = axis_in(axis, out.rank());
    const auto stacked = [=, x = in](const Index& o) {
      Index i;
      for (int a = 0; a < o.rank(); ++a) {
        if (a != at) i.push_back(o[a]);
      }
      return x[static_cast<size_t>(o[at])][i];
    };
    const auto joined = [=, x = in](const Index& o) {
      int64_t position = o[at];
      size_t which = 0;
      while (position >= x[which].size(at)) position -= x[which++].size(at);
      return x[which][o.with(at, position)];
    };
    if (is_new) return {{out, stacked, 0}};
    return {{out, joined, 0}};
  }
};
std::shared_ptr<const Layer> parse_joining(OperationCall& call, std::string_view name) {
  call.operands(0, {"xs", "x", "values"});
  const int64_t axis = call.integer(1, {"axis"}).value_or(0);
  return make_operation(Joining{axis, name == "Stack"});
}

// Parts along an axis: n equal ones, of given sizes, or (Unstack) each position by itself without the axis.
struct Split {
  int64_t axis;
  int64_t n = 0;  // 0: by sizes; -1: one for each position
  std::vector<int64_t> sizes;
  std::vector<int64_t> ends;  // Keras 3's indices, where parts begin
  bool is_unstack = false;

  Shapes infer(const Shapes& in) const {
    Shapes result;
    for (const int64_t size : parts(in.at(0))) {
      std::vector<int64_t> part = in[0].sizes();
      const int at = axis_in(axis, in[0].rank());
      if (is_unstack)
        part.erase(part.begin() + at);
      else
        part[static_cast<size_t>(at)] = size;
      result.emplace_back(part);
    }
    return result;
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const std::vector<int64_t> lengths = parts(in[0].shape);
    const auto n_parts = static_cast<int64_t>(lengths.size());
    const int at = axis_in(axis, in[0].shape.rank());
    Value first;
    if (is_unstack)
      first = lowering.named_op("unstack", "Unpack", {in[0]}, {{"num", n_parts}, {"axis", int64_t{at}}});
    else if (n > 0)
      first = lowering.raw_op("split", "Split", {lowering.int_scalar("split/split_dim", at), in[0]}, in[0].dtype,
                              {{"T", in[0].dtype}, {"num_split", n_parts}});
    else
      first = lowering.named_op(
          "split", "SplitV", {in[0], lowering.ints("split/sizes", lengths), lowering.int_scalar("split/split_dim", at)},
          {{"num_split", n_parts}, {"Tlen", DType::kInt32}});
    Values result;
    for (int i = 0; i < n_parts; ++i) result.push_back({first.tensor.node->output(i), in[0].dtype});
    return result;
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    Formulas result;
    const Shapes shapes = infer({in[0].shape()});
    const std::vector<int64_t> lengths = parts(in[0].shape());
    const int at = axis_in(axis, in[0].shape().rank());
    int64_t begin = 0;
    for (size_t part = 0; part < shapes.size(); ++part) {
      const auto whole = [=, x = in[0]](const Index& o) { return x[o.with(at, o[at] + begin)]; };
      const auto alone = [=, x = in[0]](const Index& o) {
        Index i;
        for (int a = 0; a <= o.rank(); ++a)
          i.push_back(a < at ? o[a] : a == at ? static_cast<int64_t>(part) : o[a - 1]);
        return x[i];
      };
      if (is_unstack)
        result.push_back({shapes[part], alone, 0});
      else
        result.push_back({shapes[part], whole, 0});
      begin += lengths[part];
    }
    return result;
  }

 private:
  // One part may be -1, which is what the others leave.
  static std::vector<int64_t> completed(std::vector<int64_t> lengths, int64_t size) {
    int64_t known = 0;
    for (const int64_t length : lengths) known += std::max<int64_t>(length, 0);
    for (int64_t& length : lengths) {
      if (length >= 0) continue;
      if (size == kUnknown)
        throw Error(ErrorCode::kUnsupported, "",
                    "a split whose last part is what is left of an unknown size is not converted; give --input-shape");
      length = size - known;
    }
    return lengths;
  }
  [[nodiscard]] std::vector<int64_t> parts(const Shape& x) const {
    const int64_t size = x[axis_in(axis, x.rank())];
    if (is_unstack && size == kUnknown)
      throw Error(ErrorCode::kUnsupported, "",
                  "unstack along an axis of unknown size is not converted; give --input-shape");
    if (is_unstack) return std::vector<int64_t>(static_cast<size_t>(size), 1);
    if (n > 0) {
      if (size % n != 0 && size != kUnknown)
        throw Error(ErrorCode::kMismatch, "", fmt::format("{} elements do not split into {} equal parts", size, n));
      return std::vector<int64_t>(static_cast<size_t>(n), size == kUnknown ? kUnknown : size / n);
    }
    if (!sizes.empty()) return completed(sizes, size);
    if (size == kUnknown)
      throw Error(ErrorCode::kUnsupported, "",
                  "split along an axis of unknown size is not converted; give --input-shape");
    std::vector<int64_t> result;
    int64_t begin = 0;
    for (const int64_t end : ends) {
      result.push_back(end - begin);
      begin = end;
    }
    result.push_back(size - begin);
    return result;
  }
};
std::shared_ptr<const Layer> parse_split(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "value"});
  Split result{0, 0, {}, {}, name == "Unstack"};
  if (result.is_unstack) {
    (void)call.integer(1, {"num"});
    result.axis = call.integer(2, {"axis"}).value_or(0);
    return make_operation(std::move(result));
  }
  const Json* parts = call.find(1, {"indices_or_sections", "num_or_size_splits"});
  if (parts == nullptr) call.config().fail("split does not say into how many parts");
  const auto values = call.integers(1, {"indices_or_sections", "num_or_size_splits"});
  if (!parts->is_array())
    result.n = values->at(0);
  else
    (call.is_keras3() ? result.ends : result.sizes) = *values;
  result.axis = call.integer(2, {"axis"}).value_or(0);
  if ((result.n < 1 && !parts->is_array()) || result.n > 4096)
    call.config().fail(fmt::format("split into {} parts", result.n));
  return make_operation(std::move(result));
}

struct Tile {
  Sizes multiples;
  Shapes infer(const Shapes& in) const {
    if (static_cast<int>(multiples.size()) != in.at(0).rank())
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("tile of {} axes with {} repeats is not converted", in[0].rank(), multiples.size()));
    Shape out;
    for (int axis = 0; axis < in[0].rank(); ++axis)
      out.push_back(in[0][axis] == kUnknown || !multiples[static_cast<size_t>(axis)]
                        ? kUnknown
                        : in[0][axis] * *multiples[static_cast<size_t>(axis)]);
    return {out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lowering.op("Tile", {in[0], lower_sizes(lowering, multiples, in, 1, "Tile/multiples")},
                        {{"Tmultiples", DType::kInt32}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0]](const Index& o) {
      Index i = o;
      for (int axis = 0; axis < o.rank(); ++axis) i[axis] = o[axis] % x.size(axis);
      return x[i];
    };
    Shape out = known_sizes(multiples, in, 1);
    for (int axis = 0; axis < out.rank(); ++axis) out[axis] *= in[0].size(axis);
    return {{out, at, 0}};
  }
};
std::shared_ptr<const Layer> parse_tile(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "input"});
  return make_operation(Tile{parse_sizes(call, 1, {"repeats", "multiples"})});
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

// Of the last two axes; those before them are repeated where one operand has a single element or no such axis.
struct Matmul {
  bool is_a_turned;
  bool is_b_turned;

  Shapes infer(const Shapes& in) const {
    const Plan plan(in.at(0), in.at(1), *this);
    return {plan.contraction.infer(plan.left, plan.right)};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const DType dtype = promoted(in[0].dtype, in[1].dtype);
    const Plan plan(in[0].shape, in[1].shape, *this);
    const auto operand = [&](const Value& x, const Shape& shape, const std::vector<int64_t>& gone) {
      Value result = cast_to(lowering, x, dtype);
      if (!gone.empty()) result = lowering.op("Squeeze", {result}, {{"squeeze_dims", gone}});
      result.shape = shape;
      return result;
    };
    return {lower_contraction(lowering, plan.contraction, operand(in[0], plan.left, plan.left_gone),
                              operand(in[1], plan.right, plan.right_gone))};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Plan plan(in[0].shape(), in[1].shape(), *this);
    return {contraction_reference(plan.contraction, plan.left_gone.empty() ? in[0] : in[0].reshaped(plan.left),
                                  plan.right_gone.empty() ? in[1] : in[1].reshaped(plan.right))};
  }

 private:
  // The product by letters, of operands without the axes of one element that are repeated.
  struct Plan {
    Contraction contraction;
    Shape left, right;
    std::vector<int64_t> left_gone, right_gone;

    Plan(const Shape& a, const Shape& b, const Matmul& how) {
      if (a.rank() < 2 || b.rank() < 2) {
        throw Error(ErrorCode::kUnsupported, "",
                    fmt::format("a matrix product of {} and {} is not converted", a.to_string(), b.to_string()));
      }
      const int n_batch = std::max(a.rank(), b.rank()) - 2;
      const auto size = [&](const Shape& x, int axis) {
        return axis < n_batch + 2 - x.rank() ? 1 : x[axis - n_batch - 2];
      };
      for (int axis = 0; axis < n_batch; ++axis) {
        const char letter = static_cast<char>('a' + axis);
        const int64_t of_a = size(a, axis), of_b = size(b, axis);
        keep(a, axis, n_batch, of_a != 1 || of_b == 1, letter, left, contraction.left, left_gone);
        keep(b, axis, n_batch, of_b != 1 || of_a == 1, letter, right, contraction.right, right_gone);
        contraction.out += letter;
      }
      for (const int axis : {-2, -1}) {
        left.push_back(a[axis]);
        right.push_back(b[axis]);
      }
      contraction.left += how.is_a_turned ? "yx" : "xy";
      contraction.right += how.is_b_turned ? "zy" : "yz";
      contraction.out += "xz";
    }

   private:
    static void keep(const Shape& x, int axis, int n_batch, bool is_kept, char letter, Shape& shape,
                     std::string& letters, std::vector<int64_t>& gone) {
      const int own = axis - (n_batch + 2 - x.rank());
      if (own < 0) return;
      if (is_kept) shape.push_back(x[own]);
      if (is_kept) letters += letter;
      if (!is_kept) gone.push_back(own);
    }
  };
};
std::shared_ptr<const Layer> parse_matmul(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x1", "a"});
  call.operand(1, {"x2", "b"});
  return make_operation(Matmul{call.flag(2, {"transpose_a"}), call.flag(3, {"transpose_b"})});
}

constexpr OperationSpec kOperations[] = {
    {"Reshape", "reshape", parse_reshape},
    {"Transpose", "transpose compat.v1.transpose", parse_transpose},
    {"ExpandDims", "expand_dims compat.v1.expand_dims", parse_expand_dims},
    {"Squeeze", "squeeze compat.v1.squeeze", parse_squeeze},
    {"Concatenate", "concat", parse_joining},
    {"Stack", "stack", parse_joining},
    {"Split", "split", parse_split},
    {"Unstack", "unstack", parse_split},
    {"Tile", "tile", parse_tile},
    {"Shape", "compat.v1.shape shape", parse_shape_of},
    {"Matmul", "linalg.matmul matmul", parse_matmul},
};

}  // namespace

std::span<const OperationSpec> shape_operations() { return kOperations; }

}  // namespace hoarfrost::keras
