// Parts and sizes of tensors while a layer is lowered: StridedSlice, and Reshape where sizes are known only when the
// graph runs.
#pragma once

#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// x[begin : end] along each axis, `SCOPE/NAME` (default tf's strided_slice); negative positions count from the end. An
// axis whose bit is set in `begin_mask` or `end_mask` starts at the first, or goes to the last; one in `shrink_mask` is
// taken away.
struct Slicing {
  std::vector<int64_t> begin;
  std::vector<int64_t> end;
  int64_t begin_mask = 0;
  int64_t end_mask = 0;
  int64_t shrink_mask = 0;
};
Value strided_slice(Lowering& lowering, const Value& x, const Slicing& slicing,
                    std::string_view name = "strided_slice");

// The size of an axis, an int32 number: Shape and StridedSlice.
Value size_of(Lowering& lowering, const Value& x, int axis);

// x as `target`, whose first axis is the batch of `like`; node `SCOPE/NAME`. One other size may be unknown, and Reshape
// finds it out. Throws Error{kUnsupported} when more are.
Value reshape_keeping_batch(Lowering& lowering, const Value& x, const Value& like, const Shape& target,
                            std::string_view name = "Reshape");

}  // namespace hoarfrost::keras
