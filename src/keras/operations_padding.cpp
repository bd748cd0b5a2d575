// Padding: elements before and after each axis, of one value or mirrored. NumPy's pad as Keras 3.15 and TensorFlow 2.15
// have it.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

enum class PadMode { kConstant, kReflect, kSymmetric };

struct Pad {
  std::vector<std::pair<int64_t, int64_t>> given;  // before and after each axis; one pair for all of them
  PadMode mode;
  double value;

  Shapes infer(const Shapes& in) const {
    Shape out;
    const auto widths = widths_for(in.at(0).rank());
    for (int axis = 0; axis < in[0].rank(); ++axis) {
      const auto [before, after] = widths[static_cast<size_t>(axis)];
      const int64_t most = mode == PadMode::kReflect ? in[0][axis] - 1 : in[0][axis];
      if (mode != PadMode::kConstant && in[0][axis] != kUnknown && std::max(before, after) > most)
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("cannot mirror {} elements of axis {} of {}", std::max(before, after), axis,
                                in[0].to_string()));
      out.push_back(in[0][axis] == kUnknown ? kUnknown : in[0][axis] + before + after);
    }
    return {out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    std::vector<int32_t> flat;
    for (const auto& [before, after] : widths_for(in[0].shape.rank()))
      flat.insert(flat.end(), {static_cast<int32_t>(before), static_cast<int32_t>(after)});
    const Value paddings =
        lowering.constant("Pad/paddings", Tensor::of<int32_t>({in[0].shape.rank(), 2}, std::span<const int32_t>(flat)));
    if (mode != PadMode::kConstant) {
      return {lowering.op(
          "MirrorPad", {in[0], paddings},
          {{"Tpaddings", DType::kInt32}, {"mode", std::string(mode == PadMode::kReflect ? "REFLECT" : "SYMMETRIC")}})};
    }
    if (value == 0) return {lowering.op("Pad", {in[0], paddings}, {{"Tpaddings", DType::kInt32}})};
    return {lowering.op("PadV2", {in[0], paddings, lowering.scalar("PadV2/constant_values", value, in[0])},
                        {{"Tpaddings", DType::kInt32}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], widths = widths_for(in[0].shape().rank()), pad = *this](const Index& o) {
      Index i = o;
      for (int axis = 0; axis < o.rank(); ++axis) {
        const int64_t n = x.size(axis);
        int64_t position = o[axis] - widths[static_cast<size_t>(axis)].first;
        if (pad.mode == PadMode::kConstant && (position < 0 || position >= n)) return pad.value;
        const int64_t edge = pad.mode == PadMode::kReflect ? 0 : 1;
        if (position < 0) position = -position - edge;
        if (position >= n) position = 2 * n - 2 + edge - position;
        i[axis] = position;
      }
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }

 private:
  [[nodiscard]] std::vector<std::pair<int64_t, int64_t>> widths_for(int rank) const {
    if (given.size() == 1) return std::vector(static_cast<size_t>(rank), given[0]);
    if (static_cast<int>(given.size()) != rank)
      throw Error(ErrorCode::kMismatch, "", fmt::format("{} paddings for {} axes", given.size(), rank));
    return given;
  }
};

// 2, (1, 2), or ((1, 2), (0, 1), …).
std::vector<std::pair<int64_t, int64_t>> parse_widths(const Config& config, const Json* json) {
  std::vector<std::pair<int64_t, int64_t>> result;
  const auto number = [&](const Json& value) {
    if (!value.is_number_integer() || value.get<int64_t>() < 0 || value.get<int64_t>() > (int64_t{1} << 30))
      config.unsupported(fmt::format("a padding of {} is not converted", value.dump().substr(0, 60)));
    return value.get<int64_t>();
  };
  const auto pair = [&](const Json& value) {
    if (!value.is_array() || value.size() != 2)
      config.unsupported(fmt::format("paddings of {} are not converted", value.dump().substr(0, 60)));
    result.emplace_back(number(value[0]), number(value[1]));
  };
  if (json == nullptr) config.fail("pad does not say by how much");
  if (json->is_number())
    result.emplace_back(number(*json), number(*json));
  else if (json->is_array() && !json->empty() && json->front().is_array())
    std::ranges::for_each(*json, pair);
  else
    pair(*json);
  return result;
}

std::shared_ptr<const Layer> parse_pad(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "tensor"});
  Pad pad{parse_widths(call.config(), call.find(call.is_keras3() ? 9 : 1, {"pad_width", "paddings"})),
          PadMode::kConstant, 0};
  std::string mode = call.text(call.is_keras3() ? 9 : 2, {"mode"}, "constant");
  std::ranges::transform(mode, mode.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (mode == "reflect")
    pad.mode = PadMode::kReflect;
  else if (mode == "symmetric")
    pad.mode = PadMode::kSymmetric;
  else if (mode != "constant")
    call.config().unsupported(
        fmt::format("pad of mode {} is not converted; constant, reflect and symmetric are", mode));
  pad.value = call.number(call.is_keras3() ? 1 : 3, {"constant_values"}).value_or(0);
  return make_operation(pad);
}

}  // namespace

std::span<const OperationSpec> padding_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Pad", "pad compat.v1.pad", parse_pad},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
