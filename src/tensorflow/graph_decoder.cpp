#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "tensorflow/attribute.h"
#include "tensorflow/graph_def.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

constexpr size_t kViewBytes = 1024;  // smaller tensors are copied: a view costs about as much

void parse(google::protobuf::MessageLite& message, std::string_view bytes, std::string_view what) {
  if (!deserialize(message, bytes)) {
    throw Error(ErrorCode::kCorrupt, "", fmt::format("expected {}, found {} bytes that are none", what, bytes.size()));
  }
}

std::string_view expect_bytes(const WireField& field, std::string_view what) {
  if (field.type != WireType::kBytes) {
    throw Error(ErrorCode::kCorrupt, "",
                fmt::format("field {} is no {}: this is another kind of file", field.number, what));
  }
  return field.payload;
}

// Copies the fields of a message, but the large payload of number `number` (the last, as protobuf takes it) into
// `large`.
std::string without_large(std::string_view message, uint32_t number, std::string_view& large) {
  std::string rest;
  WireReader reader(message);
  for (WireField field; reader.next(field);) {
    if (field.number == number && field.type == WireType::kBytes && field.payload.size() >= kViewBytes) {
      large = field.payload;
    } else {
      rest.append(field.whole);
    }
  }
  return rest;
}

// A node whose constants stay in the file.
class NodeDecoder {
 public:
  explicit NodeDecoder(const std::shared_ptr<const File>& file) : file_(file) {}

  void decode(std::string_view bytes, GraphBuilder& builder) {
    Contents contents;
    proto::NodeDef node;
    if (bytes.size() < kViewBytes) {
      parse(node, bytes, "a NodeDef");
    } else {
      std::string slim;
      WireReader reader(bytes);
      for (WireField field; reader.next(field);) {
        if (field.number == 5 && field.type == WireType::kBytes && field.payload.size() >= kViewBytes) {
          append_bytes(slim, 5, slim_attribute(field.payload, contents));
        } else {
          slim.append(field.whole);
        }
      }
      parse(node, slim, "a NodeDef");
    }
    builder.add(node, contents);
  }

 private:
  // The map entry without its tensor's content, whose place goes to `contents`.
  std::string slim_attribute(std::string_view entry, Contents& contents) const {
    std::string_view value;
    std::string slim = without_large(entry, 2, value);
    if (value.empty()) return std::string(entry);
    std::string_view tensor;
    std::string slim_value = without_large(value, 8, tensor);
    if (tensor.empty()) return std::string(entry);
    std::string_view content;
    append_bytes(slim_value, 8, without_large(tensor, 4, content));
    append_bytes(slim, 2, slim_value);
    if (!content.empty()) contents.insert_or_assign(key_of(entry), range_of(content));
    return slim;
  }

  static std::string key_of(std::string_view entry) {
    std::string key;
    WireReader reader(entry);
    for (WireField field; reader.next(field);) {
      if (field.number == 1 && field.type == WireType::kBytes) key = field.payload;
    }
    return key;
  }

  FileRange range_of(std::string_view part) const {
    return {file_, static_cast<uint64_t>(part.data() - file_->text().data()), part.size()};
  }

  std::shared_ptr<const File> file_;
};

}  // namespace

graph::Graph decode_graph(std::string_view message, const std::shared_ptr<const File>& file) {
  GraphBuilder builder;
  NodeDecoder nodes(file);
  std::string library;
  proto::VersionDef versions;
  WireReader reader(message);
  for (WireField field; reader.next(field);) {
    if (field.number == 1) {
      nodes.decode(expect_bytes(field, "NodeDef"), builder);
    } else if (field.number == 2) {
      library.append(expect_bytes(field, "FunctionDefLibrary"));  // parts of a message are joined by appending
    } else if (field.number == 4) {
      proto::VersionDef part;
      parse(part, expect_bytes(field, "VersionDef"), "a VersionDef");
      versions.MergeFrom(part);
    }
  }
  if (!library.empty()) {
    proto::FunctionDefLibrary check;
    parse(check, library, "a FunctionDefLibrary");
    builder.set_library(std::move(library));
  }
  builder.set_versions(versions);
  return builder.finish();
}

}  // namespace hoarfrost::tensorflow
