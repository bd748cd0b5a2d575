// onnx.proto's messages on the wire (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto,
// https://protobuf.dev/programming-guides/encoding).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstring>

#include "onnx/model.h"

namespace hoarfrost::onnx {
namespace {

constexpr uint64_t kMaxMessageBytes = INT32_MAX;  // protobuf's own limit
constexpr uint64_t kExternalBytes = 1024;         // smaller constants stay in the model: readers infer shapes from them
constexpr int64_t kIrVersion = 8;                 // of ONNX 1.10 to 1.13, which read opsets up to 18

// A message as it grows.
class Message {
 public:
  Message& number(uint32_t field, int64_t value) {
    varint(uint64_t{field} << 3);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& real(uint32_t field, float value) {
    varint(uint64_t{field} << 3 | 5);
    char bytes[sizeof(value)];
    std::memcpy(bytes, &value, sizeof(value));
    bytes_.append(bytes, sizeof(bytes));
    return *this;
  }
  Message& text(uint32_t field, std::string_view value) {
    prefix(field, value.size());
    bytes_.append(value);
    return *this;
  }
  Message& prefix(uint32_t field, uint64_t n_bytes) {
    varint(uint64_t{field} << 3 | 2);
    varint(n_bytes);
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  std::string bytes_;
};

// TensorProto without its raw_data. 1: dims 2: data_type 6: string_data 8: name 13: external_data 14: data_location
Message describe(const std::string& name, const Tensor& tensor) {
  Message message;
  for (const int64_t size : tensor.shape().sizes()) message.number(1, size);
  message.number(2, element_type(tensor.dtype())).text(8, name);
  if (tensor.dtype() == DType::kString) {
    for (const auto& s : tensor.strings()) message.text(6, s);
  }
  return message;
}

struct AttributeToMessage {
  Message& message;
  void operator()(int64_t value) const { message.number(3, value).number(20, 2); }
  void operator()(float value) const { message.real(2, value).number(20, 1); }
  void operator()(const std::string& value) const { message.text(4, value).number(20, 3); }
  void operator()(const std::vector<int64_t>& values) const {
    for (const int64_t value : values) message.number(8, value);
    message.number(20, 7);
  }
  void operator()(const std::vector<float>& values) const {
    for (const float value : values) message.real(7, value);
    message.number(20, 6);
  }
  void operator()(const Tensor& value) const {
    Message tensor = describe("", value);
    const auto bytes = value.bytes();
    tensor.text(9, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    message.text(5, tensor.bytes()).number(20, 4);
  }
};

std::string encode_node(const NodeText& node) {
  Message message;
  for (const auto& input : node.inputs) message.text(1, input);
  for (const auto& output : node.outputs) message.text(2, output);
  message.text(3, node.name).text(4, node.op);
  for (const auto& [name, value] : node.attributes) {
    Message attribute;
    attribute.text(1, name);
    std::visit(AttributeToMessage{attribute}, value);
    message.text(5, attribute.bytes());
  }
  return message.bytes();
}

std::string encode_value(const ValueText& value) {
  Message shape;
  int i = 0;
  for (const int64_t size : value.shape.sizes()) {
    Message dimension;
    if (size >= 0)
      dimension.number(1, size);
    else
      dimension.text(2, i == 0 ? "batch" : fmt::format("{}_{}", value.name, i));
    shape.text(1, dimension.bytes());
    ++i;
  }
  Message tensor;
  tensor.number(1, element_type(value.dtype));
  if (value.shape.has_rank()) tensor.text(2, shape.bytes());
  Message type;
  type.text(1, tensor.bytes());
  return Message().text(1, value.name).text(2, type.bytes()).bytes();
}

// A constant: what stands before its bytes, and the bytes.
struct Piece {
  std::string head;
  const Tensor* content = nullptr;
};

void write_bytes(const Tensor& tensor, OutputFile& out) {
  if (const FileRange* range = tensor.file_range())
    out.write(*range);
  else
    out.write(tensor.bytes());
}

Piece inside(const std::string& name, const Tensor& tensor) {
  if (tensor.dtype() == DType::kString) return {Message().text(5, describe(name, tensor).bytes()).bytes(), nullptr};
  Message message = describe(name, tensor);
  message.prefix(9, tensor.n_bytes());
  return {Message().prefix(5, message.bytes().size() + tensor.n_bytes()).bytes() + message.bytes(), &tensor};
}

// The constant's bytes go to `data`, where they begin at a page: readers map them.
Piece outside(const std::string& name, const Tensor& tensor, const std::string& location, OutputFile& data) {
  constexpr uint64_t kPage = 4096;
  if (const uint64_t over = data.size() % kPage; over != 0) data.write(std::string(kPage - over, '\0'));
  Message message = describe(name, tensor);
  const auto entry = [&](std::string_view key, std::string_view value) {
    message.text(13, Message().text(1, key).text(2, value).bytes());
  };
  entry("location", location);
  entry("offset", std::to_string(data.size()));
  entry("length", std::to_string(tensor.n_bytes()));
  message.number(14, 1);
  write_bytes(tensor, data);
  return {Message().text(5, message.bytes()).bytes(), nullptr};
}

std::string model_head(const ModelText& model) {
  Message opset;
  opset.text(1, "").number(2, model.opset);
  return Message().number(1, kIrVersion).text(2, "hoarfrost").text(8, opset.bytes()).bytes();
}

uint64_t bytes_of(const std::vector<Piece>& pieces) {
  uint64_t n_bytes = 0;
  for (const Piece& piece : pieces)
    n_bytes += piece.head.size() + (piece.content == nullptr ? 0 : piece.content->n_bytes());
  return n_bytes;
}

}  // namespace

int element_type(DType dtype) {
  static const std::map<DType, int> kTypes = {
      {DType::kFloat32, 1},  {DType::kUInt8, 2},   {DType::kInt8, 3},    {DType::kUInt16, 4},   {DType::kInt16, 5},
      {DType::kInt32, 6},    {DType::kInt64, 7},   {DType::kString, 8},  {DType::kBool, 9},     {DType::kFloat16, 10},
      {DType::kFloat64, 11}, {DType::kUInt32, 12}, {DType::kUInt64, 13}, {DType::kBFloat16, 16}};
  const auto found = kTypes.find(dtype);
  if (found == kTypes.end())
    throw Error(ErrorCode::kUnsupported, "", fmt::format("ONNX has no type {}", dtype_name(dtype)));
  return found->second;
}

std::vector<std::filesystem::path> write(const ModelText& model, const std::filesystem::path& path,
                                         bool external_data) {
  Message before;
  for (const auto& node : model.nodes) before.text(1, encode_node(node));
  before.text(2, model.name);
  Message after;
  for (const auto& input : model.inputs) after.text(11, encode_value(input));
  for (const auto& output : model.outputs) after.text(12, encode_value(output));
  std::vector<Piece> pieces;
  for (const auto& [name, tensor] : model.initializers) pieces.push_back(inside(name, tensor));
  const std::string head = model_head(model);
  const auto size_of_graph = [&] { return before.bytes().size() + bytes_of(pieces) + after.bytes().size(); };
  constexpr uint64_t kPrefixBytes = 16;
  std::unique_ptr<OutputFile> data;
  const std::filesystem::path data_path = path.string() + ".data";
  if (external_data || head.size() + size_of_graph() + kPrefixBytes > kMaxMessageBytes) {
    data = std::make_unique<OutputFile>(data_path);
    pieces.clear();
    for (const auto& [name, tensor] : model.initializers) {
      const bool is_small = tensor.dtype() == DType::kString || tensor.n_bytes() < kExternalBytes;
      pieces.push_back(is_small ? inside(name, tensor) : outside(name, tensor, data_path.filename().string(), *data));
    }
  }
  OutputFile out(path);
  out.write(head);
  out.write(Message().prefix(7, size_of_graph()).bytes());
  out.write(before.bytes());
  for (const Piece& piece : pieces) {
    out.write(piece.head);
    if (piece.content != nullptr) write_bytes(*piece.content, out);
  }
  out.write(after.bytes());
  if (data != nullptr) data->commit();
  out.commit();
  if (data == nullptr) return {path};
  return {path, data_path};
}

}  // namespace hoarfrost::onnx
