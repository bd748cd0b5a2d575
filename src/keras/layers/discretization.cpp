// Discretization: the number of the bin that a value lies in, b boundaries making b + 1 bins; a boundary belongs to the
// bin above it. Keras 2.6 to 3.15 (TensorFlow's Bucketize, over float32 boundaries: not a number lies in the last bin).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/category_coding.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Discretization {
  std::vector<float> boundaries;
  CategoryCoding coding = CategoryCoding::kInt;
  DType dtype = DType::kInt64;

  static Discretization parse(const Config& config) {
    config.ignore({"num_bins", "epsilon"});
    Discretization layer;
    layer.coding = parse_category_coding(config, "int");
    layer.dtype = config.has("dtype")                    ? config.dtype()
                  : layer.coding == CategoryCoding::kInt ? DType::kInt64
                                                         : DType::kFloat32;
    const Json* boundaries = config.find({"bin_boundaries"});
    if (boundaries == nullptr)
      config.unsupported(
          "its bins were adapted to data, and bin_boundaries are not in the file: give them to the layer by hand");
    if (!boundaries->is_array()) config.fail("`bin_boundaries` must be a list of numbers");
    for (const Json& boundary : *boundaries) {
      if (!boundary.is_number()) config.fail("`bin_boundaries` must be a list of numbers, found " + boundary.dump());
      layer.boundaries.push_back(boundary.get<float>());
    }
    if (!std::ranges::is_sorted(layer.boundaries)) config.fail("`bin_boundaries` must be in ascending order");
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {infer_category_coding(coding, depth(), in[0])};
  }

  // The sum over the boundaries of what is not below them.
  Values lower(Lowering& lowering, const Values& in) const {
    Value x = in[0];
    if (x.dtype != DType::kFloat32)
      x = lowering.raw_op("Cast", "Cast", {x}, DType::kFloat32, {{"SrcT", x.dtype}, {"DstT", DType::kFloat32}});
    const int last = in[0].shape.rank();
    x = lowering.op("ExpandDims", {x, lowering.int_scalar("ExpandDims/dim", last)}, {{"Tdim", DType::kInt32}});
    const Value limits = lowering.constant("Less/y", Tensor::vector(boundaries));
    Value is_above = lowering.raw_op("Less", "Less", {x, limits}, DType::kBool, {{"T", DType::kFloat32}});
    is_above = lowering.raw_op("LogicalNot", "LogicalNot", {is_above}, DType::kBool, {});
    const Value ones =
        lowering.raw_op("Cast", "Cast", {is_above}, DType::kInt32, {{"SrcT", DType::kBool}, {"DstT", DType::kInt32}});
    Value bin = lowering.op("Sum", {ones, lowering.ints("Sum/reduction_indices", {last})},
                            {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    bin.shape = in[0].shape;
    return {lower_category_coding(coding, depth(), dtype, lowering, bin)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto bin = [x = in[0], limits = boundaries](const Index& i) {
      return std::ranges::upper_bound(limits, static_cast<float>(x[i])) - limits.begin();
    };
    return {category_coding_reference(coding, depth(), in[0].shape(), bin)};
  }

 private:
  int64_t depth() const { return static_cast<int64_t>(boundaries.size()) + 1; }
};

}  // namespace

const LayerSpec layer_discretization = make_spec<Discretization>("Discretization");

}  // namespace hoarfrost::keras
