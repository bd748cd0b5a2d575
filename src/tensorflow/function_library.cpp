#include "tensorflow/function_library.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <charconv>

#include "tensorflow/attribute.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

struct OpOutputs {
  std::string_view op;
  std::string_view outputs;
};

// Sorted by op.
constexpr OpOutputs kOutputs[] = {
#define HOARFROST_OP_OUTPUTS(op, outputs) {#op, outputs},
#include "tensorflow/op_outputs.def"
#undef HOARFROST_OP_OUTPUTS
};

// How many tensors a list has: the attribute is that number, or their types.
int length_of(const graph::Node& node, std::string_view key) {
  constexpr int64_t kMost = 1 << 16;
  const auto found = node.attributes.find(std::string(key));
  if (found != node.attributes.end()) {
    if (const auto* n = std::get_if<int64_t>(&found->second))
      return static_cast<int>(std::clamp<int64_t>(*n, 0, kMost));
    if (const auto* types = std::get_if<std::vector<DType>>(&found->second)) return static_cast<int>(types->size());
  }
  return 0;
}

// The position of `argument` among comma-separated "name" and "name*length" entries.
int position_among(const graph::Node& node, std::string_view outputs, std::string_view argument) {
  int position = 0;
  while (!outputs.empty()) {
    const std::string_view entry = outputs.substr(0, outputs.find(','));
    outputs.remove_prefix(std::min(entry.size() + 1, outputs.size()));
    const size_t star = std::min(entry.find('*'), entry.size());
    if (entry.substr(0, star) == argument) return position;
    position += star == entry.size() ? 1 : length_of(node, entry.substr(star + 1));
  }
  corrupt(fmt::format("node `{}`: {} has no output `{}`", node.name(), node.op(), argument));
}

}  // namespace

const CallingOp* calling_op(std::string_view op) {
  static const CallingOp kOps[] = {
      {"PartitionedCall", 0, "Tin", {"f"}},
      {"StatefulPartitionedCall", 0, "Tin", {"f"}},
      {"If", 1, "Tin", {"then_branch", "else_branch"}},
      {"StatelessIf", 1, "Tin", {"then_branch", "else_branch"}},
      {"Case", 1, "Tin", {"branches"}},
      {"StatelessCase", 1, "Tin", {"branches"}},
      {"While", 0, "T", {"cond", "body"}},
      {"StatelessWhile", 0, "T", {"cond", "body"}},
  };
  const auto* found = std::ranges::find(kOps, op, &CallingOp::op);
  return found == std::end(kOps) ? nullptr : found;
}

FunctionLibrary::FunctionLibrary(const std::string& serialized)
    : message_(std::make_shared<proto::FunctionDefLibrary>()) {
  if (!deserialize(*message_, serialized)) corrupt("the graph's function library is no FunctionDefLibrary");
  for (auto& function : *message_->mutable_function()) {
    if (!by_name_.emplace(function.signature().name(), &function).second)
      corrupt(fmt::format("two functions are named `{}`", function.signature().name()));
  }
}

proto::FunctionDef* FunctionLibrary::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

proto::FunctionDef& FunctionLibrary::get(std::string_view name) const {
  proto::FunctionDef* function = find(name);
  if (function == nullptr) corrupt(fmt::format("the function `{}` is not in the graph's library", name));
  return *function;
}

FunctionInput parse_function_input(std::string_view input) {
  FunctionInput result;
  const size_t first = std::min(input.find(':'), input.size());
  result.node = input.substr(0, first);
  if (first == input.size()) return result;
  std::string_view rest = input.substr(first + 1);
  const size_t second = std::min(rest.find(':'), rest.size());
  result.argument = rest.substr(0, second);
  if (second < rest.size()) {
    const auto number = rest.substr(second + 1);
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), result.index);
    if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || result.index < 0)
      corrupt(fmt::format("`{}` is no output's name", input));
  }
  if (result.node.empty() || result.argument.empty()) corrupt(fmt::format("`{}` is no output's name", input));
  return result;
}

int output_index(const graph::Node& node, const FunctionInput& input, const FunctionLibrary& library) {
  if (const proto::FunctionDef* function = library.find(node.op())) {  // a function called by its name
    int position = 0;
    for (const auto& argument : function->signature().output_arg()) {
      if (argument.name() == input.argument) return position + input.index;
      ++position;
    }
    corrupt(fmt::format("node `{}`: the function `{}` has no output `{}`", node.name(), node.op(), input.argument));
  }
  const auto* row = std::ranges::lower_bound(kOutputs, std::string_view(node.op()), {}, &OpOutputs::op);
  if (row == std::end(kOutputs) || row->op != node.op()) return input.index;  // one output, or one list of them
  return position_among(node, row->outputs, input.argument) + input.index;
}

}  // namespace hoarfrost::tensorflow
