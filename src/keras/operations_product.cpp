// Sums of products of two tensors: einsum, tensordot, dot, matmul.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/contraction.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/transposition.h"

namespace hoarfrost::keras {
namespace {

[[noreturn]] void refuse(std::string_view what) { throw Error(ErrorCode::kUnsupported, "", what); }

// The axes of two tensors by letter.
struct Product {
  std::string equation;            // "ab,bc->ac", "..." among them; empty for what follows
  int64_t n_axes = 1;              // tensordot: how many of the last and of the first axes are summed over
  std::vector<int64_t> left_axes;  // or which
  std::vector<int64_t> right_axes;
  bool is_dot = false;  // NumPy's dot: the last axis and the second to last

  Shapes infer(const Shapes& in) const { return {contraction(in.at(0).rank(), in.at(1).rank()).infer(in[0], in[1])}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const DType dtype = promoted(in[0].dtype, in[1].dtype);
    return {lower_contraction(lowering, contraction(in[0].shape.rank(), in[1].shape.rank()),
                              cast_to(lowering, in[0], dtype), cast_to(lowering, in[1], dtype))};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {contraction_reference(contraction(in[0].shape().rank(), in[1].shape().rank()), in[0], in[1])};
  }

 private:
  [[nodiscard]] Contraction contraction(int left_rank, int right_rank) const {
    Contraction result = equation.empty() ? by_axes(left_rank, right_rank) : by_letters(left_rank, right_rank);
    result.validate();
    return result;
  }

  [[nodiscard]] Contraction by_axes(int left_rank, int right_rank) const {
    std::vector<int64_t> from = left_axes, to = right_axes;
    if (is_dot) {
      from = {left_rank - 1};
      to = {std::max(right_rank - 2, 0)};
    }
    for (int64_t k = 0; !is_dot && left_axes.empty() && k < n_axes; ++k) {
      from.push_back(left_rank - n_axes + k);
      to.push_back(k);
    }
    if (left_rank + right_rank > 16 || left_rank < 1 || right_rank < 1)
      refuse("a product of these axes is not converted");
    Contraction result;
    for (int axis = 0; axis < left_rank; ++axis) result.left += static_cast<char>('a' + axis);
    for (int axis = 0; axis < right_rank; ++axis) result.right += static_cast<char>('A' + axis);
    for (size_t k = 0; k < from.size(); ++k) {
      const int64_t l = from[k] < 0 ? from[k] + left_rank : from[k], r = to[k] < 0 ? to[k] + right_rank : to[k];
      if (l < 0 || l >= left_rank || r < 0 || r >= right_rank)
        refuse(fmt::format("axes {} and {} are none of {} and {}", from[k], to[k], left_rank, right_rank));
      result.right[static_cast<size_t>(r)] = result.left[static_cast<size_t>(l)];
    }
    for (const char letter : result.left + result.right) {
      const bool is_in_both =
          result.left.find(letter) != std::string::npos && result.right.find(letter) != std::string::npos;
      if (!is_in_both) result.out += letter;
    }
    return result;
  }

  // "..." stands for as many axes as have no letter; they get letters that the equation does not use, aligned at the
  // last.
  [[nodiscard]] Contraction by_letters(int left_rank, int right_rank) const {
    const size_t comma = equation.find(','), arrow = equation.find("->");
    Contraction result{equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1),
                       equation.substr(arrow + 2)};
    std::string spare;
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
      if (equation.find(letter) == std::string::npos) spare += letter;
    }
    size_t n_most = 0;
    const auto n_free = [&](const std::string& text, int rank) {
      if (text.find("...") == std::string::npos) return size_t{0};
      const int n = rank - static_cast<int>(text.size() - 3);
      if (n < 0 || n > 8) refuse(fmt::format("`{}` does not fit a tensor of {} axes", text, rank));
      return static_cast<size_t>(n);
    };
    const auto replace = [&](std::string& text, size_t n) {
      const size_t at = text.find("...");
      if (at != std::string::npos) text.replace(at, 3, spare.substr(8 - n, n));
    };
    const size_t n_left = n_free(result.left, left_rank), n_right = n_free(result.right, right_rank);
    n_most = std::max(n_left, n_right);
    if (spare.size() < 8) refuse("an equation with so many letters is not converted");
    replace(result.left, n_left);
    replace(result.right, n_right);
    replace(result.out, n_most);
    return result;
  }
};

// One operand: its axes in another order.
struct Rearranging {
  std::string from;
  std::string to;

  [[nodiscard]] std::vector<int64_t> permutation(int rank) const {
    if (static_cast<int>(from.size()) != rank)
      throw Error(ErrorCode::kMismatch, "", fmt::format("`{}` does not fit a tensor of {} axes", from, rank));
    std::vector<int64_t> result;
    for (const char letter : to) result.push_back(static_cast<int64_t>(from.find(letter)));
    return result;
  }
};

std::shared_ptr<const Layer> parse_einsum(OperationCall& call, std::string_view /*name*/) {
  const size_t first = call.is_keras3() ? 0 : 1;
  std::string equation = call.text(call.is_keras3() ? 9 : 0, {"subscripts", "equation"}, "");
  std::erase(equation, ' ');
  const size_t comma = equation.find(','), arrow = equation.find("->");
  if (arrow == std::string::npos)
    call.config().unsupported(fmt::format("einsum `{}`: write the result's axes too, behind ->", equation));
  if (!call.is_keras3() && call.find(1, {"operands"}) == nullptr && call.find(9, {"inputs"}) == nullptr)
    call.config().unsupported(
        "Keras 2 does not write of what tensors an einsum is; make it an EinsumDense or Dot layer and save again");
  if (call.find(9, {"inputs"}) != nullptr)
    call.operands(9, {"inputs"});
  else
    call.operands(first, {"operands"});
  if (call.find(first + 1, {"second operand"}) != nullptr) call.operand(first + 1, {"second operand"});
  const size_t n = call.all().size();
  if (comma != std::string::npos && n == 2 && equation.find(',', comma + 1) == std::string::npos)
    return make_operation(Product{equation, 0, {}, {}, false});
  Rearranging alone{equation.substr(0, arrow), equation.substr(arrow + 2)};
  std::string a = alone.from, b = alone.to;
  std::ranges::sort(a);
  std::ranges::sort(b);
  const bool is_permutation = a == b && std::ranges::adjacent_find(a) == a.end() && a.find('.') == std::string::npos;
  if (n != 1 || !is_permutation)
    call.config().unsupported(
        fmt::format("einsum `{}` of {} operands is not converted; two operands, or one whose axes change places, are",
                    equation, n));
  return make_operation(Transposition<Rearranging>{std::move(alone)});
}

std::shared_ptr<const Layer> parse_tensordot(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x1", "a"});
  call.operand(1, {"x2", "b"});
  const Json* axes = call.find(call.is_keras3() ? 9 : 2, {"axes"});
  Product product;
  const auto list = [&](const Json& json) {
    std::vector<int64_t> result;
    for (const Json& axis : json.is_array() ? json : Json::array({json})) {
      if (!axis.is_number_integer())
        call.config().unsupported(fmt::format("tensordot with axes {} is not converted", axes->dump().substr(0, 60)));
      result.push_back(axis.get<int64_t>());
    }
    return result;
  };
  if (axes != nullptr && axes->is_number_integer())
    product.n_axes = axes->get<int64_t>();
  else if (axes != nullptr && axes->is_array() && axes->size() == 2) {
    product.left_axes = list((*axes)[0]);
    product.right_axes = list((*axes)[1]);
  } else if (axes == nullptr)
    product.n_axes = 2;
  if (product.left_axes.size() != product.right_axes.size() || product.n_axes < 1 || product.n_axes > 8)
    call.config().unsupported("tensordot with these axes is not converted");
  return make_operation(std::move(product));
}

std::shared_ptr<const Layer> parse_dot(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x1"});
  call.operand(1, {"x2"});
  Product product;
  product.is_dot = true;
  return make_operation(std::move(product));
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

}  // namespace

std::span<const OperationSpec> product_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Einsum", "einsum linalg.einsum", parse_einsum},
      {"Tensordot", "tensordot", parse_tensordot},
      {"Dot", "", parse_dot},
      {"Matmul", "linalg.matmul matmul", parse_matmul},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
