// Rearrange: axes by name, 'b (h p) (w q) c -> b (h w) (p q c)': an axis in parentheses is several, the first the
// slowest; they are taken apart, put in another order, and put together. Keras 3.15: ops/einops.py.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

#include "keras/contraction.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

using Axes = std::vector<std::vector<std::string>>;  // the names within each axis of a tensor

struct Rearrangement {
  Axes from;
  Axes to;
  std::map<std::string, int64_t> lengths;  // that the call gives

  Shapes infer(const Shapes& in) const { return {joined(lengths_in(in.at(0)))}; }

  Values lower(Lowering& lowering, const Values& in) const {
    const auto sizes = lengths_in(in[0].shape);
    Shape apart;
    for (const std::string& name : flat(from)) apart.push_back(sizes.at(name));
    const Value parts = reshaped(lowering, in[0], apart, "Reshape");
    const Value turned = lower_transpose(lowering, parts, order());
    return {reshaped(lowering, turned, joined(sizes), "Reshape_1")};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto sizes = lengths_in(in[0].shape());
    const auto at = [=, x = in[0], what = *this](const Index& o) {
      std::map<std::string, int64_t> position;
      for (int axis = 0; axis < o.rank(); ++axis) {
        int64_t rest = o[axis];
        const auto& names = what.to[static_cast<size_t>(axis)];
        for (auto name = names.rbegin(); name != names.rend(); ++name) {
          position[*name] = rest % sizes.at(*name);
          rest /= sizes.at(*name);
        }
      }
      Index i;
      for (const auto& names : what.from) {
        int64_t place = 0;
        for (const std::string& name : names) place = place * sizes.at(name) + position.at(name);
        i.push_back(place);
      }
      return x[i];
    };
    return {{joined(sizes), at, 0}};
  }

 private:
  static std::vector<std::string> flat(const Axes& axes) {
    std::vector<std::string> result;
    for (const auto& names : axes) result.insert(result.end(), names.begin(), names.end());
    return result;
  }

  [[nodiscard]] std::map<std::string, int64_t> lengths_in(const Shape& x) const {
    if (x.rank() != static_cast<int>(from.size()))
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("a pattern of {} axes does not fit {}", from.size(), x.to_string()));
    std::map<std::string, int64_t> result = lengths;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const auto& names = from[static_cast<size_t>(axis)];
      int64_t known = 1;
      const std::string* open = nullptr;
      for (const std::string& name : names) {
        const bool is_told = result.contains(name) && names.size() > 1;
        if (is_told) known *= result.at(name);
        if (!is_told && open != nullptr)
          throw Error(ErrorCode::kMismatch, "", fmt::format("the sizes of `{}` and `{}` are not told", *open, name));
        if (!is_told) open = &name;
      }
      if (x[axis] != kUnknown && (known < 1 || x[axis] % known != 0 || (open == nullptr && x[axis] != known)))
        throw Error(ErrorCode::kMismatch, "", fmt::format("an axis of {} is no product of {}", x[axis], known));
      if (open != nullptr) result[*open] = x[axis] == kUnknown ? kUnknown : x[axis] / known;
    }
    return result;
  }

  [[nodiscard]] Shape joined(const std::map<std::string, int64_t>& sizes) const {
    Shape result;
    for (const auto& names : to) {
      int64_t size = 1;
      for (const std::string& name : names)
        size = size == kUnknown || sizes.at(name) == kUnknown ? kUnknown : size * sizes.at(name);
      result.push_back(size);
    }
    return result;
  }

  [[nodiscard]] std::vector<int64_t> order() const {
    const std::vector<std::string> before = flat(from);
    std::vector<int64_t> result;
    for (const std::string& name : flat(to)) result.push_back(std::ranges::find(before, name) - before.begin());
    return result;
  }

  static Value reshaped(Lowering& lowering, const Value& x, const Shape& shape, const std::string& name) {
    if (std::ranges::count(shape.sizes(), kUnknown) > 1)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("rearranging {} is not converted where more than one size is unknown; give --input-shape",
                              x.shape.to_string()));
    std::vector<int64_t> sizes = shape.sizes();
    std::ranges::replace(sizes, kUnknown, int64_t{-1});
    Value result =
        lowering.named_op(name, "Reshape", {x, lowering.ints(name + "/shape", sizes)}, {{"Tshape", DType::kInt32}});
    result.shape = shape;
    return result;
  }
};

Axes parse_axes(const Config& config, std::string_view text) {
  Axes result;
  bool is_within = false;
  for (size_t i = 0; i < text.size();) {
    const auto is_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    size_t end = i;
    while (end < text.size() && is_name(text[end])) ++end;
    if (end > i) {
      if (!is_within) result.emplace_back();
      result.back().emplace_back(text.substr(i, end - i));
      i = end;
      continue;
    }
    const char c = text[i++];
    if (c == '(' && !is_within) {
      result.emplace_back();
      is_within = true;
    } else if (c == ')' && is_within) {
      is_within = false;
    } else if (c != ' ') {
      config.unsupported(fmt::format("a pattern with `{}` is not converted", c));
    }
  }
  return result;
}

std::shared_ptr<const Layer> parse_rearrangement(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"tensor"});
  const std::string pattern = call.text(1, {"pattern"}, "");
  const size_t arrow = pattern.find("->");
  if (arrow == std::string::npos) call.config().fail(fmt::format("the pattern `{}` has no ->", pattern));
  Rearrangement result{parse_axes(call.config(), std::string_view(pattern).substr(0, arrow)),
                       parse_axes(call.config(), std::string_view(pattern).substr(arrow + 2)),
                       {}};
  std::vector<std::string> before, behind;
  for (const auto& names : result.from) before.insert(before.end(), names.begin(), names.end());
  for (const auto& names : result.to) behind.insert(behind.end(), names.begin(), names.end());
  for (const std::string& name : before) {
    if (const auto length = call.integer(9, {name})) result.lengths[name] = *length;
  }
  std::ranges::sort(before);
  std::ranges::sort(behind);
  if (before != behind || std::ranges::adjacent_find(before) != before.end())
    call.config().unsupported(fmt::format("the pattern `{}` does not have each axis once on either side", pattern));
  return make_operation(std::move(result));
}

}  // namespace

std::span<const OperationSpec> rearrangement_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Rearrange", "", parse_rearrangement},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
