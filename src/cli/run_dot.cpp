#include <fcntl.h>
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "cli/graphviz.h"

extern char** environ;

namespace hoarfrost::cli {
namespace {

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
