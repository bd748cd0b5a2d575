#include "keras/category_coding.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::keras {
namespace {

// Whether the vectors stand in place of the last axis, and not behind it.
bool replaces_last(CategoryCoding coding, const Shape& in) {
  return coding != CategoryCoding::kOneHot || (in.rank() > 1 && in.last() == 1);
}

}  // namespace

CategoryCoding parse_category_coding(const Config& config, std::string_view fallback) {
  if (config.get_bool({"sparse"}, false)) config.unsupported("sparse (a SparseTensor output) is not converted");
  const std::string mode = config.get_string({"output_mode"}, std::string(fallback));
  if (mode == "int") return CategoryCoding::kInt;
  if (mode == "one_hot") return CategoryCoding::kOneHot;
  if (mode == "multi_hot" || mode == "binary") return CategoryCoding::kMultiHot;
  if (mode == "count") return CategoryCoding::kCount;
  config.unsupported(fmt::format("output_mode `{}` is not converted; int, one_hot, multi_hot and count are", mode));
}

Shape infer_category_coding(CategoryCoding coding, int64_t depth, const Shape& in) {
  if (coding == CategoryCoding::kInt) return in;
  if (coding != CategoryCoding::kOneHot) expect_rank(in, 2);
  if (in.rank() < 1)
    throw Error(ErrorCode::kMismatch, "", "expected an input with a batch axis, found a single number");
  if (in.rank() > 1 && in.last() == kUnknown)
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
                            const Value& category) {
  if (coding == CategoryCoding::kInt) {
    if (category.dtype == dtype) return category;
    return lowering.raw_op("Cast", "Cast", {category}, dtype, {{"SrcT", category.dtype}, {"DstT", dtype}});
  }
  const int last = category.shape.rank() - 1;
  Value index = category;
  if (coding == CategoryCoding::kOneHot && replaces_last(coding, category.shape))
    index = lowering.op("Squeeze", {index}, {{"squeeze_dims", std::vector<int64_t>{last}}});
  const auto one = lowering.constant("one_hot/on_value", Tensor::scalar(1.0).cast(dtype));
  const auto zero = lowering.constant("one_hot/off_value", Tensor::scalar(0.0).cast(dtype));
  Value y = lowering.raw_op("one_hot", "OneHot", {index, lowering.int_scalar("one_hot/depth", depth), one, zero}, dtype,
                            {{"T", dtype}, {"TI", index.dtype}, {"axis", int64_t{-1}}});
  if (coding != CategoryCoding::kOneHot) {
    const std::string op = coding == CategoryCoding::kCount ? "Sum" : "Max";
    y = lowering.op(op, {y, lowering.ints(op + "/reduction_indices", {last})},
                    {{"keep_dims", false}, {"Tidx", DType::kInt32}});
  }
  y.shape = infer_category_coding(coding, depth, category.shape);
  return y;
}

Formula category_coding_reference(CategoryCoding coding, int64_t depth, const Shape& in,
                                  std::function<int64_t(const Index&)> category) {
  const Shape out = infer_category_coding(coding, depth, in);
  if (coding == CategoryCoding::kInt)
    return {out, [category](const Index& o) { return static_cast<double>(category(o)); }, 1};
  const auto at = [=](const Index& o) {
    Index i;
    for (int axis = 0; axis < o.rank() - 1; ++axis) i.push_back(o[axis]);
    if (!replaces_last(coding, in)) return category(i) == o[-1] ? 1.0 : 0.0;
    i.push_back(0);
    int64_t n = 0;
    for (; i[-1] < in.last(); ++i[-1]) n += category(i) == o[-1] ? 1 : 0;
    return coding == CategoryCoding::kCount ? static_cast<double>(n) : static_cast<double>(n > 0);
  };
  return {out, at, static_cast<double>(in.last())};
}

}  // namespace hoarfrost::keras
