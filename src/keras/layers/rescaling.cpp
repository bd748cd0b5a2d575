// Rescaling: y = x · scale + offset, each a number or one per channel. Keras 2.3 to 3.15.
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Rescaling {
  std::vector<double> scale{1};
  std::vector<double> offset{0};
  DType dtype = DType::kFloat32;
  bool passes_mask = false;  // Keras 3

  static Rescaling parse(const Config& config) {
    return {numbers(config, "scale", {}), numbers(config, "offset", 0.0), config.dtype(), config.version().major >= 3};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    for (const auto* factor : {&scale, &offset}) {
      if (factor->size() != 1 && in[0].last() != kUnknown && in[0].last() != static_cast<int64_t>(factor->size())) {
        throw Error(ErrorCode::kMismatch, "",
                    "scale or offset has another length than the last axis of " + in[0].to_string());
      }
    }
    return in;
  }

  // Keras 2.15: rescaling/Cast/x and Cast_1/x are scale and offset in the layer's type.
  Values lower(Lowering& lowering, const Values& in) const {
    Value x = in[0];
    if (x.dtype != dtype) x = lowering.raw_op("Cast", "Cast", {x}, dtype, {{"SrcT", x.dtype}, {"DstT", dtype}});
    x = lowering.named_op("mul", "Mul", {x, constant(lowering, "Cast/x", scale)});
    return {lowering.named_op("add", "Add", {x, constant(lowering, "Cast_1/x", offset)})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], a = scale, b = offset](const Index& o) {
      const size_t channel = static_cast<size_t>(o[-1]);
      return x[o] * a[a.size() == 1 ? 0 : channel] + b[b.size() == 1 ? 0 : channel];
    };
    return {{in[0].shape(), at, 1}};
  }

 private:
  static std::vector<double> numbers(const Config& config, std::string_view key, std::optional<double> fallback) {
    const Json* json = config.find({key});
    // NumPy arrays: {"class_name": "__numpy__", "config": {"value": [...]}}, or {"type": "ndarray", "value": [...]}.
    if (json != nullptr && json->is_object() && json->contains("config")) json = &json->at("config");
    if (json != nullptr && json->is_object() && json->contains("value")) json = &json->at("value");
    if (json == nullptr || !json->is_array()) return {config.get_float({key}, fallback)};
    std::vector<double> result;
    for (const Json& element : *json) {
      if (!element.is_number())
        config.fail(std::string(key) + " must be a number or a list of numbers, found " + json->dump());
      result.push_back(element.get<double>());
    }
    if (result.empty()) config.fail(std::string(key) + " is an empty list");
    return result;
  }

  Value constant(Lowering& lowering, std::string_view name, const std::vector<double>& values) const {
    const Tensor tensor = values.size() == 1 ? Tensor::scalar(values[0]) : Tensor::vector(values);
    return lowering.constant(name, tensor.cast(dtype));
  }
};

}  // namespace

const LayerSpec layer_rescaling = make_spec<Rescaling>("Rescaling");

}  // namespace hoarfrost::keras
