#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>

#include "tensorflow/attribute.h"
#include "tensorflow/graph_def.h"
#include "tensorflow/tensor_proto.h"
#include "tensorflow/text_format.h"

namespace hoarfrost::tensorflow {
namespace {

constexpr uint64_t kEscapeBytes = 1 << 18;

// tensor_content is printed last in a Const, and is the only part that is large: it is escaped block by block in the
// place of a mark that no escaped text can hold.
constexpr std::string_view kMark = "tensor_content: \"\\001\\002hoarfrost\\002\\001";

void write_escaped(const Tensor& tensor, OutputFile& out) {
  if (const FileRange* range = tensor.file_range()) {
    std::vector<std::byte> block(std::min(kEscapeBytes, range->n_bytes));
    for (uint64_t done = 0; done < range->n_bytes; done += block.size()) {
      block.resize(std::min<uint64_t>(block.size(), range->n_bytes - done));
      range->file->read(range->offset + done, block);
      out.write(escape(block));
    }
    return;
  }
  for (auto rest = tensor.bytes(); !rest.empty();) {
    const auto block = rest.first(std::min<size_t>(kEscapeBytes, rest.size()));
    out.write(escape(block));
    rest = rest.subspan(block.size());
  }
}

void write_text_node(const graph::Node& node, OutputFile& out) {
  proto::GraphDef message;
  proto::NodeDef& node_message = *message.add_node();
  node_message = node_to_proto(node);
  std::vector<const Tensor*> contents;
  for (const auto& [key, attribute] : node.attributes) {
    const auto* tensor = std::get_if<Tensor>(&attribute);
    if (tensor == nullptr || !has_content(*tensor)) continue;
    node_message.mutable_attr()->at(key).mutable_tensor()->set_tensor_content("\001\002hoarfrost\002\001");
    contents.push_back(tensor);
  }
  const std::string text = print_text(message);
  size_t done = 0;
  for (const Tensor* tensor : contents) {
    const size_t mark = text.find(kMark, done);
    out.write(std::string_view(text).substr(done, mark - done));
    out.write("tensor_content: \"");
    write_escaped(*tensor, out);
    done = mark + kMark.size();
  }
  out.write(std::string_view(text).substr(done));
}

void write_text(const graph::Graph& graph, OutputFile& out) {
  for (const auto& node : graph.nodes()) write_text_node(*node, out);
  proto::GraphDef tail;
  if (!graph.library.empty() && !deserialize(*tail.mutable_library(), graph.library)) {
    throw Error(ErrorCode::kCorrupt, "", "the graph's function library is no FunctionDefLibrary");
  }
  *tail.mutable_versions() = versions_of(graph);
  out.write(print_text(tail));
}

// The two files that people take for a graph most often.
void check_kind(std::string_view content) {
  const char* kind = content.starts_with("\x89HDF") ? "HDF5" : content.starts_with("PK\x03\x04") ? "zip" : nullptr;
  if (content.empty()) throw Error(ErrorCode::kCorrupt, "", "expected a GraphDef, found an empty file");
  const std::string_view start = content.substr(0, 512);
  const bool is_text = std::ranges::all_of(
      start, [](unsigned char c) { return (c >= ' ' && c != 0x7f) || c == '\n' || c == '\r' || c == '\t'; });
  if (is_text && !is_text_format(content))
    throw Error(ErrorCode::kCorrupt, "", "expected a GraphDef (.pb or .pbtxt), found text that is none");
  if (kind == nullptr) return;
  throw Error(ErrorCode::kCorrupt, "",
              std::string("expected a GraphDef, found a Keras model (") + kind + "): hoarfrost freeze takes it");
}

}  // namespace

graph::Graph read_graph(const std::filesystem::path& path) {
  const auto file = File::open(path);
  try {
    check_kind(file->text());
    if (!is_text_format(file->text())) return decode_graph(file->text(), file);
    proto::GraphDef message;
    parse_text(file->text(), message);
    return graph_from_proto(message);
  } catch (Error& error) {
    error.within(path.string());
    throw;
  }
}

void write_graph(const graph::Graph& graph, const std::filesystem::path& path) {
  write_graph(graph, path, path.extension() == ".pbtxt" ? Encoding::kText : Encoding::kBinary);
}

void write_graph(const graph::Graph& graph, const std::filesystem::path& path, Encoding encoding) {
  const uint64_t n_bytes = encoded_size(graph);
  check_message_size(n_bytes, path);
  OutputFile out(path);
  if (encoding == Encoding::kText) {
    write_text(graph, out);
  } else {
    out.reserve(n_bytes);
    encode_graph(graph, out);
  }
  out.commit();
}

uint64_t graph_n_bytes(const graph::Graph& graph) { return encoded_size(graph); }

}  // namespace hoarfrost::tensorflow
