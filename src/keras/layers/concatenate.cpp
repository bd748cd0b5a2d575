// Concatenate: the inputs one after the other along an axis, by default the last. Keras 2.0 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <iterator>

#include "keras/layers/registry.h"
#include "keras/mask_versions.h"
#include "keras/merge.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

struct Concatenate {
  int axis = -1;
  Version version;

  static Concatenate parse(const Config& config) {
    return {static_cast<int>(config.get_int({"axis", "concat_axis"}, -1)), config.version()};
  }

  Shapes infer(const Shapes& in) const {
    if (in.empty()) throw Error(ErrorCode::kMismatch, "", "expected one or more inputs, found none");
    Shape out = in[0];
    const int joined = static_cast<int>(out.normalized(axis));
    for (size_t i = 1; i < in.size(); ++i) {
      expect_rank(in[i], out.rank());
      for (int a = 0; a < out.rank(); ++a) {
        if (a == joined) {
          out[a] = out[a] == kUnknown || in[i][a] == kUnknown ? kUnknown : out[a] + in[i][a];
        } else if (out[a] == kUnknown) {
          out[a] = in[i][a];
        } else if (in[i][a] != kUnknown && in[i][a] != out[a]) {
          throw Error(ErrorCode::kMismatch, "",
                      fmt::format("inputs to be joined along axis {} differ in another: {} and {}", joined,
                                  in[0].to_string(), in[i].to_string()));
        }
      }
    }
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (in.size() == 1) return in;
    Value result = join(lowering, in, "concat", axis, in[0].dtype);
    result.mask = mask(lowering, in);
    return {result};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shapes shapes = shapes_of(in);
    const auto at = [x = in, joined = axis](const Index& o) {
      Index i = o;
      size_t part = 0;
      while (i[joined] >= x[part].size(joined)) i[joined] -= x[part++].size(joined);
      return x[part][i];
    };
    return {{infer(shapes)[0], at, 0}};
  }

 private:
  static Value everywhere(Lowering& lowering, const Value& mask) {
    const Value other = lowering.raw_op("LogicalNot", "LogicalNot", {mask}, DType::kBool, {});
    return lowering.raw_op("LogicalOr", "LogicalOr", {mask, other}, DType::kBool, {});
  }
  static Value join(Lowering& lowering, const Values& in, std::string_view name, int along, DType dtype) {
    Values inputs = in;
    inputs.push_back(lowering.int_scalar(fmt::format("{}/axis", name), along));
    return lowering.raw_op(name, "ConcatV2", inputs, dtype,
                           {{"T", dtype}, {"N", static_cast<int64_t>(in.size())}, {"Tidx", DType::kInt32}});
  }

  // Keras' compute_mask: along time the masks are joined too; along features a step counts where all masks say so, in
  // Keras 3.4 and later where one does, as an input without a mask does everywhere.
  graph::Endpoint mask(Lowering& lowering, const Values& in) const {
    const size_t n_masked = static_cast<size_t>(std::ranges::count_if(in, [](const Value& x) { return bool(x.mask); }));
    if (n_masked == 0) return {};
    if (in[0].shape.normalized(axis) != 1 || in[0].shape.rank() == 2) {
      if (!unites_masks(version)) return merged_mask(lowering, in, version);
      Values masked;
      std::ranges::copy_if(in, std::back_inserter(masked), [](const Value& x) { return bool(x.mask); });
      const graph::Endpoint either = merged_mask(lowering, masked, version);
      return n_masked == in.size() ? either : everywhere(lowering, {either, DType::kBool}).tensor;
    }
    if (n_masked < in.size()) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(),
                  "inputs with and without a mask are joined along time; mask all of them or none");
    }
    Values masks;
    for (const Value& x : in) masks.push_back({x.mask, DType::kBool});
    return join(lowering, masks, "concat", 1, DType::kBool).tensor;
  }
};

}  // namespace

const LayerSpec layer_concatenate = make_spec<Concatenate>("Concatenate");

}  // namespace hoarfrost::keras
