#include <fmt/format.h>
#include <hoarfrost/tensorflow.h>

#include "tensorflow/attribute.h"
#include "tensorflow/graph_def.h"
#include "tensorflow/meta_graph.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

constexpr const char* kPredict = "tensorflow/serving/predict";
// Loaders print it, and choose by it how to read what old versions wrote; this is the one that the files are held
// against.
constexpr const char* kVersion = "2.15.1";

void describe(const std::vector<SignatureTensor>& tensors,
              google::protobuf::Map<std::string, proto::TensorInfo>& into) {
  for (const auto& tensor : tensors) {
    proto::TensorInfo& info = into[tensor.key];
    info.set_name(fmt::format("{}:{}", tensor.endpoint.node->name(), tensor.endpoint.index));
    info.set_dtype(static_cast<proto::DataType>(tensor.dtype));
    shape_to_proto(tensor.shape, *info.mutable_tensor_shape());
  }
}

}  // namespace

std::vector<std::filesystem::path> write_saved_model(const graph::Graph& graph, const graph::Variables& values,
                                                     const SavedModelContents& contents,
                                                     const std::filesystem::path& folder) {
  proto::MetaGraphDef rest = describe_meta_graph(graph, contents.variables, contents.trainable);
  rest.mutable_meta_info_def()->add_tags("serve");
  rest.mutable_meta_info_def()->set_tensorflow_version(kVersion);
  proto::SignatureDef& signature = (*rest.mutable_signature_def())["serving_default"];
  describe(contents.inputs, *signature.mutable_inputs());
  describe(contents.outputs, *signature.mutable_outputs());
  signature.set_method_name(kPredict);
  const EncodedMetaGraph encoded = encode_around(graph, rest);
  std::string head;
  append_tag(head, 1, WireType::kVarint);
  append_varint(head, 1);  // saved_model_schema_version
  append_tag(head, 2, WireType::kBytes);
  append_varint(head, encoded.n_bytes);
  const auto path = folder / "saved_model.pb";
  check_message_size(head.size() + encoded.n_bytes, path);
  std::vector<std::filesystem::path> files;
  if (!values.empty()) {
    files = write_checkpoint(values, folder / "variables" / "variables");
    std::filesystem::remove(folder / "variables" /
                            "checkpoint");  // a SavedModel has one checkpoint, and none to choose
    std::erase(files, folder / "variables" / "checkpoint");
  }
  OutputFile out(path);
  out.write(head);
  out.write(encoded.head);
  encode_graph(graph, out);
  out.write(encoded.tail);
  out.commit();
  files.push_back(path);
  return files;
}

}  // namespace hoarfrost::tensorflow
