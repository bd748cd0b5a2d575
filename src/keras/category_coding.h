// How the numbers of categories come out of CategoryEncoding, Discretization, IntegerLookup and StringLookup (their
// `output_mode`).
#pragma once

#include <functional>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// The numbers themselves; or vectors of `depth`: one for each number; the categories that an example has; how often it
// has each; the same, and the layer weighs it.
enum class CategoryCoding { kInt, kOneHot, kMultiHot, kCount, kTfIdf };

// Reads output_mode. Throws Error{kUnsupported} for unknown ones, for sparse outputs, and for tf_idf of a layer that
// has none.
CategoryCoding parse_category_coding(const Config& config, std::string_view fallback, bool has_tf_idf = false);

// kOneHot: [..., n] -> [..., n, depth], but a last axis of 1 gives way to depth; kMultiHot, kCount, kTfIdf: [batch, n]
// -> [batch, depth]. Throws Error{kMismatch} for other ranks, and for kOneHot of an n that is not known.
Shape infer_category_coding(CategoryCoding coding, int64_t depth, const Shape& in);
// `category`: whole numbers, its shape set. A number below 0 or from `depth` on is none. `weights`: how much each of
// them counts (kCount), in its shape and of `dtype`. The result is of `dtype`. Few categories become one vector for
// each number and their sum; many are added up where they belong, so that memory does not grow with n · depth.
Value lower_category_coding(CategoryCoding coding, int64_t depth, DType dtype, Lowering& lowering,
                            const Value& category, const Value* weights = nullptr);
Formula category_coding_reference(CategoryCoding coding, int64_t depth, const Shape& in,
                                  std::function<int64_t(const Index&)> category,
                                  std::function<double(const Index&)> weights = {});

}  // namespace hoarfrost::keras
