// Reading what is known of a node's inputs, and making its outputs.
#pragma once

#include <optional>

#include "ops/check.h"
#include "ops/op.h"

namespace hoarfrost::ops {

constexpr int64_t kMaxOutputBytes = int64_t{1} << 36;  // more is a broken or hostile graph

using Knowns = std::span<const Known>;
using Tensors = std::span<const Tensor>;

// What tensors tell of themselves: everything.
std::vector<Known> known(Tensors tensors);

// A zeroed tensor for an inferred output. Throws Error{kMismatch} when sizes are unknown or pass kMaxOutputBytes.
Tensor allocate(const Node& node, const Known& output);

// The shape of input i with this rank, its sizes unknown where the input's rank is. Throws Error{kMismatch} for another
// rank.
Shape shape_of_rank(const Node& node, Knowns inputs, size_t i, int rank);

// The elements of an integer input, row-major; nullopt when it is no constant. Throws Error{kMismatch} for another
// type.
std::optional<std::vector<int64_t>> integers(const Node& node, const Known& input);
// The one element of an integer scalar (or of a tensor with one element); nullopt when it is no constant.
std::optional<int64_t> integer(const Node& node, const Known& input);
// The elements as sizes, kUnknown where they are not known; nullopt when not even their number is.
std::optional<std::vector<int64_t>> partial_integers(const Node& node, const Known& input);

// Throws Error{kMismatch} unless all inputs from `first` on are of one type.
void need_same_type(const Node& node, Knowns inputs, size_t first = 0);
void need_type(const Node& node, const Known& input, DType dtype);

// a and b agree or one is unknown.
inline bool may_equal(int64_t a, int64_t b) { return a == b || a < 0 || b < 0; }
// The better known of two sizes that must be equal. Throws Error{kMismatch} saying `what`.
int64_t merged(const Node& node, int64_t a, int64_t b, std::string_view what);

inline Known of_type(DType dtype, Shape shape) { return {dtype, std::move(shape), {}, {}}; }

// What is true of both: of what comes out of a Merge.
Known either(const Known& a, const Known& b);

// Output as the first input: type and shape.
std::vector<Known> infer_as_first(const Node& node, Knowns inputs);

}  // namespace hoarfrost::ops
