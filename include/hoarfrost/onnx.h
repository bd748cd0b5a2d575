// Frozen graphs as ONNX models (https://github.com/onnx/onnx/blob/main/docs/IR.md).
#pragma once

#include <hoarfrost/graph.h>

#include <filesystem>
#include <string>
#include <vector>

namespace hoarfrost::onnx {

constexpr int kFirstOpset = 13;
constexpr int kLastOpset = 18;

struct Options {
  int opset = 17;  // kFirstOpset to kLastOpset
  bool external_data =
      false;  // weights into NAME.onnx.data; without it only where the model would pass protobuf's 2 GiB - 1
  std::string name = "model";
};

struct Written {
  std::vector<std::filesystem::path> files;
  size_t n_nodes = 0;
  uint64_t n_bytes = 0;
};

// Translates and writes. Inputs and outputs keep their names and their layout; convolutions and what belongs to them
// compute channels first, as ONNX has them, with a Transpose only where another layout is needed. Throws
// Error{kUnsupported} naming node and op for what ONNX cannot say, or this does not translate, before anything is
// written; Error{kInvalidArgument} for an opset outside 13 to 18.
Written write_model(const graph::Graph& frozen, const graph::Signature& signature, const std::filesystem::path& path,
                    const Options& options = {});

}  // namespace hoarfrost::onnx
