// How the numbers of categories come out of CategoryEncoding, Discretization, IntegerLookup and StringLookup (their
// `output_mode`).
#pragma once

#include <functional>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// The numbers themselves; or vectors of `depth`: one for each number; the categories that an example has; how often it
// has each.
enum class CategoryCoding { kInt, kOneHot, kMultiHot, kCount };

// Reads output_mode. Throws Error{kUnsupported} for tf_idf and unknown ones, and for sparse outputs.
CategoryCoding parse_category_coding(const Config& config, std::string_view fallback);

// kOneHot: [..., n] -> [..., n, depth], but a last axis of 1 gives way to depth; kMultiHot, kCount: [batch, n] ->
// [batch, depth]. Throws Error{kMismatch} for other ranks.
Shape infer_category_coding(CategoryCoding coding, int64_t depth, const Shape& in);
// `category`: whole numbers, its shape set. A number below 0 or from `depth` on is none. The result is of `dtype`.
Value lower_category_coding(CategoryCoding coding, int64_t depth, DType dtype, Lowering& lowering,
                            const Value& category);
Formula category_coding_reference(CategoryCoding coding, int64_t depth, const Shape& in,
                                  std::function<int64_t(const Index&)> category);

}  // namespace hoarfrost::keras
