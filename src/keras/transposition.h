// Operations that give their operand's axes in another order: transpose, moveaxis, swapaxes, einsum of one operand.
#pragma once

#include <vector>

#include "keras/contraction.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {

// Order: permutation(rank) gives, for each axis of the result, which one of the operand's `rank` axes it is. Throws
// Error{kMismatch} for a rank that it does not fit.
template <class Order>
struct Transposition {
  Order order;

  Shapes infer(const Shapes& in) const {
    Shape out;
    for (const int64_t axis : order.permutation(in.at(0).rank())) out.push_back(in[0][static_cast<int>(axis)]);
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_transpose(lowering, in[0], order.permutation(in[0].shape.rank()))};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], from = order.permutation(in[0].shape().rank())](const Index& o) {
      Index i = o;
      for (size_t axis = 0; axis < from.size(); ++axis) i[static_cast<int>(from[axis])] = o[static_cast<int>(axis)];
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }
};

}  // namespace hoarfrost::keras
