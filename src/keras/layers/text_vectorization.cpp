// TextVectorization: texts, [batch] or [batch, 1], to the numbers of their tokens in a vocabulary, [batch, n], 0 behind
// a row's end; or to vectors of what tokens a text has. Keras 2.6 to 3.15 (text_vectorization.py). Tokens are split
// into a SparseTensor, and no ragged one; text that is no UTF-8 has characters that Keras takes for others.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/text_split.h"
#include "keras/token_lookup.h"

namespace hoarfrost::keras {
namespace {

struct TextVectorization {
  TextRules rules;
  TokenLookup<std::string> lookup;
  int64_t length = kUnknown;  // of all rows, where output_sequence_length says it

  static TextVectorization parse(const Config& config) {
    if (config.get_bool({"ragged"}, false))
      config.unsupported("ragged (a RaggedTensor output) is not converted; without it, rows are filled up with 0");
    const auto mode = config.json().find("output_mode");
    if (mode != config.json().end() && mode->is_null())
      config.unsupported(
          "output_mode None (the words themselves) is not converted; int, multi_hot, count and tf_idf are");
    TextVectorization layer{TextRules::parse(config), TokenLookup<std::string>::parse(config, ""), kUnknown};
    if (layer.lookup.coding() == CategoryCoding::kOneHot)
      config.unsupported("output_mode one_hot is not converted; int, multi_hot, count and tf_idf are");
    layer.length = config.get_int({"output_sequence_length"}, kUnknown);
    if (layer.length < kUnknown || (layer.length != kUnknown && !layer.is_int()))
      config.fail(
          fmt::format("`output_sequence_length` must be 0 or more, and the output_mode int, found {}", layer.length));
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const Shape& shape = in[0];
    const bool is_right = splits() ? shape.rank() == 1 || (shape.rank() == 2 && shape.last() == 1) : shape.rank() == 2;
    if (!is_right)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected an input of shape {}, found {}", splits() ? "[?] or [?, 1]" : "[?, n]",
                              shape.to_string()));
    const Shape tokens{shape[0], splits() ? kUnknown : shape[1]};
    if (!is_int()) return {infer_category_coding(lookup.coding(), lookup.n_numbers(), tokens)};
    return {{shape[0], length == kUnknown ? tokens[1] : length}};
  }

  // Keras stores them for the layer, and for the StringLookup within.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = lookup.weights(in);
    for (WeightSpec& spec : result) {
      spec.group = "_lookup_layer";
      spec.is_also_own = true;
    }
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (in[0].dtype != DType::kString)
      throw Error(ErrorCode::kMismatch, "", fmt::format("takes text, but its input holds {}", dtype_name(in[0].dtype)));
    const Value x = rules.lower_standard(lowering, in[0]);
    Value numbers = splits() ? split_numbers(lowering, x) : given_numbers(lowering, x);
    return {lookup.lower_coding(lowering, numbers)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    std::vector<std::vector<int64_t>> rows;
    int64_t n_most = 0;
    for (int64_t row = 0; row < in[0].size(0); ++row) {
      rows.push_back(numbers_of(in[0], row));
      n_most = std::max(n_most, static_cast<int64_t>(rows.back().size()));
    }
    const int64_t behind = is_int() ? 0 : lookup.n_numbers();
    const auto number = [rows, behind](const Index& i) {
      const auto& row = rows[static_cast<size_t>(i[0])];
      return i[1] < static_cast<int64_t>(row.size()) ? row[static_cast<size_t>(i[1])] : behind;
    };
    return {lookup.coding_reference(weights, {in[0].size(0), length == kUnknown ? n_most : length}, number)};
  }

 private:
  [[nodiscard]] bool is_int() const { return lookup.coding() == CategoryCoding::kInt; }
  [[nodiscard]] bool splits() const { return rules.split != TextSplit::kNone; }

  [[nodiscard]] std::vector<int64_t> numbers_of(const Array& x, int64_t row) const {
    std::vector<int64_t> numbers;
    const int64_t n = splits() || x.shape().rank() == 1 ? 1 : x.size(1);
    for (int64_t i = 0; i < n; ++i) {
      const Index at = x.shape().rank() == 1 ? Index{row} : Index{row, i};
      for (const std::string& token : rules.tokens_of(x.text(at))) numbers.push_back(lookup.number_of(token));
    }
    return numbers;
  }

  // The first `length` of each row, or as many as there are.
  Value cut(Lowering& lowering, Value numbers, int64_t batch) const {
    numbers =
        lowering.op("Slice", {numbers, lowering.ints("Slice/begin", {0, 0}), lowering.ints("Slice/size", {-1, length})},
                    {{"Index", DType::kInt32}});
    numbers.shape = {batch, length};
    return numbers;
  }

  Value split_numbers(Lowering& lowering, const Value& x) const {
    Value texts = x;
    if (x.shape.rank() > 1)
      texts = lowering.op("Reshape", {x, lowering.ints("Reshape/shape", {-1})}, {{"Tshape", DType::kInt32}});
    const TextRules::Sparse words = rules.lower_split(lowering, texts);
    const Value numbers = lookup.lower_numbers(lowering, words.tokens);
    Value shape = words.shape;
    if (length != kUnknown)
      shape = lowering.op("Maximum", {shape, lowering.constant("Maximum/y", Tensor::vector<int64_t>({0, length}))});
    const Value behind =
        lowering.scalar("SparseToDense/default_value", is_int() ? 0 : static_cast<double>(lookup.n_numbers()), numbers);
    Value dense = lowering.raw_op(
        "SparseToDense", "SparseToDense", {words.indices, shape, numbers, behind}, numbers.dtype,
        {{"T", numbers.dtype}, {"Tindices", DType::kInt64}, {"validate_indices", rules.ngrams.empty()}});
    dense.shape = {x.shape[0], kUnknown};
    return length == kUnknown ? dense : cut(lowering, dense, x.shape[0]);
  }

  // Of tokens that come one by one.
  Value given_numbers(Lowering& lowering, const Value& x) const {
    Value numbers = lookup.lower_numbers(lowering, x);
    if (length == kUnknown || length == x.shape[1]) return numbers;
    if (x.shape[1] == kUnknown)
      throw Error(ErrorCode::kUnsupported, "",
                  "output_sequence_length of an unknown number of tokens is not converted");
    if (length < x.shape[1]) return cut(lowering, numbers, x.shape[0]);
    const Value paddings = lowering.constant(
        "Pad/paddings", Tensor::of<int32_t>({2, 2}, {0, 0, 0, static_cast<int32_t>(length - x.shape[1])}));
    numbers = lowering.op("Pad", {numbers, paddings}, {{"Tpaddings", DType::kInt32}});
    numbers.shape = {x.shape[0], length};
    return numbers;
  }
};

}  // namespace

const LayerSpec layer_text_vectorization = make_spec<TextVectorization>("TextVectorization");

}  // namespace hoarfrost::keras
