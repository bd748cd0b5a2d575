// HashedCrossing: two columns or more, [batch] or [batch, 1] each, as one of num_bins by the hash of what a row has in
// all of them. Keras 2.8 to 3.15 (hashed_crossing.py): tf.sparse.cross_hashed, which is TensorFlow's op SparseCross.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "base/fingerprint.h"
#include "keras/category_coding.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

constexpr int64_t kHashKey = 0xdecafcaffe;  // sparse_ops.py's default

struct HashedCrossing {
  int64_t n_bins = 0;
  CategoryCoding coding = CategoryCoding::kInt;
  DType dtype = DType::kInt64;

  static constexpr bool kAutocasts = false;

  static HashedCrossing parse(const Config& config) {
    HashedCrossing layer;
    layer.n_bins = config.get_int({"num_bins"});
    if (layer.n_bins < 1) config.fail(fmt::format("`num_bins` must be 1 or more, found {}", layer.n_bins));
    layer.coding = parse_category_coding(config, "int");
    const bool is_int = layer.coding == CategoryCoding::kInt;
    if (!is_int && layer.coding != CategoryCoding::kOneHot) config.fail("`output_mode` must be int or one_hot");
    layer.dtype = config.has("dtype") ? config.dtype() : is_int ? DType::kInt64 : DType::kFloat32;
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    if (in.size() < 2)
      throw Error(ErrorCode::kMismatch, "", fmt::format("expected 2 inputs or more, found {}", in.size()));
    for (const Shape& shape : in) {
      const bool is_column = shape.rank() == 1 || (shape.rank() == 2 && shape.last() == 1);
      if (!is_column || shape.rank() != in[0].rank())
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("expected inputs of shape [?] or [?, 1], found {} and {}", in[0].to_string(),
                                shape.to_string()));
    }
    return {infer_category_coding(coding, n_bins, in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Values columns;
    std::vector<DType> types;
    for (const Value& x : in) {
      if (is_floating(x.dtype))
        throw Error(ErrorCode::kMismatch, "", "crosses text and whole numbers, but an input holds floats");
      Value column = x;
      if (x.dtype != DType::kString && x.dtype != DType::kInt64)
        column = lowering.raw_op("Cast", "Cast", {x}, DType::kInt64, {{"SrcT", x.dtype}, {"DstT", DType::kInt64}});
      if (x.shape.rank() == 1)
        column =
            lowering.op("ExpandDims", {column, lowering.int_scalar("ExpandDims/dim", 1)}, {{"Tdim", DType::kInt32}});
      types.push_back(column.dtype);
      columns.push_back(column);
    }
    const bool are_texts = std::ranges::all_of(types, [](DType type) { return type == DType::kString; });
    Value crossed = lowering.raw_op("SparseCross", "SparseCross", columns, DType::kInt64,
                                    {{"N", int64_t{0}},
                                     {"hashed_output", true},
                                     {"num_buckets", n_bins},
                                     {"hash_key", kHashKey},
                                     {"sparse_types", graph::EmptyList{}},
                                     {"dense_types", types},
                                     {"out_type", DType::kInt64},
                                     {"internal_type", are_texts ? DType::kString : DType::kInt64}});
    crossed.tensor.index = 1;  // the values, a row's one behind the other's
    const Shape shape = in[0].shape.rank() == 1 ? Shape{kUnknown} : Shape{kUnknown, 1};
    Value bin =
        lowering.op("Reshape", {crossed, lowering.ints("Reshape/shape", shape.sizes())}, {{"Tshape", DType::kInt32}});
    bin.shape = in[0].shape;
    return {lower_category_coding(coding, n_bins, dtype, lowering, bin)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto bin = [columns = in, n = n_bins](const Index& i) {
      uint64_t hash = kHashKey;
      for (const Array& column : columns) {
        const uint64_t own =
            column.is_text() ? fingerprint64(column.text(i)) : static_cast<uint64_t>(static_cast<int64_t>(column[i]));
        hash = concatenated_fingerprints(hash, own);
      }
      return static_cast<int64_t>(hash % static_cast<uint64_t>(n));
    };
    return {category_coding_reference(coding, n_bins, in[0].shape(), bin)};
  }
};

}  // namespace

const LayerSpec layer_hashed_crossing = make_spec<HashedCrossing>("HashedCrossing");

}  // namespace hoarfrost::keras
