#include "keras/category_coding.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::keras {
namespace {

// Whether the vectors stand in place of the last axis, and not behind it.
bool replaces_last(CategoryCoding coding, const Shape& in) {
  return coding != CategoryCoding::kOneHot || (in.rank() > 1 && in.last() == 1);
}

constexpr int64_t kLargestOneHot = 1024;

// [batch, n] -> [batch, depth]: all rows' numbers, one behind another, count in one list of batch · (depth + 1) places,
// the last of each row being for what is none.
Value lower_sums(CategoryCoding coding, int64_t depth, DType dtype, Lowering& lowering, const Value& category,
                 const Value* weights) {
  const Value below = lowering.scalar("below", -1, category),
              end = lowering.scalar("end", static_cast<double>(depth), category);
  const Value n_places = lowering.scalar("n_places", static_cast<double>(depth + 1), category);
  Value place = lowering.op("Minimum", {lowering.op("Maximum", {category, below}), end});
  place = lowering.op("FloorMod", {place, n_places});
  const Value ones = lowering.op("OnesLike", {place});
  const Value row = lowering.op("Cumsum", {ones, lowering.int_scalar("Cumsum/axis", 0)},
                                {{"Tidx", DType::kInt32}, {"exclusive", true}, {"reverse", false}});
  place = lowering.op("Add", {place, lowering.op("Mul", {row, n_places})});
  const auto flat = [&](const Value& x) {
    return lowering.op("Reshape", {x, lowering.ints("Reshape/shape", {-1})}, {{"Tshape", DType::kInt32}});
  };
  const Value counts = weights != nullptr
                           ? *weights
                           : lowering.raw_op("Cast", "Cast", {ones}, dtype, {{"SrcT", ones.dtype}, {"DstT", dtype}});
  const Value shape = lowering.raw_op("Shape", "Shape", {category}, DType::kInt32,
                                      {{"T", category.dtype}, {"out_type", DType::kInt32}});
  const Value batch =
      lowering.raw_op("Gather", "Gather", {shape, lowering.int_scalar("Gather/indices", 0)}, DType::kInt32,
                      {{"Tparams", DType::kInt32}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
  const Value n = lowering.op("Mul", {batch, lowering.int_scalar("n_places_of_row", depth + 1)});
  Value y = lowering.raw_op("UnsortedSegmentSum", "UnsortedSegmentSum", {flat(counts), flat(place), n}, dtype,
                            {{"T", dtype}, {"Tindices", place.dtype}, {"Tnumsegments", DType::kInt32}});
  y = lowering.op("Reshape", {y, lowering.ints("Reshape/shape", {-1, depth + 1})}, {{"Tshape", DType::kInt32}});
  y = lowering.op("Slice", {y, lowering.ints("Slice/begin", {0, 0}), lowering.ints("Slice/size", {-1, depth})},
                  {{"Index", DType::kInt32}});
  if (coding == CategoryCoding::kMultiHot) y = lowering.op("Minimum", {y, lowering.scalar("one", 1, y)});
  y.shape = infer_category_coding(coding, depth, category.shape);
  return y;
}

}  // namespace

CategoryCoding parse_category_coding(const Config& config, std::string_view fallback, bool has_tf_idf) {
  if (config.get_bool({"sparse"}, false)) config.unsupported("sparse (a SparseTensor output) is not converted");
  const std::string mode = config.get_string({"output_mode"}, std::string(fallback));
  if (mode == "int") return CategoryCoding::kInt;
  if (mode == "one_hot") return CategoryCoding::kOneHot;
  if (mode == "multi_hot" || mode == "binary") return CategoryCoding::kMultiHot;
  if (mode == "count") return CategoryCoding::kCount;
  if (has_tf_idf && (mode == "tf_idf" || mode == "tf-idf")) return CategoryCoding::kTfIdf;
  config.unsupported(fmt::format("output_mode `{}` is not converted; int, one_hot, multi_hot and count are", mode));
}

Shape infer_category_coding(CategoryCoding coding, int64_t depth, const Shape& in) {
  if (coding == CategoryCoding::kInt) return in;
  if (coding != CategoryCoding::kOneHot) expect_rank(in, 2);
  if (in.rank() < 1)
    throw Error(ErrorCode::kMismatch, "", "expected an input with a batch axis, found a single number");
  if (coding == CategoryCoding::kOneHot && in.rank() > 1 && in.last() == kUnknown)
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("the size of the last axis must be known, found {}", in.to_string()));
  Shape out = in;
  if (replaces_last(coding, in))
    out[-1] = depth;
  else
    out.push_back(depth);
  return out;
}

Value lower_category_coding(CategoryCoding coding, int64_t depth, DType dtype, Lowering& lowering,
                            const Value& category, const Value* weights) {
  if (coding == CategoryCoding::kInt) {
    if (category.dtype == dtype) return category;
    return lowering.raw_op("Cast", "Cast", {category}, dtype, {{"SrcT", category.dtype}, {"DstT", dtype}});
  }
  if (depth >= INT32_MAX)
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("vectors of {} categories are not converted: TensorFlow counts them in 32 bits", depth));
  if (coding != CategoryCoding::kOneHot && depth > kLargestOneHot)
    return lower_sums(coding, depth, dtype, lowering, category, weights);
  const int last = category.shape.rank() - 1;
  Value index = category;
  if (coding == CategoryCoding::kOneHot && replaces_last(coding, category.shape))
    index = lowering.op("Squeeze", {index}, {{"squeeze_dims", std::vector<int64_t>{last}}});
  const auto one = lowering.constant("one_hot/on_value", Tensor::scalar(1.0).cast(dtype));
  const auto zero = lowering.constant("one_hot/off_value", Tensor::scalar(0.0).cast(dtype));
  Value y = lowering.raw_op("one_hot", "OneHot", {index, lowering.int_scalar("one_hot/depth", depth), one, zero}, dtype,
                            {{"T", dtype}, {"TI", index.dtype}, {"axis", int64_t{-1}}});
  if (coding != CategoryCoding::kOneHot) {
    if (weights != nullptr)
      y = lowering.op("Mul", {y, lowering.op("ExpandDims", {*weights, lowering.int_scalar("ExpandDims/dim", last + 1)},
                                             {{"Tdim", DType::kInt32}})});
    const std::string op = coding == CategoryCoding::kMultiHot ? "Max" : "Sum";
    y = lowering.op(op, {y, lowering.ints(op + "/reduction_indices", {last})},
                    {{"keep_dims", false}, {"Tidx", DType::kInt32}});
  }
  y.shape = infer_category_coding(coding, depth, category.shape);
  return y;
}

Formula category_coding_reference(CategoryCoding coding, int64_t depth, const Shape& in,
                                  std::function<int64_t(const Index&)> category,
                                  std::function<double(const Index&)> weights) {
  const Shape out = infer_category_coding(coding, depth, in);
  if (coding == CategoryCoding::kInt)
    return {out, [category](const Index& o) { return static_cast<double>(category(o)); }, 1};
  const auto at = [=](const Index& o) {
    Index i;
    for (int axis = 0; axis < o.rank() - 1; ++axis) i.push_back(o[axis]);
    if (!replaces_last(coding, in)) return category(i) == o[-1] ? 1.0 : 0.0;
    i.push_back(0);
    double n = 0;
    for (; i[-1] < in.last(); ++i[-1]) {
      if (category(i) == o[-1]) n += weights ? weights(i) : 1;
    }
    return coding == CategoryCoding::kMultiHot ? static_cast<double>(n > 0) : n;
  };
  return {out, at, static_cast<double>(in.last())};
}

}  // namespace hoarfrost::keras
