#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <cctype>

namespace hoarfrost::passes {
namespace {

// TensorFlow's rule for a node's name: [A-Za-z0-9.][A-Za-z0-9_.\\/>-]*
bool is_node_name(std::string_view name) {
  const auto is_first = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.'; };
  const auto is_later = [&](char c) {
    return is_first(c) || std::string_view("_\\/>-").find(c) != std::string_view::npos;
  };
  return !name.empty() && is_first(name[0]) && std::ranges::all_of(name.substr(1), is_later);
}

}  // namespace

void rename(graph::Graph& graph, std::string_view old_and_new) {
  const size_t equals = old_and_new.find('=');
  if (equals == std::string_view::npos) {
    throw Error(ErrorCode::kInvalidArgument, "", fmt::format("expected OLD=NEW, found `{}`", old_and_new));
  }
  const std::string_view name = old_and_new.substr(equals + 1);
  if (!is_node_name(name)) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("`{}` cannot be a node's name: a letter, digit or dot, then also _ - / \\ >", name));
  }
  graph.rename(*graph::resolve(graph, old_and_new.substr(0, equals)).node, std::string(name));
}

}  // namespace hoarfrost::passes
