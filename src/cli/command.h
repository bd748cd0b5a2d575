// What a command of the program is: a name, what it is for, its options, and the action they lead to. One file per
// command; its line in commands.def declares and registers it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace hoarfrost::cli {

// Runs after the options are parsed; gives the exit status (0 done, 1 failed or does not match).
using Action = std::function<int()>;

struct Command {
  std::string_view name;     // "freeze"
  std::string_view program;  // the name that people have in their scripts, or "": "freeze_graph"
  std::string_view summary;  // one line for --help
  Action (*add_options)(CLI::App& app);
  // Spellings with one dash and several letters (-kj), and the option each stands for: Python's argparse takes them.
  std::vector<std::pair<std::string_view, std::string_view>> one_dash_names = {};
  bool is_shared = false;  // under mpirun its processes share the work
};

#define HOARFROST_COMMAND(file) extern const Command command_##file;
#include "cli/commands.def"
#undef HOARFROST_COMMAND

}  // namespace hoarfrost::cli
