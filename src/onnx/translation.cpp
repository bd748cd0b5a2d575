#include "onnx/translation.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/onnx.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

const OpTranslation* find(std::string_view op) {
  static const auto* const kAll = [] {
    auto* all = new std::unordered_map<std::string_view, const OpTranslation*>();
#define HOARFROST_ONNX(family) \
  for (const auto& each : family##_translations()) all->emplace(each.op, &each);
#include "onnx/translations.def"
#undef HOARFROST_ONNX
    return all;
  }();
  const auto found = kAll->find(op);
  return found == kAll->end() ? nullptr : found->second;
}

// ONNX's Conv, ConvTranspose and pools take bfloat16 from opset 22 on only.
bool is_without_bfloat16(const std::string& op) {
  static const std::set<std::string> kOps = {"Conv2D",
                                             "Conv3D",
                                             "DepthwiseConv2dNative",
                                             "Conv2DBackpropInput",
                                             "Conv3DBackpropInputV2",
                                             "MaxPool",
                                             "AvgPool",
                                             "MaxPool3D",
                                             "AvgPool3D"};
  return kOps.contains(op);
}

}  // namespace

void refuse(const Node& node, std::string_view why) {
  throw Error(ErrorCode::kUnsupported, "", fmt::format("{}: {}", node.op(), why));
}

int64_t axis_channels_first(int64_t axis, int rank) {
  if (axis == 0) return 0;
  return axis == rank - 1 ? 1 : axis + 1;
}

std::vector<int64_t> order_channels_first(int rank) {
  std::vector<int64_t> order = {0, rank - 1};
  for (int64_t axis = 1; axis < rank - 1; ++axis) order.push_back(axis);
  return order;
}

std::vector<int64_t> order_channels_last(int rank) {
  std::vector<int64_t> order = {0};
  for (int64_t axis = 2; axis < rank; ++axis) order.push_back(axis);
  order.push_back(1);
  return order;
}

Tensor transposed(const Tensor& tensor, const std::vector<int64_t>& order) {
  const auto rank = order.size();
  const size_t n_bytes = dtype_size(tensor.dtype());
  std::vector<int64_t> sizes;
  std::vector<size_t> strides(rank);
  std::vector<size_t> of_source(rank, 1);
  for (size_t axis = rank; axis-- > 1;)
    of_source[axis - 1] = of_source[axis] * static_cast<size_t>(tensor.shape()[static_cast<int>(axis)]);
  for (size_t axis = 0; axis < rank; ++axis) {
    sizes.push_back(tensor.shape()[static_cast<int>(order[axis])]);
    strides[axis] = of_source[static_cast<size_t>(order[axis])];
  }
  Tensor result(tensor.dtype(), Shape(sizes));
  const auto source = tensor.bytes();
  const auto target = result.mutable_bytes();
  std::vector<int64_t> index(rank, 0);
  size_t place = 0;
  for (size_t done = 0; done < target.size(); done += n_bytes) {
    std::memcpy(target.data() + done, source.data() + place * n_bytes, n_bytes);
    for (size_t axis = rank; axis-- > 0;) {
      place += strides[axis];
      if (++index[axis] < sizes[axis]) break;
      place -= strides[axis] * static_cast<size_t>(sizes[axis]);
      index[axis] = 0;
    }
  }
  return result;
}

Translation::Translation(const graph::Graph& graph, const graph::Signature& signature, int opset)
    : graph_(graph), signature_(signature), known_(ops::infer(graph)) {
  model_.opset = opset;
  fold_quantized_weights();
}

const ops::Known& Translation::known(Endpoint endpoint) const { return known_.at(endpoint); }

const Tensor* Translation::constant(Endpoint endpoint) const {
  while (endpoint.node->op() == "Identity" && endpoint.node->inputs.size() == 1) endpoint = endpoint.node->inputs[0];
  if (endpoint.node->op() == "Const") return &endpoint.node->value();
  const auto found = known_.find(endpoint);
  return found == known_.end() || found->second.value.dtype() == DType::kInvalid ? nullptr : &found->second.value;
}

std::vector<int64_t> Translation::integers(Endpoint endpoint, std::string_view what) const {
  const Tensor* tensor = constant(endpoint);
  if (tensor == nullptr)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("its {} is computed; ONNX needs a constant", what));
  if (tensor->dtype() == DType::kInt64) {
    const auto values = tensor->values<int64_t>();
    return {values.begin(), values.end()};
  }
  if (tensor->dtype() != DType::kInt32)
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("its {} is {}; expected int32 or int64", what, dtype_name(tensor->dtype())));
  const auto values = tensor->values<int32_t>();
  return {values.begin(), values.end()};
}

std::string Translation::unique(const std::string& name) {
  std::string result = name;
  for (int i = 1; !names_.insert(result).second; ++i) result = fmt::format("{}__{}", name, i);
  return result;
}

std::string Translation::initializer(const std::string& name, const Tensor& tensor) {
  (void)element_type(tensor.dtype());
  const std::string result = unique(name);
  model_.initializers.emplace_back(result, tensor);
  return result;
}

std::string Translation::integers_initializer(const std::vector<int64_t>& values) {
  auto& name = integer_lists_[values];
  if (!name.empty()) return name;
  Tensor tensor(DType::kInt64, {static_cast<int64_t>(values.size())});
  std::ranges::copy(values, tensor.mutable_values<int64_t>().begin());
  name = initializer("integers", tensor);
  return name;
}

std::string Translation::scalar(DType dtype, double value) {
  switch (dtype) {
    case DType::kFloat32:
      return initializer("scalar", Tensor::scalar<float>(static_cast<float>(value)));
    case DType::kFloat64:
      return initializer("scalar", Tensor::scalar<double>(value));
    case DType::kInt32:
      return initializer("scalar", Tensor::scalar<int32_t>(static_cast<int32_t>(value)));
    case DType::kInt64:
      return initializer("scalar", Tensor::scalar<int64_t>(static_cast<int64_t>(value)));
    default:
      return step("Cast", {initializer("scalar", Tensor::scalar<float>(static_cast<float>(value)))},
                  {{"to", int64_t{element_type(dtype)}}});
  }
}

std::string Translation::value(Endpoint endpoint) {
  if (const auto found = plain_.find(endpoint); found != plain_.end()) return found->second;
  if (const auto found = aliases_.find(endpoint); found != aliases_.end()) return value(found->second);
  if (const auto found = first_.find(endpoint); found != first_.end()) {
    const std::string name = unique(endpoint.name());
    model_.nodes.push_back({"Transpose",
                            name + "/transpose",
                            {found->second},
                            {name},
                            {{"perm", order_channels_last(shape(endpoint).rank())}}});
    return plain_[endpoint] = name;
  }
  if (const Tensor* tensor = constant(endpoint)) return plain_[endpoint] = initializer(endpoint.name(), *tensor);
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("it needs `{}` ({}), which ONNX cannot say by itself", endpoint.name(), endpoint.node->op()));
}

std::string Translation::channels_first(Endpoint endpoint) {
  if (const auto found = first_.find(endpoint); found != first_.end()) return found->second;
  if (const auto found = aliases_.find(endpoint); found != aliases_.end()) return channels_first(found->second);
  const int rank = shape(endpoint).rank();
  if (!shape(endpoint).has_rank() || rank < 3)
    throw Error(ErrorCode::kUnsupported, "", "expected an input of rank 3 or more");
  if (const Tensor* tensor = constant(endpoint))
    return first_[endpoint] = initializer(endpoint.name() + "__nchw", transposed(*tensor, order_channels_first(rank)));
  const std::string source = value(endpoint);
  const std::string name = unique(endpoint.name() + "__nchw");
  model_.nodes.push_back({"Transpose", name + "/transpose", {source}, {name}, {{"perm", order_channels_first(rank)}}});
  return first_[endpoint] = name;
}

bool Translation::is_channels_first(Endpoint endpoint) const {
  if (const auto found = aliases_.find(endpoint); found != aliases_.end()) return is_channels_first(found->second);
  return first_.contains(endpoint) && !plain_.contains(endpoint) && constant(endpoint) == nullptr;
}

std::string Translation::as_int64(Endpoint endpoint) {
  if (constant(endpoint) != nullptr && shape(endpoint).rank() == 1)
    return integers_initializer(integers(endpoint, "size"));
  const std::string name = value(endpoint);
  return known(endpoint).dtype == DType::kInt64 ? name
                                                : step("Cast", {name}, {{"to", int64_t{element_type(DType::kInt64)}}});
}

void Translation::emit(Endpoint output, const std::string& op, std::vector<std::string> inputs, Attributes attributes) {
  const std::string name = unique(output.name());
  model_.nodes.push_back({op, name, std::move(inputs), {name}, std::move(attributes)});
  plain_[output] = name;
}

void Translation::emit_channels_first(Endpoint output, const std::string& op, std::vector<std::string> inputs,
                                      Attributes attributes) {
  const std::string name = unique(output.name() + "__nchw");
  model_.nodes.push_back({op, name, std::move(inputs), {name}, std::move(attributes)});
  first_[output] = name;
}

std::string Translation::step(const std::string& op, std::vector<std::string> inputs, Attributes attributes) {
  return steps(op, std::move(inputs), 1, std::move(attributes))[0];
}

std::vector<std::string> Translation::steps(const std::string& op, std::vector<std::string> inputs, size_t n_outputs,
                                            Attributes attributes) {
  std::vector<std::string> outputs;
  for (size_t i = 0; i < n_outputs; ++i)
    outputs.push_back(unique(fmt::format("{}/{}", current_ == nullptr ? "outputs" : current_->name(), op)));
  model_.nodes.push_back({op, outputs[0], std::move(inputs), outputs, std::move(attributes)});
  return outputs;
}

void Translation::alias(Endpoint output, Endpoint input) { aliases_[output] = input; }

void Translation::translate(Node& node) {
  const auto known = known_.find(node.output());
  if (node.op() == "Const" || (known != known_.end() && known->second.value.dtype() != DType::kInvalid))
    return;  // made when it is asked for
  const OpTranslation* translation = find(node.op());
  current_ = &node;
  try {
    if (translation == nullptr) refuse(node, "ONNX has no such operation, or it is not translated");
    if (is_without_bfloat16(node.op()) && node.get_or<DType>("T", DType::kFloat32) == DType::kBFloat16)
      refuse(node,
             "ONNX has none of bfloat16 before opset 22: save the model with the dtype policy float32 or float16");
    translation->translate(*this, node);
  } catch (Error& error) {
    error.within(fmt::format("node `{}` ({})", node.name(), node.op()));
    throw;
  }
  current_ = nullptr;
}

// The outputs get their endpoints' names, also where another node gives the value.
void Translation::finish_outputs() {
  for (const Endpoint& output : signature_.outputs) {
    const std::string name = value(output);
    std::string wanted = output.name();
    if (name != wanted) {
      wanted = unique(wanted);
      model_.nodes.push_back({"Identity", wanted + "/output", {name}, {wanted}, {}});
    }
    model_.outputs.push_back({wanted, known(output).dtype, shape(output)});
  }
}

ModelText Translation::run(const std::string& name) {
  model_.name = name;
  std::set<const Node*> needed;
  std::vector<const Node*> open;
  for (const Endpoint& output : signature_.outputs) open.push_back(output.node);
  for (const Endpoint& input : signature_.inputs) {
    plain_[input] = unique(input.name());
    model_.inputs.push_back({plain_[input], known(input).dtype, shape(input)});
  }
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!needed.insert(node).second || plain_.contains({const_cast<Node*>(node), 0})) continue;
    for (const Endpoint& input : node->inputs) open.push_back(input.node);
  }
  for (Node* node : graph::topological_order(graph_)) {
    if (needed.contains(node) && !plain_.contains(node->output())) translate(*node);
  }
  finish_outputs();
  return std::move(model_);
}

Written write_model(const graph::Graph& frozen, const graph::Signature& signature, const std::filesystem::path& path,
                    const Options& options) {
  if (options.opset < kFirstOpset || options.opset > kLastOpset) {
    throw Error(ErrorCode::kInvalidArgument, "--opset",
                fmt::format("expected {} to {}, found {}", kFirstOpset, kLastOpset, options.opset));
  }
  const ModelText model = Translation(frozen, signature, options.opset).run(options.name);
  Written written;
  written.files = write(model, path, options.external_data);
  written.n_nodes = model.nodes.size();
  for (const auto& file : written.files) written.n_bytes += std::filesystem::file_size(file);
  return written;
}

}  // namespace hoarfrost::onnx
