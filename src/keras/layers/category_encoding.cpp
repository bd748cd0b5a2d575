// CategoryEncoding: numbers of categories as vectors, [batch, n] -> [batch, num_tokens] (multi_hot, count), or one
// vector for each number (one_hot). Keras 2.6 to 3.15. Numbers outside 0 … num_tokens − 1 are an error in Keras 2 and
// count for nothing here, as in Keras 3.
#include <fmt/format.h>

#include "keras/category_coding.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct CategoryEncoding {
  int64_t num_tokens = 0;
  CategoryCoding coding = CategoryCoding::kMultiHot;
  DType dtype = DType::kFloat32;

  static CategoryEncoding parse(const Config& config) {
    const CategoryEncoding layer{config.get_int({"num_tokens"}), parse_category_coding(config, "multi_hot"),
                                 config.dtype()};
    if (layer.num_tokens < 1) config.fail(fmt::format("`num_tokens` must be 1 or more, found {}", layer.num_tokens));
    if (layer.coding == CategoryCoding::kInt)
      config.fail("`output_mode` must be multi_hot, one_hot or count, found int");
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {infer_category_coding(coding, num_tokens, in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Value category = in[0];
    if (category.dtype != DType::kInt32 && category.dtype != DType::kInt64) {
      category = lowering.raw_op("Cast", "Cast", {category}, DType::kInt64,
                                 {{"SrcT", category.dtype}, {"DstT", DType::kInt64}});
      category.shape = in[0].shape;
    }
    return {lower_category_coding(coding, num_tokens, dtype, lowering, category)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {category_coding_reference(coding, num_tokens, in[0].shape(),
                                      [x = in[0]](const Index& i) { return static_cast<int64_t>(x[i]); })};
  }
};

}  // namespace

const LayerSpec layer_category_encoding = make_spec<CategoryEncoding>("CategoryEncoding");

}  // namespace hoarfrost::keras
