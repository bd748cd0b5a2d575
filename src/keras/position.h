// What KerasHub's layers share that know where in a sequence a step stands: PositionEmbedding, SinePositionEncoding,
// RotaryEmbedding. Their call's start_index is the position of the first step.
#pragma once

#include "keras/call_arguments.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

// The call's start_index. Throws Error{kUnsupported} for one that is a tensor, and for positions that the call gives.
int64_t parse_start_index(const Config& config);

// The rows `start`, start + 1, … of `table` for the steps, which are the last axis but one of `like`. rank of both at
// least 2; the steps' number may be unknown.
Value lower_position_rows(Lowering& lowering, const Value& table, const Value& like, int64_t start);
// Throws Error{kMismatch} where there are more steps than rows.
void expect_positions(const Shape& in, int64_t n_rows, int64_t start);

// start, start + 1, …, one for each step of that axis, in the type of `like`: [steps].
Value lower_positions(Lowering& lowering, const Value& like, int axis, int64_t start);

// rows in each example of `like`, as TensorFlow's broadcast_to gives them: [batch, …, steps, features].
Value lower_repeated(Lowering& lowering, const Value& rows, const Value& like);

}  // namespace hoarfrost::keras
