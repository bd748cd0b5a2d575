// Sizes that a call of an operation is given: whole numbers, and tensors that only the running graph knows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {

// nullopt stands for a tensor: one of the operation's operands, in their order.
using Sizes = std::vector<std::optional<int64_t>>;

// Reads a list and adds its tensors to the operands. Throws Error{kUnsupported} for what is no list.
Sizes parse_sizes(OperationCall& call, size_t position, Config::Names names);
// Unknown where a tensor stands.
Shape shape_of_sizes(const Sizes& sizes);
// An int32 vector: a constant, or packed from the inputs from `next` on.
Value lower_sizes(Lowering& lowering, const Sizes& sizes, const Values& in, size_t next, const std::string& name);
// The sizes as the arrays from `next` on say.
Shape known_sizes(const Sizes& sizes, const Arrays& in, size_t next);

}  // namespace hoarfrost::keras
