// An ONNX model in memory, as far as it is written: nodes in order, constants, inputs and outputs.
#pragma once

#include <hoarfrost/file.h>
#include <hoarfrost/tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace hoarfrost::onnx {

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor>;
using Attributes = std::map<std::string, Attribute>;

struct NodeText {
  std::string op;
  std::string name;
  std::vector<std::string> inputs;  // "" for an optional one that is not given
  std::vector<std::string> outputs;
  Attributes attributes;
};

struct ValueText {
  std::string name;
  DType dtype;
  Shape shape;
};

struct ModelText {
  std::string name;
  int opset = 0;
  std::vector<NodeText> nodes;
  std::vector<std::pair<std::string, Tensor>> initializers;
  std::vector<ValueText> inputs;
  std::vector<ValueText> outputs;
};

// ONNX' number of the type. Throws Error{kUnsupported}.
int element_type(DType dtype);

// Writes the model, and NAME.data with the constants' bytes beside it when asked or when they do not fit. Returns the
// paths.
std::vector<std::filesystem::path> write(const ModelText& model, const std::filesystem::path& path, bool external_data);

}  // namespace hoarfrost::onnx
