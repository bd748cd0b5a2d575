// Sums of products of two tensors over axes that they share, as einsum writes them: every letter is an axis.
#pragma once

#include <string>
#include <string_view>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// "abc,cde->abde" is {"abc", "cde", "abde"}. A letter of both that `out` has not is summed over; one of all three is an
// axis along which pairs are multiplied one by one.
struct Contraction {
  std::string left;
  std::string right;
  std::string out;

  // Throws Error{kUnsupported} for a letter twice in one of them, one that `out` alone has, and one of a single operand
  // that `out` has not.
  void validate() const;
  // Throws Error{kMismatch} when an operand has another rank, or the sizes of one letter differ.
  [[nodiscard]] Shape infer(const Shape& left_shape, const Shape& right_shape) const;
  // Whether these are the right operand's axes that are left in `out`, behind all of the left one's: those of a Dense's
  // bias.
  [[nodiscard]] bool ends_in(std::string_view letters) const;
};

// Transpose, Reshape and MatMul or BatchMatMul, which every TensorFlow has, under `SCOPE/PREFIX`; of these only what is
// needed. Shapes of both must be set; sizes may be unknown. bias: none, or one along axes that the product ends_in.
Value lower_contraction(Lowering& lowering, const Contraction& contraction, const Value& left, const Value& right,
                        std::string_view prefix = "", const Value& bias = {});
Formula contraction_reference(const Contraction& contraction, const Array& left, const Array& right);

// tf.transpose: axis i of the result is axis permutation[i] of x; x itself where nothing moves.
Value lower_transpose(Lowering& lowering, const Value& x, const std::vector<int64_t>& permutation,
                      std::string_view name = "transpose");

}  // namespace hoarfrost::keras
