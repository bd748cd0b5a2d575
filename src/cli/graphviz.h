// A graph as Graphviz' language, and Graphviz run as a process of its own.
#pragma once

#include <hoarfrost/graph.h>

#include <filesystem>
#include <string>

namespace hoarfrost::cli {

struct DrawOptions {
  bool constants = false;  // constants as boxes of their own, and the Identity behind each
  bool horizontal = false;
};

// The graph in dot's language: nodes in boxes by name scope, shapes on the edges (where the ops say them).
std::string to_dot(const graph::Graph& graph, const DrawOptions& options);

// The same with a box for each layer: the outermost name scope that holds nodes itself, or one further out where there
// would be more than a thousand. `n_boxes` says how many they are.
std::string layers_to_dot(const graph::Graph& graph, const DrawOptions& options, size_t& n_boxes);

// More than a thousand nodes: Graphviz takes minutes for them, and nobody sees anything.
bool is_too_large_to_draw(const graph::Graph& graph, const DrawOptions& options);

// What `dot -TFORMAT` makes of it. Throws Error{kUnsupported} where Graphviz is not installed, Error{kIo} with its own
// words where it fails.
std::string run_dot(const std::string& source, const std::string& format);

}  // namespace hoarfrost::cli
