// Images of other sizes. TensorFlow's three ways to lay the pixels over each other are ONNX'
// coordinate_transformation_mode.
#include "onnx/translation.h"

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

void resize(Translation& t, Node& node) {
  const bool is_nearest = node.op() == "ResizeNearestNeighbor";
  const bool is_half = node.get_or<bool>("half_pixel_centers", false);
  const bool is_aligned = node.get_or<bool>("align_corners", false);
  if (t.known(node.input(0)).dtype != DType::kFloat32) refuse(node, "an image that is not float32");
  Attributes attributes{{"mode", std::string(is_nearest ? "nearest" : "linear")},
                        {"coordinate_transformation_mode", std::string(is_aligned ? "align_corners"
                                                                       : is_half  ? "half_pixel"
                                                                                  : "asymmetric")}};
  // TensorFlow's nearest of half pixels is floor((i + 0.5) * scale), which is ONNX' coordinate rounded up at the
  // middle.
  if (is_nearest) attributes["nearest_mode"] = std::string(is_half || is_aligned ? "round_prefer_ceil" : "floor");
  const std::string image = t.channels_first(node.input(0));
  const std::string size = t.as_int64(node.input(1));
  const std::string before =
      t.step("Slice", {t.step("Shape", {image}), t.integers_initializer({0}), t.integers_initializer({2})});
  t.emit_channels_first(node.output(), "Resize",
                        {image, "", "", t.step("Concat", {before, size}, {{"axis", int64_t{0}}})}, attributes);
}

constexpr OpTranslation kOps[] = {{"ResizeNearestNeighbor", resize}, {"ResizeBilinear", resize}};

}  // namespace

std::span<const OpTranslation> resizing_translations() { return kOps; }

}  // namespace hoarfrost::onnx
