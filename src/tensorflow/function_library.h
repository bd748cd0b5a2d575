// The functions of a graph (tensorflow.FunctionDefLibrary): what If, While and PartitionedCall call.
#pragma once

#include <hoarfrost/graph.h>

#include <string>
#include <string_view>
#include <unordered_map>

#include "tensorflow/proto/graph.pb.h"

namespace hoarfrost::tensorflow {

// Which inputs of an op are handed to which functions.
struct CallingOp {
  std::string_view op;
  int first_argument;                       // the first input that is an argument
  std::string_view types;                   // the attribute with the arguments' types
  std::vector<std::string_view> functions;  // the attributes that name functions; of lists ("branches") each
};
// nullptr for an op that calls none.
const CallingOp* calling_op(std::string_view op);

class FunctionLibrary {
 public:
  // Throws Error{kCorrupt}: no FunctionDefLibrary, or two functions of one name.
  explicit FunctionLibrary(const std::string& serialized);
  // nullptr where it has none of this name.
  [[nodiscard]] proto::FunctionDef* find(std::string_view name) const;
  // Throws Error{kCorrupt} that names it.
  [[nodiscard]] proto::FunctionDef& get(std::string_view name) const;
  [[nodiscard]] proto::FunctionDefLibrary& message() const { return *message_; }

 private:
  std::shared_ptr<proto::FunctionDefLibrary> message_;
  std::unordered_map<std::string_view, proto::FunctionDef*> by_name_;
};

// "node:argument:2" within a function: the node, and which of its outputs. Functions name outputs by the op's own
// words.
struct FunctionInput {
  std::string_view node;      // or an argument of the function
  std::string_view argument;  // empty for one of the function's own
  int index = 0;
};
// Throws Error{kCorrupt}.
FunctionInput parse_function_input(std::string_view input);

// The number of the output within its node. Throws Error{kCorrupt} for an output that the op has not.
int output_index(const graph::Node& node, const FunctionInput& input, const FunctionLibrary& library);

}  // namespace hoarfrost::tensorflow
