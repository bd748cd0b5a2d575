// Hashing: text, and whole numbers as text, into one of num_bins by its hash: FarmHash's fingerprint, SipHash's under a
// salt. What equals mask_value is in bin 0, which is then no other's. Keras 2.6 to 3.15 (hashing.py); Keras 3 makes
// whole numbers of others first.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/category_coding.h"
#include "keras/hash_bucket.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Hashing {
  int64_t n_bins = 0;
  std::optional<SipKey> salt;
  std::optional<std::string> masked_text;
  std::optional<int64_t> masked_number;
  CategoryCoding coding = CategoryCoding::kInt;
  DType dtype = DType::kInt64;
  bool takes_floats = false;

  static constexpr bool kAutocasts = false;

  static Hashing parse(const Config& config) {
    Hashing layer;
    layer.n_bins = config.get_int({"num_bins"});
    if (layer.n_bins < 1) config.fail(fmt::format("`num_bins` must be 1 or more, found {}", layer.n_bins));
    layer.salt = parse_salt(config);
    layer.coding = parse_category_coding(config, "int");
    layer.takes_floats = config.version().major >= 3;
    const DType dtype = config.dtype();
    const bool is_int = layer.coding == CategoryCoding::kInt;
    layer.dtype = !is_int || dtype == DType::kInt32 || dtype == DType::kInt64 ? dtype : DType::kInt64;
    const Json* mask = config.find({"mask_value"});
    if (mask != nullptr && mask->is_string())
      layer.masked_text = mask->get<std::string>();
    else if (mask != nullptr)
      layer.masked_number = config.get_int({"mask_value"});
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {infer_category_coding(coding, n_bins, in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    check_input(x.dtype);
    Value bin = lower_hash_bucket(lowering, text_of(lowering, x), n_hashed(), salt);
    if (has_mask()) {
      const Value one = lowering.constant("Add/y", Tensor::scalar<int64_t>(1));
      bin = lowering.op("Add", {bin, one});
      const Tensor mask = masked_text ? Tensor({}, std::vector<std::string>{*masked_text})
                                      : Tensor::scalar(*masked_number).cast(x.dtype);
      const Value is_masked =
          lowering.raw_op("Equal", "Equal", {x, lowering.constant("Equal/y", mask)}, DType::kBool, {{"T", x.dtype}});
      const Value zeros = lowering.op("ZerosLike", {bin});
      bin = lowering.raw_op("Select", "Select", {is_masked, zeros, bin}, DType::kInt64, {{"T", DType::kInt64}});
    }
    bin.shape = x.shape;
    return {lower_category_coding(coding, n_bins, dtype, lowering, bin)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto bin = [x = in[0], *this](const Index& i) {
      const int64_t first = has_mask() ? 1 : 0;
      if (x.is_text()) {
        if (has_mask() && x.text(i) == masked_text) return int64_t{0};
        return hash_bucket(x.text(i), n_hashed(), salt) + first;
      }
      if (has_mask() && x[i] == static_cast<double>(masked_number.value_or(0))) return int64_t{0};
      return hash_bucket(std::to_string(static_cast<int64_t>(x[i])), n_hashed(), salt) + first;
    };
    return {category_coding_reference(coding, n_bins, in[0].shape(), bin)};
  }

 private:
  [[nodiscard]] bool has_mask() const { return (masked_text || masked_number) && n_bins > 1; }
  [[nodiscard]] int64_t n_hashed() const { return has_mask() ? n_bins - 1 : n_bins; }

  void check_input(DType type) const {
    const bool is_text = type == DType::kString;
    if (is_floating(type) && !takes_floats)
      throw Error(ErrorCode::kMismatch, "", "hashes text and whole numbers, but its input holds floats");
    if (has_mask() && is_text != masked_text.has_value())
      throw Error(
          ErrorCode::kMismatch, "",
          fmt::format("`mask_value` is {}, but its input holds {}", is_text ? "a number" : "text", dtype_name(type)));
  }

  static Value text_of(Lowering& lowering, Value x) {
    if (x.dtype == DType::kString) return x;
    if (x.dtype != DType::kInt64 && x.dtype != DType::kInt32)
      x = lowering.raw_op("Cast", "Cast", {x}, DType::kInt64, {{"SrcT", x.dtype}, {"DstT", DType::kInt64}});
    return lowering.raw_op("AsString", "AsString", {x}, DType::kString, {{"T", x.dtype}});
  }
};

}  // namespace

const LayerSpec layer_hashing = make_spec<Hashing>("Hashing");

}  // namespace hoarfrost::keras
