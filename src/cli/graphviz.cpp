#include "cli/graphviz.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "ops/op.h"

extern char** environ;

namespace hoarfrost::cli {
namespace {

using graph::Endpoint;
using graph::Node;

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    if (c == '\n')
      result += "\\n";
    else
      result.push_back(c);
  }
  return result + "\"";
}

// By what an op is for; the colours of many viewers of networks.
const char* colour_of(const std::string& op) {
  static const std::map<std::string_view, const char*> kColours = {
      {"Conv", "#4878a8"},      {"Depthwise", "#4878a8"},      {"MatMul", "#4878a8"},  {"BatchMatMul", "#4878a8"},
      {"Einsum", "#4878a8"},    {"FusedBatchNorm", "#5a8f5a"}, {"Relu", "#a05050"},    {"Elu", "#a05050"},
      {"Selu", "#a05050"},      {"Sigmoid", "#a05050"},        {"Tanh", "#a05050"},    {"Softmax", "#a05050"},
      {"Softplus", "#a05050"},  {"MaxPool", "#6a8a48"},        {"AvgPool", "#6a8a48"}, {"Reshape", "#86603c"},
      {"Transpose", "#86603c"}, {"Concat", "#7a5c94"},         {"Pad", "#7a5c94"},     {"Placeholder", "#505050"},
      {"Const", "#8c8c8c"}};
  for (const auto& [prefix, colour] : kColours) {
    if (op.starts_with(prefix)) return colour;
  }
  return "#606b78";
}

// Name scopes as a tree: a scope of one node is no box.
struct Scope {
  std::map<std::string, std::unique_ptr<Scope>> inner;
  std::vector<const Node*> nodes;
  [[nodiscard]] size_t size() const {
    size_t n = nodes.size();
    for (const auto& [name, scope] : inner) n += scope->size();
    return n;
  }
};

class Drawing {
 public:
  Drawing(const graph::Graph& graph, const DrawOptions& options) : graph_(graph), options_(options) {
    try {
      known_ = ops::infer(graph);
    } catch (const Error&) {
      known_.clear();  // a graph with ops that are not known is drawn without shapes
    }
    for (const auto& node : graph.nodes()) {
      for (const Endpoint& input : node->inputs) used_.insert(input.node);
    }
  }

  std::string draw() {
    text_ = "digraph hoarfrost {\n  rankdir=" + std::string(options_.horizontal ? "LR" : "TB") +
            ";\n  graph [fontname=\"Helvetica\", fontsize=11, color=\"#b0b8c0\", style=rounded];\n"
            "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=10, fontcolor=white, "
            "penwidth=0];\n"
            "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#505860\"];\n";
    Scope root;
    for (const auto& node : graph_.nodes()) {
      if (is_hidden(*node)) continue;
      Scope* scope = &root;
      std::string_view rest = node->name();
      for (size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
        auto& inner = scope->inner[std::string(rest.substr(0, slash))];
        if (inner == nullptr) inner = std::make_unique<Scope>();
        scope = inner.get();
        rest.remove_prefix(slash + 1);
      }
      scope->nodes.push_back(node.get());
    }
    write(root, "", 1, "");
    for (const auto& node : graph_.nodes()) write_edges(*node);
    return text_ + "}\n";
  }

 private:
  // A constant, or what only passes one on (a frozen variable's reading).
  [[nodiscard]] static const Node* constant_of(const Node& node) {
    const Node* found = &node;
    while (found->op() == "Identity" && found->inputs.size() == 1) found = found->inputs[0].node;
    return found->op() == "Const" ? found : nullptr;
  }

  [[nodiscard]] bool is_hidden(const Node& node) const {
    return !options_.constants && constant_of(node) != nullptr && (used_.contains(&node) || node.op() == "Const");
  }

  // `layer` is the name of a scope that has one node and so no box to stand on.
  void write(const Scope& scope, const std::string& path, int depth, const std::string& layer) {
    const std::string indent(static_cast<size_t>(depth) * 2, ' ');
    for (const Node* node : scope.nodes) write_node(*node, indent, layer);
    for (const auto& [name, inner] : scope.inner) {
      const std::string full = path.empty() ? name : path + "/" + name;
      const bool is_box = inner->size() > 1;
      if (is_box)
        text_ += fmt::format("{}subgraph {} {{\n{}  label={};\n", indent, in_quotes("cluster_" + full), indent,
                             in_quotes(name));
      write(*inner, full, depth + (is_box ? 1 : 0), is_box ? "" : full);
      if (is_box) text_ += indent + "}\n";
    }
  }

  void write_node(const Node& node, const std::string& indent, const std::string& layer) {
    std::string label = node.op() + (layer.empty() ? "" : "\n" + layer);
    const size_t slash = node.name().rfind('/');
    const std::string last = slash == std::string::npos ? node.name() : node.name().substr(slash + 1);
    if (!last.starts_with(node.op())) label += "\n" + last;
    if (!options_.constants) {
      for (const Endpoint& input : node.inputs) {
        if (const Node* constant = constant_of(*input.node)) label += "\n" + constant->value().shape().to_string();
      }
    }
    text_ += fmt::format("{}{} [label={}, tooltip={}, fillcolor=\"{}\"];\n", indent, in_quotes(node.name()),
                         in_quotes(label), in_quotes(node.name()), colour_of(node.op()));
  }

  void write_edges(const Node& node) {
    if (is_hidden(node)) return;
    for (const Endpoint& input : node.inputs) {
      if (is_hidden(*input.node)) continue;
      const auto found = known_.find(input);
      const std::string label =
          found == known_.end() ? "" : fmt::format(" [label={}]", in_quotes(found->second.shape.to_string()));
      text_ += fmt::format("  {} -> {}{};\n", in_quotes(input.node->name()), in_quotes(node.name()), label);
    }
    for (const Node* control : node.control_inputs) {
      if (!is_hidden(*control))
        text_ += fmt::format("  {} -> {} [style=dashed];\n", in_quotes(control->name()), in_quotes(node.name()));
    }
  }

  const graph::Graph& graph_;
  const DrawOptions& options_;
  ops::KnownMap known_;
  std::set<const Node*> used_;
  std::string text_;
};

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};
using TemporaryFile = std::unique_ptr<FILE, CloseFile>;

TemporaryFile open_temporary() {
  TemporaryFile file(std::tmpfile());
  if (file == nullptr) throw Error(ErrorCode::kIo, "", "no temporary file can be made for Graphviz");
  return file;
}

std::string content_of(FILE* file) {
  std::string text;
  std::rewind(file);
  char block[65536];
  for (size_t n = std::fread(block, 1, sizeof(block), file); n > 0; n = std::fread(block, 1, sizeof(block), file))
    text.append(block, n);
  return text;
}

}  // namespace

std::string to_dot(const graph::Graph& graph, const DrawOptions& options) { return Drawing(graph, options).draw(); }

std::string run_dot(const std::string& source, const std::string& format) {
  const TemporaryFile input = open_temporary();
  const TemporaryFile output = open_temporary();
  const TemporaryFile errors = open_temporary();
  if (std::fwrite(source.data(), 1, source.size(), input.get()) != source.size() || std::fflush(input.get()) != 0)
    throw Error(ErrorCode::kIo, "", "the graph cannot be handed to Graphviz: the disk is full");
  std::rewind(input.get());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(input.get()), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(output.get()), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors.get()), STDERR_FILENO);
  std::string program = "dot";
  std::string argument = "-T" + format;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  pid_t process = 0;
  const int failed = posix_spawnp(&process, "dot", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw Error(ErrorCode::kUnsupported, "",
                "drawing needs Graphviz' `dot`, which is not installed (Debian: apt-get install graphviz); -o NAME.dot "
                "writes what it would draw");
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string said = content_of(errors.get());
    throw Error(
        ErrorCode::kIo, "",
        fmt::format("Graphviz' `dot` failed: {}", said.empty() ? "it said nothing" : said.substr(0, said.find('\n'))));
  }
  return content_of(output.get());
}

}  // namespace hoarfrost::cli
