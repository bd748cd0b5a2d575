// Cropping1D, 2D, 3D: the spatial axes of [batch, space…, channels] without their ends. Keras 1.2 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/layers/borders.h"
#include "keras/layers/data_format.h"
#include "keras/layers/registry.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

struct Cropping {
  std::vector<Border> cropping;

  static Cropping parse(const Config& config) {
    expect_channels_last(config);
    return {parse_borders(config, "cropping")};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], static_cast<int>(cropping.size()) + 2);
    Shape out = in[0];
    for (size_t i = 0; i < cropping.size(); ++i) {
      int64_t& size = out[static_cast<int>(i) + 1];
      if (size == kUnknown) continue;
      size -= cropping[i].before + cropping[i].after;
      if (size <= 0) throw Error(ErrorCode::kMismatch, "", fmt::format("cropping leaves nothing of the input {}", in[0].to_string()));
    }
    return {out};
  }

  // An end is counted from the last, so that unknown sizes need no arithmetic.
  Values lower(Lowering& lowering, const Values& in) const {
    const size_t rank = cropping.size() + 2;
    Slicing slicing{.begin = std::vector<int64_t>(rank, 0), .end = std::vector<int64_t>(rank, 0)};
    slicing.begin_mask = slicing.end_mask = 1 | int64_t{1} << (rank - 1);
    for (size_t i = 0; i < cropping.size(); ++i) {
      slicing.begin[i + 1] = cropping[i].before;
      slicing.end[i + 1] = -cropping[i].after;
      if (cropping[i].after == 0) slicing.end_mask |= int64_t{1} << (i + 1);
    }
    return {strided_slice(lowering, in[0], slicing)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], borders = cropping](const Index& o) {
      Index i = o;
      for (size_t axis = 0; axis < borders.size(); ++axis) i[static_cast<int>(axis) + 1] += borders[axis].before;
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }
};

}  // namespace

const LayerSpec layer_cropping = make_spec<Cropping>("Cropping1D", "Cropping2D", "Cropping3D");

}  // namespace hoarfrost::keras
