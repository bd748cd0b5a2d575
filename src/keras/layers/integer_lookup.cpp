// IntegerLookup: the number of each token in a vocabulary, behind one for the mask's token (`int` alone, where there is
// one) and one for tokens that are not in it. Keras 2.6 to 3.15 (index_lookup.py). A hash table's nodes hold state, so
// a small vocabulary becomes comparisons: the sum over the tokens of (x = token) · (its number − the unknown's), and
// the unknown's.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <map>
#include <nlohmann/json.hpp>

#include "keras/category_coding.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

constexpr size_t kLargestVocabulary = 4096;

struct IntegerLookup {
  std::map<int64_t, int64_t> numbers;  // by token
  int64_t unknown = 0;                 // the number of what is no token; -1 for none
  int64_t n_numbers = 0;
  CategoryCoding coding = CategoryCoding::kInt;
  DType dtype = DType::kInt64;

  static IntegerLookup parse(const Config& config) {
    config.ignore({"vocabulary_dtype", "vocabulary_size", "encoding", "oov_method", "salt"});
    IntegerLookup layer;
    layer.coding = parse_category_coding(config, "int");
    const bool is_int = layer.coding == CategoryCoding::kInt;
    layer.dtype = config.has("dtype") ? config.dtype() : is_int ? DType::kInt64 : DType::kFloat32;
    if (is_int) layer.dtype = DType::kInt64;  // whatever the layer's type
    if (config.get_bool({"invert"}, false)) config.unsupported("invert (from numbers back to tokens) is not converted");
    if (config.has("idf_weights")) config.unsupported("idf_weights are not converted");
    const int64_t n_unknown = config.get_int({"num_oov_indices"}, 1);
    if (n_unknown < 0 || n_unknown > 1)
      config.unsupported(
          fmt::format("num_oov_indices {} hashes unknown tokens, which is not converted; 0 and 1 are", n_unknown));
    const Json* mask = config.find({"mask_token"});
    const int64_t oov = config.get_int({"oov_token"}, -1);
    const bool has_mask = mask != nullptr && is_int;
    layer.unknown = n_unknown == 0 ? -1 : has_mask ? 1 : 0;
    if (has_mask) layer.numbers[config.get_int({"mask_token"})] = 0;
    std::vector<int64_t> tokens = parse_vocabulary(config);
    // A vocabulary that comes out of an adapted layer begins with these.
    std::vector<int64_t> special;
    if (has_mask) special.push_back(config.get_int({"mask_token"}));
    if (n_unknown == 1) special.push_back(oov);
    if (tokens.size() >= special.size() && std::equal(special.begin(), special.end(), tokens.begin()))
      tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(special.size()));
    int64_t number = static_cast<int64_t>(special.size());
    for (const int64_t token : tokens) {
      if (!layer.numbers.emplace(token, number++).second)
        config.fail(fmt::format("`vocabulary` has the token {} twice", token));
    }
    layer.n_numbers = number;
    const int64_t most = config.get_int({"max_tokens"}, 0);
    if (config.get_bool({"pad_to_max_tokens"}, false) && most > 0) layer.n_numbers = most;
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {infer_category_coding(coding, n_numbers, in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Value x = in[0];
    if (x.dtype != DType::kInt64)
      x = lowering.raw_op("Cast", "Cast", {x}, DType::kInt64, {{"SrcT", x.dtype}, {"DstT", DType::kInt64}});
    const int last = in[0].shape.rank();
    x = lowering.op("ExpandDims", {x, lowering.int_scalar("ExpandDims/dim", last)}, {{"Tdim", DType::kInt32}});
    std::vector<int64_t> tokens;
    std::vector<int32_t> steps;
    for (const auto& [token, number] : numbers) {
      tokens.push_back(token);
      steps.push_back(static_cast<int32_t>(number - unknown));
    }
    const Value is_token = lowering.raw_op("Equal", "Equal", {x, lowering.constant("Equal/y", Tensor::vector(tokens))},
                                           DType::kBool, {{"T", DType::kInt64}});
    const Value ones =
        lowering.raw_op("Cast_1", "Cast", {is_token}, DType::kInt32, {{"SrcT", DType::kBool}, {"DstT", DType::kInt32}});
    const Value products = lowering.op("Mul", {ones, lowering.constant("Mul/y", Tensor::vector(steps))});
    const Value sum = lowering.op("Sum", {products, lowering.ints("Sum/reduction_indices", {last})},
                                  {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    Value number = lowering.named_op("add", "Add", {sum, lowering.int_scalar("add/y", unknown)});
    number.shape = in[0].shape;
    return {lower_category_coding(coding, n_numbers, dtype, lowering, number)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto number = [x = in[0], layer = *this](const Index& i) {
      const auto found = layer.numbers.find(static_cast<int64_t>(x[i]));
      return found == layer.numbers.end() ? layer.unknown : found->second;
    };
    return {category_coding_reference(coding, n_numbers, in[0].shape(), number)};
  }

 private:
  static std::vector<int64_t> parse_vocabulary(const Config& config) {
    const Json* vocabulary = config.find({"vocabulary"});
    if (vocabulary == nullptr || !vocabulary->is_array())
      config.unsupported(
          "its vocabulary was adapted to data or lies in another file, not in this one: give it to the layer as a "
          "list");
    if (vocabulary->size() > kLargestVocabulary)
      config.unsupported(fmt::format(
          "a vocabulary of {} tokens: those of up to {} are compared one by one, larger ones need a hash table",
          vocabulary->size(), kLargestVocabulary));
    return config.get_list({"vocabulary"});
  }
};

}  // namespace

const LayerSpec layer_integer_lookup = make_spec<IntegerLookup>("IntegerLookup");

}  // namespace hoarfrost::keras
