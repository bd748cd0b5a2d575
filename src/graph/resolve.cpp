#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace hoarfrost::graph {
namespace {

// Levenshtein, Soviet Physics Doklady 10 (1966).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "activation_6_1/Softmax" -> "activation_6/Softmax": each path part loses one trailing _N, where it has one.
std::string stem_of(std::string_view name) {
  const size_t slash = name.find('/');
  const std::string_view first = name.substr(0, slash);
  const size_t underscore = first.rfind('_');
  if (underscore == std::string_view::npos || !is_number(first.substr(underscore + 1))) return std::string(name);
  return std::string(first.substr(0, underscore)) +
         std::string(slash == std::string_view::npos ? "" : name.substr(slash));
}

// The last node of a layer's scope: what a person means by the layer's name.
Node* layer_output(const Graph& graph, std::string_view layer) {
  const std::string scope = std::string(layer) + "/";
  Node* last = nullptr;
  for (const auto& node : graph.nodes()) {
    const bool gives_a_value = node->op() != "Const" && node->op() != "VariableV2" && node->op() != "Assign" &&
                               !node->name().ends_with("/read") && node->op() != "VarHandleOp";
    if (node->name().starts_with(scope) && gives_a_value) last = node.get();
  }
  return last;
}

[[noreturn]] void not_found(const Graph& graph, std::string_view name) {
  std::vector<std::string> all;
  std::vector<std::string> outputs;
  for (const auto& node : graph.nodes()) all.push_back(node->name());
  for (const Node* node : terminal_nodes(graph)) {
    if (outputs.size() < 8) outputs.push_back(node->name());
  }
  throw Error(ErrorCode::kInvalidArgument, "",
              fmt::format("{} is not in graph; nearest names: {}; the graph's outputs: {}", name,
                          fmt::join(nearest_names(name, all), ", "),
                          outputs.empty() ? "none" : fmt::format("{}", fmt::join(outputs, ", "))));
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& among, size_t n) {
  std::vector<std::pair<size_t, const std::string*>> ranked;
  for (const auto& candidate : among) ranked.emplace_back(edit_distance(name, candidate), &candidate);
  std::ranges::stable_sort(ranked, {}, [](const auto& pair) { return pair.first; });
  std::vector<std::string> result;
  for (size_t i = 0; i < std::min(n, ranked.size()); ++i) result.push_back(*ranked[i].second);
  return result;
}

Endpoint resolve(const Graph& graph, std::string_view name, std::string* note) {
  std::string_view node_name = name;
  int index = 0;
  const size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && is_number(name.substr(colon + 1))) {
    node_name = name.substr(0, colon);
    std::from_chars(name.data() + colon + 1, name.data() + name.size(), index);
  }
  if (Node* exact = graph.find(node_name)) return {exact, index};
  if (Node* layer = layer_output(graph, node_name)) {
    if (note != nullptr) *note = fmt::format("`{}` is a layer; its output `{}` is taken", name, layer->name());
    return {layer, index};
  }
  const std::string stem = stem_of(node_name);
  Node* by_stem = graph.find(stem);
  if (by_stem == nullptr && stem != node_name) by_stem = layer_output(graph, stem);
  if (by_stem == nullptr) not_found(graph, name);
  if (note != nullptr) *note = fmt::format("the graph has no `{}`; `{}` is taken", name, by_stem->name());
  return {by_stem, index};
}

}  // namespace hoarfrost::graph
