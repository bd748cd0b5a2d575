#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "tensorflow/attribute.h"
#include "tensorflow/graph_def.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

constexpr uint64_t kMaxMessageBytes = INT32_MAX;  // protobuf's own limit

std::string field(uint32_t number, std::string_view payload) {
  std::string bytes;
  append_bytes(bytes, number, payload);
  return bytes;
}

// The tag and length that stand before a payload of n_bytes.
std::string prefix(uint32_t number, uint64_t n_bytes) {
  std::string bytes;
  append_tag(bytes, number, WireType::kBytes);
  append_varint(bytes, n_bytes);
  return bytes;
}

// A node is small pieces and the tensors that follow them.
struct Piece {
  std::string bytes;
  const Tensor* content = nullptr;
};

uint64_t size_of(const std::vector<Piece>& pieces) {
  uint64_t n_bytes = 0;
  for (const Piece& piece : pieces)
    n_bytes += piece.bytes.size() + (piece.content == nullptr ? 0 : piece.content->n_bytes());
  return n_bytes;
}

// One entry of NodeDef.attr. Lengths stand before what they measure, so it is built from inside out.
Piece encode_attribute(const std::string& key, const graph::Attribute& attribute) {
  const std::string key_field = field(1, key);
  const std::string value = serialize(attribute_to_proto(attribute));
  const auto* tensor = std::get_if<Tensor>(&attribute);
  if (tensor == nullptr || !has_content(*tensor)) return {field(5, key_field + field(2, value)), nullptr};
  std::string head;
  proto::TensorProto message;
  tensor_to_proto(*tensor, message);
  head = serialize(message) + prefix(4, tensor->n_bytes());
  head = prefix(8, head.size() + tensor->n_bytes()) + head;
  head = key_field + prefix(2, head.size() + tensor->n_bytes()) + head;
  return {prefix(5, head.size() + tensor->n_bytes()) + head, tensor};
}

std::vector<Piece> encode_node(const graph::Node& node) {
  std::vector<Piece> pieces(1);
  std::string& head = pieces[0].bytes;
  append_bytes(head, 1, node.name());
  append_bytes(head, 2, node.op());
  for (const auto& input : node.inputs) append_bytes(head, 3, input.name());
  for (const auto* control : node.control_inputs) append_bytes(head, 3, "^" + control->name());
  if (!node.device.empty()) append_bytes(head, 4, node.device);
  try {
    for (const auto& [key, attribute] : node.attributes) pieces.push_back(encode_attribute(key, attribute));
  } catch (Error& error) {
    error.within(fmt::format("node `{}`", node.name()));
    throw;
  }
  return pieces;
}

std::string encode_tail(const graph::Graph& graph) {
  const std::string library = graph.library.empty() ? "" : field(2, graph.library);
  return library + field(4, serialize(versions_of(graph)));
}

}  // namespace

uint64_t encoded_size(const graph::Graph& graph) {
  uint64_t n_bytes = encode_tail(graph).size();
  for (const auto& node : graph.nodes()) {
    const uint64_t n_node = size_of(encode_node(*node));
    n_bytes += 1 + varint_size(n_node) + n_node;
  }
  return n_bytes;
}

void encode_graph(const graph::Graph& graph, OutputFile& out) {
  for (const auto& node : graph.nodes()) {
    const auto pieces = encode_node(*node);
    out.write(prefix(1, size_of(pieces)));
    for (const Piece& piece : pieces) {
      out.write(piece.bytes);
      if (piece.content == nullptr) continue;
      if (const FileRange* range = piece.content->file_range()) {
        out.write(*range);
      } else {
        out.write(piece.content->bytes());
      }
    }
  }
  out.write(encode_tail(graph));
}

proto::NodeDef node_to_proto(const graph::Node& node) {
  proto::NodeDef message;
  message.set_name(node.name());
  message.set_op(node.op());
  for (const auto& input : node.inputs) message.add_input(input.name());
  for (const auto* control : node.control_inputs) message.add_input("^" + control->name());
  message.set_device(node.device);
  for (const auto& [key, attribute] : node.attributes) (*message.mutable_attr())[key] = attribute_to_proto(attribute);
  return message;
}

proto::VersionDef versions_of(const graph::Graph& graph) {
  proto::VersionDef versions;
  versions.set_producer(graph.producer);
  versions.set_min_consumer(graph.min_consumer);
  return versions;
}

void check_message_size(uint64_t n_bytes, const std::filesystem::path& path) {
  if (n_bytes <= kMaxMessageBytes) return;
  throw Error(
      ErrorCode::kUnsupported, path.string(),
      fmt::format(
          "the graph would take {} bytes and protobuf reads at most {}; write its variables to a checkpoint instead "
          "(hoarfrost convert)",
          n_bytes, kMaxMessageBytes));
}

}  // namespace hoarfrost::tensorflow
