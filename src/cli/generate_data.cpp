// hoarfrost generate-data: images to try training on, in CIFAR-10's and Sign Language MNIST's own formats.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/numbers.h"
#include "data/generated.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  std::string kind;
  std::filesystem::path folder;
  int64_t n_examples = 0;  // 0: the kind's own number
  uint64_t seed = 1;
};

int run(const Options& options) {
  const bool is_cifar = options.kind == "cifar10";
  const int64_t n_train = options.n_examples != 0 ? options.n_examples
                          : is_cifar              ? data::kGeneratedPictures
                                                  : data::kGeneratedHands;
  const int64_t n_test = std::max<int64_t>(n_train / 5, 1);
  const auto write = is_cifar ? data::write_generated_cifar10 : data::write_generated_sign_language;
  try {
    write(options.folder, n_train, n_test, options.seed);
  } catch (Error& error) {
    if (error.code() == ErrorCode::kInvalidArgument) error.within("--examples");
    throw;
  }
  fmt::print("{} examples to train on and {} to test on in {}\n", n_train, n_test, options.folder.string());
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option(
         "KIND", options->kind,
         "cifar10: ten kinds of patterns, 32x32 pixels in colour, which a convolutional network learns and a linear "
         "model does not; sign-language: hands, 28x28 grey pixels, 24 classes")
      ->required()
      ->check(CLI::Validator(
          [](const std::string& kind) {
            const bool is_known = kind == "cifar10" || kind == "sign-language";
            return is_known ? std::string() : fmt::format("expected cifar10 or sign-language, found `{}`", kind);
          },
          "KIND"));
  app.add_option("FOLDER", options->folder, "Where to write the files, named as the real sets name theirs")->required();
  app.add_option(
         "--examples", options->n_examples,
         "Examples to train on; a fifth of them to test on besides (default: 20000 of cifar10, 12000 of sign-language)")
      ->check(kPositive);
  app.add_option("--seed", options->seed, "Another seed, other images; the same seed, the same bytes")
      ->capture_default_str();
  app.footer(
      "Example:\n  hoarfrost generate-data cifar10 data/\n"
      "  hoarfrost evaluate frozen.pb --data data/");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_generate_data{
    "generate-data", "", "Images to try training on, in CIFAR-10's and Sign Language MNIST's formats", add_options};

}  // namespace hoarfrost::cli
