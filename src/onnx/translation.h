// From one TensorFlow node to ONNX' nodes. Each family of ops is one file with a table of functions; translations.def
// names the files.
//
// ONNX convolves channels first (NCHW). A value may be known in TensorFlow's layout, channels first, or both: functions
// ask for the one that they need, and a Transpose is made only when it is not there. So a chain of convolutions,
// activations and pooling has none between its first and its last node.
#pragma once

#include <hoarfrost/graph.h>

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "onnx/model.h"
#include "ops/op.h"

namespace hoarfrost::onnx {

class Translation {
 public:
  Translation(const graph::Graph& graph, const graph::Signature& signature, int opset);

  // All nodes that the outputs need. Throws Error{kUnsupported} naming the node and its op.
  ModelText run(const std::string& name);

  [[nodiscard]] int opset() const { return model_.opset; }
  [[nodiscard]] const ops::Known& known(graph::Endpoint endpoint) const;
  [[nodiscard]] Shape shape(graph::Endpoint endpoint) const { return known(endpoint).shape; }
  // The constant that the endpoint is, also behind Identity nodes; nullptr otherwise.
  [[nodiscard]] const Tensor* constant(graph::Endpoint endpoint) const;
  // Its elements as int64. Throws Error{kUnsupported} when it is no constant: `what` names it for people.
  [[nodiscard]] std::vector<int64_t> integers(graph::Endpoint endpoint, std::string_view what) const;

  // The value's ONNX name in TensorFlow's layout.
  std::string value(graph::Endpoint endpoint);
  // The same channels first: [N, H, W, C] as [N, C, H, W], for any rank of 3 and more.
  std::string channels_first(graph::Endpoint endpoint);
  // Whether it is known channels first alone, so that its users had better compute so too.
  [[nodiscard]] bool is_channels_first(graph::Endpoint endpoint) const;
  std::string as_int64(graph::Endpoint endpoint);

  // A constant with this value, or a new one with these integers (int64).
  std::string initializer(const std::string& name, const Tensor& tensor);
  std::string integers_initializer(const std::vector<int64_t>& values);
  std::string scalar(DType dtype, double value);

  // A node that gives the endpoint, in TensorFlow's layout or channels first.
  void emit(graph::Endpoint output, const std::string& op, std::vector<std::string> inputs, Attributes attributes = {});
  void emit_channels_first(graph::Endpoint output, const std::string& op, std::vector<std::string> inputs,
                           Attributes attributes = {});
  // A node in between, whose output's name is given back.
  std::string step(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {});
  std::vector<std::string> steps(const std::string& op, std::vector<std::string> inputs, size_t n_outputs,
                                 Attributes attributes = {});
  // The endpoint is what this ONNX value is.
  void is(graph::Endpoint output, const std::string& value) { plain_[output] = value; }
  // The endpoint is another endpoint.
  void alias(graph::Endpoint output, graph::Endpoint input);

 private:
  void fold_quantized_weights();
  void translate(graph::Node& node);
  void finish_outputs();
  std::string unique(const std::string& name);

  const graph::Graph& graph_;
  const graph::Signature& signature_;
  ops::KnownMap known_;
  ModelText model_;
  const graph::Node* current_ = nullptr;
  std::map<graph::Endpoint, std::string> plain_;
  std::map<graph::Endpoint, std::string> first_;
  std::map<graph::Endpoint, graph::Endpoint> aliases_;
  std::map<std::vector<int64_t>, std::string> integer_lists_;
  std::set<std::string> names_;
};

struct OpTranslation {
  std::string_view op;
  void (*translate)(Translation& t, graph::Node& node);
};

#define HOARFROST_ONNX(family) std::span<const OpTranslation> family##_translations();
#include "onnx/translations.def"
#undef HOARFROST_ONNX

// The position of an axis of an NHWC tensor in NCHW: 0, then the spatial ones one later, the last at 1.
int64_t axis_channels_first(int64_t axis, int rank);
// The elements with the axes in this order.
Tensor transposed(const Tensor& tensor, const std::vector<int64_t>& order);
std::vector<int64_t> order_channels_first(int rank);
std::vector<int64_t> order_channels_last(int rank);
// "NOT_IN_ONNX": for what no function says.
[[noreturn]] void refuse(const graph::Node& node, std::string_view why);

}  // namespace hoarfrost::onnx
