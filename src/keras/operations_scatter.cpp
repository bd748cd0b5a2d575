// Operations that take and put slices by the places of several axes at once. TensorFlow 2.15's gather_nd and
// scatter_nd, Keras 3.15's Scatter.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/sizes.h"

namespace hoarfrost::keras {
namespace {

Value whole(Lowering& lowering, const Value& indices) {
  const bool is_whole = indices.dtype == DType::kInt32 || indices.dtype == DType::kInt64;
  return is_whole ? indices : cast_to(lowering, indices, DType::kInt32);
}

int64_t depth_of(const Shape& indices, int rank) {
  if (indices.rank() < 1 || indices.last() == kUnknown || indices.last() > rank)
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("indices of {} into a tensor of {} axes are not converted", indices.to_string(), rank));
  return indices.last();
}

// indices[…, k] name slices x[i0, …, ik-1].
struct GatherNd {
  Shapes infer(const Shapes& in) const {
    const int64_t depth = depth_of(in.at(1), in.at(0).rank());
    Shape out;
    for (int axis = 0; axis < in[1].rank() - 1; ++axis) out.push_back(in[1][axis]);
    for (int axis = static_cast<int>(depth); axis < in[0].rank(); ++axis) out.push_back(in[0][axis]);
    return {out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value indices = whole(lowering, in[1]);
    return {lowering.raw_op("GatherNd", "GatherNd", {in[0], indices}, in[0].dtype,
                            {{"Tparams", in[0].dtype}, {"Tindices", indices.dtype}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], indices = in[1]](const Index& o) {
      const int n_outer = indices.shape().rank() - 1;
      Index which, place;
      for (int axis = 0; axis < n_outer; ++axis) which.push_back(o[axis]);
      which.push_back(0);
      for (int64_t k = 0; k < indices.size(-1); ++k) place.push_back(static_cast<int64_t>(indices[which.with(-1, k)]));
      for (int axis = n_outer; axis < o.rank(); ++axis) place.push_back(o[axis]);
      return x[place];
    };
    return {{infer({in[0].shape(), in[1].shape()})[0], at, 0}};
  }
};
std::shared_ptr<const Layer> parse_gather_nd(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"params"});
  call.operand(1, {"indices"});
  if (call.integer(2, {"batch_dims"}).value_or(0) != 0)
    call.config().unsupported("gather_nd with batch_dims is not converted; tf.gather with them is");
  return make_operation(GatherNd{});
}

// Updates at the places that indices name, in zeros; those of one place are added up.
struct ScatterNd {
  Sizes sizes;  // empty: the third operand is the whole shape
  bool is_by_tensor = false;

  Shapes infer(const Shapes& in) const {
    if (is_by_tensor) {
      if (in.at(2).rank() != 1 || in[2][0] == kUnknown || in[2][0] > 8)
        throw Error(ErrorCode::kUnsupported, "",
                    fmt::format("scatter_nd to a shape of {} is not converted", in[2].to_string()));
      // The axes behind those that the indices name are the updates'.
      Shape out(std::vector<int64_t>(static_cast<size_t>(in[2][0]), kUnknown));
      const int depth = static_cast<int>(depth_of(in.at(0), out.rank()));
      for (int axis = depth; axis < out.rank(); ++axis) {
        const int own = axis - depth + in[0].rank() - 1;
        if (own < in.at(1).rank()) out[axis] = in[1][own];
      }
      return {out};
    }
    (void)depth_of(in.at(0), static_cast<int>(sizes.size()));
    return {shape_of_sizes(sizes)};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value indices = whole(lowering, in[0]);
    Value shape = is_by_tensor ? in[2] : lower_sizes(lowering, sizes, in, 2, "ScatterNd/shape");
    if (shape.dtype != indices.dtype) shape = cast_to(lowering, shape, indices.dtype);
    return {lowering.raw_op("ScatterNd", "ScatterNd", {indices, in[1], shape}, in[1].dtype,
                            {{"T", in[1].dtype}, {"Tindices", indices.dtype}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    Shape out;
    for (int64_t i = 0; is_by_tensor && i < in.at(2).size(0); ++i)
      out.push_back(static_cast<int64_t>(in[2].at_offset(i)));
    if (!is_by_tensor) out = known_sizes(sizes, in, 2);
    const int64_t depth = depth_of(in[0].shape(), out.rank());
    const int64_t n = depth > 0 ? in[0].shape().n_elements() / depth : 0;
    const auto at = [=, indices = in[0], updates = in[1]](const Index& o) {
      int64_t row = 0, n_row = 1;
      for (int axis = static_cast<int>(depth); axis < o.rank(); ++axis) {
        row = row * out[axis] + o[axis];
        n_row *= out[axis];
      }
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) {
        bool is_here = true;
        for (int64_t k = 0; is_here && k < depth; ++k)
          is_here = static_cast<int64_t>(indices.at_offset(i * depth + k)) == o[static_cast<int>(k)];
        if (is_here) sum += updates.at_offset(i * n_row + row);
      }
      return sum;
    };
    return {{out, at, static_cast<double>(n)}};
  }
};
std::shared_ptr<const Layer> parse_scatter_nd(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"indices"});
  call.operand(1, {"updates", "values"});
  const size_t position = call.is_keras3() ? 9 : 2;
  const Json* shape = call.find(position, {"shape"});
  if (shape != nullptr && shape->is_object() && shape->contains("tensor")) {
    call.add(*shape);
    return make_operation(ScatterNd{{}, true});
  }
  return make_operation(ScatterNd{parse_sizes(call, position, {"shape"}), false});
}

}  // namespace

std::span<const OperationSpec> scatter_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"GatherNd", "gather_nd compat.v1.gather_nd", parse_gather_nd},
      {"Scatter", "scatter_nd compat.v1.scatter_nd", parse_scatter_nd},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
