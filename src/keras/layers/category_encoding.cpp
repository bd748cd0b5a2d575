// CategoryEncoding: numbers of categories as vectors, [batch, n] -> [batch, num_tokens] (multi_hot, count), or one
// vector for each number (one_hot). Keras 2.6 to 3.15. Numbers outside 0 … num_tokens − 1 are an error in Keras 2 and
// count for nothing here, as in Keras 3. A second input, count_weights, says how much each number counts.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/call_arguments.h"
#include "keras/category_coding.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct CategoryEncoding {
  int64_t num_tokens = 0;
  CategoryCoding coding = CategoryCoding::kMultiHot;
  DType dtype = DType::kFloat32;
  CallArguments call;

  static CategoryEncoding parse(const Config& config) {
    const CategoryEncoding layer{config.get_int({"num_tokens"}), parse_category_coding(config, "multi_hot"),
                                 config.dtype(), CallArguments::parse(config, {"inputs", "count_weights"})};
    if (layer.num_tokens < 1) config.fail(fmt::format("`num_tokens` must be 1 or more, found {}", layer.num_tokens));
    if (layer.coding == CategoryCoding::kInt)
      config.fail("`output_mode` must be multi_hot, one_hot or count, found int");
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    const auto weights = weights_of(in.size());
    expect_inputs(in, weights ? 2 : 1);
    if (weights && coding != CategoryCoding::kCount)
      throw Error(ErrorCode::kMismatch, "", "`count_weights` are given to an output_mode other than count");
    if (weights && in[*weights].rank() != in[0].rank())
      throw Error(
          ErrorCode::kMismatch, "",
          fmt::format("expected `count_weights` of shape {}, found {}", in[0].to_string(), in[*weights].to_string()));
    return {infer_category_coding(coding, num_tokens, in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Value category = in[0];
    if (category.dtype != DType::kInt32 && category.dtype != DType::kInt64) {
      category = lowering.raw_op("Cast", "Cast", {category}, DType::kInt64,
                                 {{"SrcT", category.dtype}, {"DstT", DType::kInt64}});
      category.shape = in[0].shape;
    }
    const auto given = weights_of(in.size());
    if (!given) return {lower_category_coding(coding, num_tokens, dtype, lowering, category)};
    Value weights = in[*given];
    if (weights.dtype != dtype)
      weights = lowering.raw_op("Cast", "Cast", {weights}, dtype, {{"SrcT", weights.dtype}, {"DstT", dtype}});
    return {lower_category_coding(coding, num_tokens, dtype, lowering, category, &weights)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    std::function<double(const Index&)> weights;
    if (const auto given = weights_of(in.size())) weights = [x = in[*given]](const Index& i) { return x[i]; };
    return {category_coding_reference(
        coding, num_tokens, in[0].shape(), [x = in[0]](const Index& i) { return static_cast<int64_t>(x[i]); },
        weights)};
  }

 private:
  [[nodiscard]] std::optional<size_t> weights_of(size_t n_inputs) const {
    return call.input("count_weights", n_inputs);
  }
};

}  // namespace

const LayerSpec layer_category_encoding = make_spec<CategoryEncoding>("CategoryEncoding");

}  // namespace hoarfrost::keras
