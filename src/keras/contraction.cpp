#include "keras/contraction.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

bool has(std::string_view letters, char letter) { return letters.find(letter) != std::string_view::npos; }

std::string equation(const Contraction& c) { return fmt::format("{},{}->{}", c.left, c.right, c.out); }

// One contraction's nodes.
class ContractionProduct {
 public:
  ContractionProduct(Lowering& lowering, const Contraction& contraction, const Value& left, const Value& right,
                     std::string_view prefix)
      : lowering_(lowering), prefix_(prefix), left_(left), right_(right), c_(contraction) {
    sort_letters();
    if (c_.out == batch_ + right_free_ + left_free_ &&
        c_.out != batch_ + left_free_ + right_free_) {  // saves the last Transpose
      std::swap(c_.left, c_.right);
      std::swap(left_, right_);
      sort_letters();
    }
  }

  Value run(const Value& bias) {
    const auto [left, is_left_turned] = arranged(left_, c_.left, left_free_, summed_);
    const auto [right, is_right_turned] = arranged(right_, c_.right, summed_, right_free_);
    const bool is_matrix = batch_.empty();
    const Attributes attributes = is_matrix
                                      ? Attributes{{"transpose_a", is_left_turned}, {"transpose_b", is_right_turned}}
                                      : Attributes{{"adj_x", is_left_turned}, {"adj_y", is_right_turned}};
    const std::string op = is_matrix ? "MatMul" : "BatchMatMul";
    Value result = lowering_.named_op(prefix_ + "MatMul", op, {left, right}, attributes);
    if (bias.tensor)
      result = lowering_.named_op(prefix_ + "BiasAdd", "BiasAdd", {result, flat(bias)},
                                  {{"data_format", std::string("NHWC")}});
    std::vector<std::string> groups = each(batch_);
    if (left_free_.size() != 1 || right_free_.size() != 1) {
      for (const std::string& letter : each(left_free_ + right_free_)) groups.push_back(letter);
      result = reshaped(result, groups);
    }
    const std::string order = batch_ + left_free_ + right_free_;
    result.shape = Shape();
    for (const char letter : order) result.shape.push_back(size(letter));
    return order == c_.out ? result : transposed(result, order, c_.out);
  }

 private:
  void sort_letters() {
    batch_.clear();
    left_free_.clear();
    right_free_.clear();
    summed_.clear();
    for (const char letter : c_.out) {
      const bool is_left = has(c_.left, letter);
      const bool is_right = has(c_.right, letter);
      (is_left && is_right ? batch_ : is_left ? left_free_ : right_free_) += letter;
    }
    for (const char letter : c_.left) {
      if (!has(c_.out, letter)) summed_ += letter;
    }
  }

  // The operand with its axes in the order batch, first, second, the last two each as one axis; or with these two the
  // other way round where that needs no Transpose (then true).
  std::pair<Value, bool> arranged(const Value& x, const std::string& letters, const std::string& first,
                                  const std::string& second) {
    bool is_turned = false;
    Value result = x;
    if (letters == batch_ + second + first)
      is_turned = letters != batch_ + first + second;
    else if (letters != batch_ + first + second)
      result = transposed(x, letters, batch_ + first + second);
    if (first.size() == 1 && second.size() == 1) return {result, is_turned};
    std::vector<std::string> groups = each(batch_);
    groups.push_back(is_turned ? second : first);
    groups.push_back(is_turned ? first : second);
    return {reshaped(result, groups), is_turned};
  }

  Value flat(const Value& bias) {
    if (bias.shape.rank() == 1) return bias;
    return lowering_.named_op(prefix_ + "Reshape", "Reshape", {bias, lowering_.ints(prefix_ + "Reshape/shape", {-1})},
                              {{"Tshape", DType::kInt32}});
  }

  static std::vector<std::string> each(const std::string& letters) {
    std::vector<std::string> result;
    for (const char letter : letters) result.emplace_back(1, letter);
    return result;
  }

  Value transposed(const Value& x, const std::string& from, const std::string& to) {
    std::vector<int64_t> permutation;
    for (const char letter : to) permutation.push_back(static_cast<int64_t>(from.find(letter)));
    return lower_transpose(lowering_, x, permutation, prefix_ + "transpose");
  }

  [[nodiscard]] int64_t size(char letter) const {
    for (const auto& [letters, x] : {std::pair(&c_.left, &left_), std::pair(&c_.right, &right_)}) {
      const size_t axis = letters->find(letter);
      if (axis != std::string::npos && x->shape[static_cast<int>(axis)] != kUnknown)
        return x->shape[static_cast<int>(axis)];
    }
    return kUnknown;
  }

  [[nodiscard]] int64_t product(const std::string& letters) const {
    int64_t result = 1;
    for (const char letter : letters) {
      if (size(letter) == kUnknown) return kUnknown;
      result *= size(letter);
    }
    return result;
  }

  // Each axis of the result is the product of the letters' sizes.
  Value reshaped(const Value& x, const std::vector<std::string>& groups) {
    std::vector<int64_t> sizes;
    for (const std::string& group : groups) sizes.push_back(product(group));
    const std::string name = prefix_ + "Reshape";
    Value shape;
    if (std::ranges::count(sizes, kUnknown) <= 1) {
      shape = lowering_.ints(name + "/shape", sizes);
    } else {
      shape = running_shape(groups, sizes, name + "/shape");
    }
    return lowering_.named_op(name, "Reshape", {x, shape}, {{"Tshape", DType::kInt32}});
  }

  // Reshape finds one unknown size out; the others are single axes, read when the graph runs.
  Value running_shape(const std::vector<std::string>& groups, const std::vector<int64_t>& sizes,
                      const std::string& name) {
    size_t found_out = groups.size();
    for (size_t i = 0; i < groups.size(); ++i) {
      if (sizes[i] != kUnknown || (found_out < groups.size() && groups[i].size() == 1 && groups[found_out].size() > 1))
        continue;
      if (found_out < groups.size() && groups[i].size() > 1 && groups[found_out].size() > 1) {
        throw Error(ErrorCode::kUnsupported, lowering_.scope(),
                    fmt::format("`{}` joins several axes of unknown size; give --input-shape", equation(c_)));
      }
      found_out = i;
    }
    std::vector<Value> parts;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (sizes[i] != kUnknown)
        parts.push_back(lowering_.int_scalar(fmt::format("{}/{}", name, i), sizes[i]));
      else if (i == found_out)
        parts.push_back(lowering_.int_scalar(fmt::format("{}/{}", name, i), -1));
      else
        parts.push_back(running_size(groups[i][0]));
    }
    return lowering_.raw_op(name, "Pack", parts, DType::kInt32,
                            {{"T", DType::kInt32}, {"N", static_cast<int64_t>(parts.size())}, {"axis", int64_t{0}}});
  }

  Value running_size(char letter) {
    const size_t axis = c_.left.find(letter);
    return axis != std::string::npos ? size_of(lowering_, left_, static_cast<int>(axis))
                                     : size_of(lowering_, right_, static_cast<int>(c_.right.find(letter)));
  }

  Lowering& lowering_;
  std::string prefix_;
  Value left_;
  Value right_;
  Contraction c_;
  std::string batch_;      // in all three
  std::string left_free_;  // in one operand and the result
  std::string right_free_;
  std::string summed_;  // in both operands alone
};

// How far one step along each letter moves in the operand; 0 where it has not that axis.
std::vector<int64_t> strides_of(const std::string& letters, const Shape& shape, const std::string& asked) {
  std::vector<int64_t> result;
  for (const char letter : asked) {
    const size_t axis = letters.find(letter);
    int64_t stride = axis == std::string::npos ? 0 : 1;
    for (size_t inner = axis + 1; axis != std::string::npos && inner < letters.size(); ++inner)
      stride *= shape[static_cast<int>(inner)];
    result.push_back(stride);
  }
  return result;
}

}  // namespace

void Contraction::validate() const {
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorCode::kUnsupported, "", fmt::format("einsum `{}`: {}", equation(*this), why));
  };
  for (const std::string* letters : {&left, &right, &out}) {
    for (const char letter : *letters) {
      if (std::ranges::count(*letters, letter) > 1)
        refuse("a letter twice in one operand (a diagonal) is not converted");
    }
  }
  for (const char letter : out) {
    if (!has(left, letter) && !has(right, letter)) refuse("the result has a letter that no operand has");
  }
  for (const char letter : left + right) {
    if (!has(out, letter) && !(has(left, letter) && has(right, letter)))
      refuse("a sum over an axis of one operand alone is not converted");
  }
}

Shape Contraction::infer(const Shape& left_shape, const Shape& right_shape) const {
  const auto size_in = [&](const std::string& letters, const Shape& shape, char letter) {
    const size_t axis = letters.find(letter);
    return axis == std::string::npos ? kUnknown : shape[static_cast<int>(axis)];
  };
  if (left_shape.rank() != static_cast<int>(left.size()) || right_shape.rank() != static_cast<int>(right.size())) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("`{}` does not fit inputs of shapes {} and {}", equation(*this), left_shape.to_string(),
                            right_shape.to_string()));
  }
  Shape result;
  for (const char letter : left + right) {
    const int64_t a = size_in(left, left_shape, letter);
    const int64_t b = size_in(right, right_shape, letter);
    if (a != kUnknown && b != kUnknown && a != b) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("`{}` of {} and {}: axis {} has {} and {} elements", equation(*this),
                              left_shape.to_string(), right_shape.to_string(), letter, a, b));
    }
  }
  for (const char letter : out) {
    const int64_t a = size_in(left, left_shape, letter);
    result.push_back(a != kUnknown ? a : size_in(right, right_shape, letter));
  }
  return result;
}

Value lower_transpose(Lowering& lowering, const Value& x, const std::vector<int64_t>& permutation,
                      std::string_view name) {
  if (std::ranges::is_sorted(permutation)) return x;
  Value result = lowering.named_op(name, "Transpose", {x, lowering.ints(fmt::format("{}/perm", name), permutation)},
                                   {{"Tperm", DType::kInt32}});
  result.shape = Shape();
  for (const int64_t axis : permutation)
    result.shape.push_back(x.shape.rank() > axis ? x.shape[static_cast<int>(axis)] : kUnknown);
  return result;
}

Value lower_contraction(Lowering& lowering, const Contraction& contraction, const Value& left, const Value& right,
                        std::string_view prefix, const Value& bias) {
  return ContractionProduct(lowering, contraction, left, right, prefix).run(bias);
}

bool Contraction::ends_in(std::string_view letters) const {
  std::string free;
  for (const char letter : right) {
    if (has(out, letter) && has(left, letter)) return false;
    if (has(out, letter)) free += letter;
  }
  return !free.empty() && free == letters && out.size() > free.size() && out.ends_with(free);
}

Formula contraction_reference(const Contraction& contraction, const Array& left, const Array& right) {
  std::string summed;
  for (const char letter : contraction.left) {
    if (!has(contraction.out, letter)) summed += letter;
  }
  Shape group;
  for (const char letter : summed) group.push_back(left.size(static_cast<int>(contraction.left.find(letter))));
  const auto strides = [&](const std::string& letters) {
    return std::pair(strides_of(contraction.left, left.shape(), letters),
                     strides_of(contraction.right, right.shape(), letters));
  };
  const auto at = [=, out = strides(contraction.out), inner = strides(summed), n = group.n_elements()](const Index& o) {
    int64_t l = 0;
    int64_t r = 0;
    for (int axis = 0; axis < o.rank(); ++axis) {
      l += o[axis] * out.first[static_cast<size_t>(axis)];
      r += o[axis] * out.second[static_cast<size_t>(axis)];
    }
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      int64_t a = l;
      int64_t b = r;
      int64_t rest = i;
      for (int axis = group.rank() - 1; axis >= 0; --axis) {
        const int64_t position = rest % group[axis];
        rest /= group[axis];
        a += position * inner.first[static_cast<size_t>(axis)];
        b += position * inner.second[static_cast<size_t>(axis)];
      }
      sum += left.at_offset(a) * right.at_offset(b);
    }
    return sum;
  };
  return {contraction.infer(left.shape(), right.shape()), at, static_cast<double>(group.n_elements())};
}

}  // namespace hoarfrost::keras
