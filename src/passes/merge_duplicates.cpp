#include <fmt/format.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "graph/schedule.h"
#include "passes/edit.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr size_t kHashedBytes = 1 << 20;

// Of large constants the first bytes: those that differ are rarely alike there, so that the rest is read only to be
// sure.
constexpr size_t kHead = 256;

std::string head_of(const Tensor& tensor) {
  if (dtype_size(tensor.dtype()) == 0) {
    std::string text;
    for (const auto& s : tensor.strings()) text += fmt::format("{}:{}", s.size(), s);
    return text;
  }
  std::string bytes(std::min<uint64_t>(tensor.n_bytes(), kHead), '\0');
  if (const FileRange* range = tensor.file_range()) {
    range->file->read(range->offset, std::as_writable_bytes(std::span(bytes)));
  } else if (!bytes.empty()) {
    std::memcpy(bytes.data(), tensor.bytes().data(), bytes.size());
  }
  return bytes;
}

// In blocks, giving the pages of files back.
bool are_equal(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (dtype_size(a.dtype()) == 0) return a.strings() == b.strings();
  if (a.n_bytes() <= kHead) return head_of(a) == head_of(b);
  const auto in_a = a.bytes(), in_b = b.bytes();
  bool is_equal = true;
  for (size_t at = 0; is_equal && at < in_a.size(); at += kHashedBytes) {
    is_equal = std::memcmp(in_a.data() + at, in_b.data() + at, std::min(kHashedBytes, in_a.size() - at)) == 0;
  }
  a.release();
  b.release();
  return is_equal;
}

bool are_equal(const Node& a, const Node& b) {
  if (a.op() != b.op() || a.inputs != b.inputs || a.attributes.size() != b.attributes.size()) return false;
  return std::ranges::equal(a.attributes, b.attributes, [](const auto& left, const auto& right) {
    if (left.first != right.first || left.second.index() != right.second.index()) return false;
    const Tensor* tensor = std::get_if<Tensor>(&left.second);
    if (tensor != nullptr) return are_equal(*tensor, std::get<Tensor>(right.second));
    if (const auto* tensors = std::get_if<std::vector<Tensor>>(&left.second))
      return tensors->empty() && std::get<std::vector<Tensor>>(right.second).empty();
    return std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, std::vector<Tensor>>)
            return false;
          else
            return value == std::get<T>(right.second);
        },
        left.second);
  });
}

// Equal nodes have equal keys.
std::string key_of(const Node& node) {
  std::string key = node.op();
  for (const Endpoint& input : node.inputs)
    key += fmt::format(" {}:{}", static_cast<const void*>(input.node), input.index);
  if (node.op() == "Const") key += fmt::format(" {} {}", node.value().shape().to_string(), head_of(node.value()));
  return key;
}

int merge_duplicates(Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  std::unordered_map<std::string, std::vector<Node*>> kept;
  std::map<Endpoint, Endpoint> replaced;
  const Uses uses(graph);
  int n_merged = 0;
  for (Node* node : graph::topological_order(graph)) {
    for (Endpoint& input : node->inputs) {
      if (const auto found = replaced.find(input); found != replaced.end()) input = found->second;
    }
    if (!is_pure(*node) || !node->control_inputs.empty() || uses.is_held(*node)) continue;
    auto& candidates = kept[key_of(*node)];
    const auto twin = std::ranges::find_if(candidates, [&](const Node* other) { return are_equal(*other, *node); });
    if (twin == candidates.end() || is_output(signature, *node)) {
      candidates.push_back(node);
      continue;
    }
    for (int i = 0; i < graph::most_outputs(*node); ++i) replaced[node->output(i)] = (*twin)->output(i);
    ++n_merged;
  }
  redirect(graph, replaced);
  strip_unused(graph, signature);
  return n_merged;
}

}  // namespace

extern const Pass pass_merge_duplicates;
const Pass pass_merge_duplicates{"merge_duplicates",
                                 "Of nodes that compute the same from the same, and of equal constants, one stays",
                                 true, merge_duplicates};

}  // namespace hoarfrost::passes
