// Some functions of each element as one operation: what fuse/elementwise.cpp finds and kernels/elementwise.cpp runs,
// some hundred elements through all of them before the next, so that only the first and the last touch memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hoarfrost::runtime {

enum class ElementFunction : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kSquaredDifference,
  // Of the first operand alone.
  kNeg,
  kSquare,
  kRelu,
  kSigmoid,
  kTanh,
  kErf
};

// Of TensorFlow's op of that name; nullopt where it is none of these.
std::optional<ElementFunction> element_function(std::string_view op);

// How an input lies along the output, which is seen as [rows, columns], columns being its last axis.
enum class ElementOperand : uint8_t { kFull, kRow, kColumn, kScalar };

struct ElementStep {
  ElementFunction function;
  int a = 0;  // what a step before gave, or of the operation's inputs i as -1 - i
  int b = 0;
};

struct Elementwise {
  static constexpr size_t kMostSteps = 16;
  std::vector<ElementOperand> inputs;
  std::vector<ElementStep> steps;  // the last one gives the output
};

}  // namespace hoarfrost::runtime
