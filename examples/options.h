// The options of both train_save programs.
#pragma once

#include <hoarfrost/error.h>

#include <cstdint>
#include <filesystem>
#include <string>

struct Options {
  std::filesystem::path data{};        // --data: the data set's folder; none: docs/training.md
  std::filesystem::path output = ".";  // --output: gets method1, method2 and method3
  int64_t epochs;                      // --epochs
  int64_t batch_size;                  // -b, --batchsize
};

inline Options parse(int argc, char** argv, Options options) {
  const auto refuse = [](const std::string& name) {
    throw hoarfrost::Error(hoarfrost::ErrorCode::kInvalidArgument, name,
                           "expected --data FOLDER, --output FOLDER, --epochs N, --batchsize N");
  };
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) refuse(name);
    const std::string value = argv[i + 1];
    if (name == "--data")
      options.data = value;
    else if (name == "--output")
      options.output = value;
    else if (name == "--epochs")
      options.epochs = std::atoll(value.c_str());
    else if (name == "-b" || name == "--batchsize")
      options.batch_size = std::atoll(value.c_str());
    else
      refuse(name);
  }
  return options;
}
