// Sparsemax: the nearest point to x on the simplex of distributions along an axis (Martins and Astudillo 2016).
// TensorFlow Addons 0.23.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <numeric>

#include "keras/activations.h"
#include "keras/contraction.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Sparsemax {
  static constexpr bool kPassesMask = true;
  int64_t axis = -1;
  Activation along_last;

  static Sparsemax parse(const Config& config) {
    return {config.get_int({"axis"}, -1), Activation::named("Addons>sparsemax", config.version(), config)};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    (void)swapped(in[0].rank());
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const std::vector<int64_t> order = swapped(in[0].shape.rank());
    Value x = lower_transpose(lowering, in[0], order);
    x.shape = permuted(in[0].shape, order);
    return {lower_transpose(lowering, along_last.lower(lowering, x), order, "transpose_1")};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> order = swapped(in[0].shape().rank());
    const auto turned = [order](const Index& o) {
      Index result = o;
      for (int a = 0; a < o.rank(); ++a) result[a] = o[static_cast<int>(order[static_cast<size_t>(a)])];
      return result;
    };
    const Formula last = along_last.reference(
        {permuted(in[0].shape(), order), [x = in[0], turned](const Index& o) { return x[turned(o)]; }, 0});
    return {{in[0].shape(), [at = last.at, turned](const Index& o) { return at(turned(o)); }, last.cost}};
  }

 private:
  // The axis and the last one change places.
  [[nodiscard]] std::vector<int64_t> swapped(int rank) const {
    if (axis < -rank || axis >= rank)
      throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of the input's {}", axis, rank));
    std::vector<int64_t> order(static_cast<size_t>(rank));
    std::iota(order.begin(), order.end(), int64_t{0});
    std::swap(order[static_cast<size_t>(axis < 0 ? axis + rank : axis)], order.back());
    return order;
  }
  static Shape permuted(const Shape& shape, const std::vector<int64_t>& order) {
    Shape result;
    for (const int64_t a : order) result.push_back(shape[static_cast<int>(a)]);
    return result;
  }
};

}  // namespace

const LayerSpec layer_sparsemax = make_spec<Sparsemax>("Addons>Sparsemax");

}  // namespace hoarfrost::keras
