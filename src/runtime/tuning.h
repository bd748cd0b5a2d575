// What compiling found out by the clock, kept so that the next program, or the next process, need not try again.
#pragma once

#include <hoarfrost/graph.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace hoarfrost::runtime {

class Tuning {
 public:
  Tuning() = default;
  // With what an earlier process kept in `file`, when that was for the same fingerprint. An absent file is an empty
  // one. Throws Error{kInvalidArgument} for a file that no Tuning wrote: it would be overwritten.
  Tuning(std::filesystem::path file, std::string fingerprint);

  [[nodiscard]] std::optional<std::string> find(const std::string& key) const;
  void keep(const std::string& key, const std::string& value);
  // What was decided under this key, or what `decide` says now: so that programs that must agree do.
  bool decided(const std::string& key, const std::function<bool()>& decide);
  // Writes the file, when there is one and something is new. Throws Error{kIo}.
  void write();

 private:
  std::filesystem::path file_;
  std::string fingerprint_;
  std::map<std::string, std::string> choices_;
  bool is_new_ = false;
};

// One line that changes with whatever may change a choice: the processor, oneDNN, the graph's nodes, its constants
// (shapes and ends; a network trained further keeps its choices only if both ends of every constant stayed).
std::string fingerprint_of(const graph::Graph& graph);

}  // namespace hoarfrost::runtime
