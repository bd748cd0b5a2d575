// The program: finds the command, runs it, and turns every failure into one line on stderr and an exit status.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>
#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <new>
#include <tuple>
#include <vector>

#include "cli/command.h"
#include "distributed/group.h"

namespace hoarfrost::cli {
namespace {

constexpr std::string_view kVersion = HOARFROST_VERSION;
constexpr std::string_view kAbout =
    "Hoarfrost turns a Keras model into one frozen TensorFlow graph, proves that the two are the same function, and "
    "says how\n"
    "accurate the frozen one is. Without Python, without TensorFlow.\n\n"
    "Start with:  hoarfrost freeze model.h5 -o frozen.pb";
constexpr std::string_view kFooter =
    "`hoarfrost COMMAND --help` teaches each command. Exit status: 0 done, 1 failed or does not match, 2 wrong usage, "
    "3 not supported.";

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kNotSupported = 3;

std::vector<const Command*> commands() {
  return {
#define HOARFROST_COMMAND(file) &command_##file,
#include "cli/commands.def"
#undef HOARFROST_COMMAND
  };
}

int status_of(const Error& error) { return error.code() == ErrorCode::kUnsupported ? kNotSupported : kFailed; }

int say(std::string_view message, int status) {
  fmt::print(stderr, "hoarfrost: {}\n", message);
  return status;
}

// Every process of mpirun makes the same mistake; one says it. The others end as if nothing were wrong, for mpirun
// kills all at the first that fails, also the one that has not said why yet; the job's status is that one's.
int say_once(std::string_view message, int status) {
  return distributed::rank_by_environment() == 0 ? say(message, status) : 0;
}

int run_action(const Command& command, const Action& action) {
  if (distributed::size_by_environment() > 1 && !command.is_shared)
    return say_once(
        fmt::format(
            "`hoarfrost {}` works in one process; mpirun can share out `hoarfrost evaluate` and `hoarfrost train`",
            command.name),
        kWrongUsage);
  try {
    return action();
  } catch (const distributed::ToldByAnother&) {
    return 0;  // as in say_once
  } catch (const Error& error) {
    return say(error.what(), status_of(error));
  } catch (const CLI::ParseError&) {
    throw;
  } catch (const std::bad_alloc&) {
    return say("the memory of this machine does not suffice for this input", kFailed);
  } catch (const std::exception& error) {
    return say(error.what(), kFailed);
  }
}

// argv with `-kj x` and `-kj=x` as `--keras_json x`.
std::vector<std::string> spelled_out(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  for (std::string& argument : arguments) {
    for (const Command* command : commands()) {
      for (const auto& [from, to] : command->one_dash_names) {
        const bool is_it = argument == from || argument.starts_with(std::string(from) + "=");
        if (is_it) argument = std::string(to) + argument.substr(from.size());
      }
    }
  }
  return arguments;
}

// CLI11 takes a word that is no command for one that is missing.
std::string command_wanted(int argc, char** argv) {
  std::vector<std::string> names;
  for (const Command* command : commands()) names.emplace_back(command->name);
  if (argc < 2) return "give a command, such as `hoarfrost freeze model.h5 -o frozen.pb`";
  return fmt::format("expected a command, found `{}`; nearest: `{}`", argv[1],
                     graph::nearest_names(argv[1], names, 1).front());
}

int parse_and_run(CLI::App& app, const std::function<int()>& chosen, int argc, char** argv) {
  try {
    auto arguments = spelled_out(argc, argv);
    std::ranges::reverse(arguments);  // as CLI11 takes a vector
    app.parse(std::move(arguments));
    return chosen();
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::string command;
    for (const CLI::App* sub : app.get_subcommands()) command = " " + sub->get_name();
    const bool has_command = app.get_require_subcommand_min() == 0 || !command.empty();
    return say_once(fmt::format("{}; see `{}{} --help`", has_command ? error.what() : command_wanted(argc, argv),
                                app.get_name(), command),
                    kWrongUsage);
  }
}

int run_program(const Command& command, int argc, char** argv) {
  CLI::App app(std::string(command.summary), std::string(command.program));
  const Action action = command.add_options(app);
  return parse_and_run(
      app, [&] { return run_action(command, action); }, argc, argv);
}

int run(int argc, char** argv) {
  const std::string program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "hoarfrost";
  for (const Command* command : commands()) {
    if (!command->program.empty() && command->program == program) return run_program(*command, argc, argv);
  }
  CLI::App app(std::string(kAbout), "hoarfrost");
  app.footer(std::string(kFooter));
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(1);
  std::vector<std::tuple<CLI::App*, const Command*, Action>> actions;
  for (const Command* command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->summary));
    actions.emplace_back(sub, command, command->add_options(*sub));
  }
  const auto chosen = [&] {
    for (const auto& [sub, command, action] : actions) {
      if (sub->parsed()) return run_action(*command, action);
    }
    return kWrongUsage;
  };
  return parse_and_run(app, chosen, argc, argv);
}

}  // namespace
}  // namespace hoarfrost::cli

int main(int argc, char** argv) {
  // Batches come and go: memory given back to the system each time would be mapped page by page each time, which took a
  // tenth of an evaluation.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk, with nothing left behind
  return hoarfrost::cli::run(argc, argv);
}
