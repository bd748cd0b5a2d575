// Operations that join tensors along an axis, and take them apart.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/axes.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/shapes.h"
#include "keras/sizes.h"

namespace hoarfrost::keras {
namespace {

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

}  // namespace

std::span<const OperationSpec> joining_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Concatenate", "concat", parse_joining}, {"Stack", "stack", parse_joining}, {"Split", "split", parse_split},
      {"Unstack", "unstack", parse_split},      {"Tile", "tile", parse_tile},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
