#include "cli/examples.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::cli {
namespace {

// Where they were installed, else where the program was built.
std::filesystem::path folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed = program.parent_path().parent_path() / "share/hoarfrost/examples";
  return std::filesystem::is_directory(installed, error) ? installed : std::filesystem::path(HOARFROST_EXAMPLES);
}

}  // namespace

std::filesystem::path embedded_examples(const Shape& shape) {
  if (shape == Shape{32, 32, 3}) return folder() / "cifar10/data/test_batch.bin";
  if (shape == Shape{28, 28, 1}) return folder() / "sign_language/data/sign_mnist_test.csv";
  throw Error(
      ErrorCode::kInvalidArgument, "--dataset",
      fmt::format("no example data for inputs of shape {}; name a CSV, CIFAR binary or .npz file", shape.to_string()));
}

}  // namespace hoarfrost::cli
