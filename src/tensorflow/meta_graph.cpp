#include "tensorflow/meta_graph.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "tensorflow/attribute.h"
#include "tensorflow/graph_def.h"
#include "tensorflow/text_format.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

using graph::Graph;
using graph::Node;

constexpr int kMaxToKeep = 5;  // tf.train.Saver's defaults
constexpr float kKeepEveryHours = 10000.0F;

std::string without_index(const std::string& endpoint) { return endpoint.substr(0, endpoint.rfind(':')); }

void take_saver(const proto::SaverDef& saver, MetaGraph& result) {
  result.filename_tensor_name = saver.filename_tensor_name();
  result.save_tensor_name = saver.save_tensor_name();
  result.restore_op_name = saver.restore_op_name();
}

// Everything but the graph.
void take_rest(const proto::MetaGraphDef& message, MetaGraph& result) {
  if (message.has_saver_def()) take_saver(message.saver_def(), result);
  const auto variables = message.collection_def().find("variables");
  if (variables != message.collection_def().end()) {
    for (const auto& bytes : variables->second.bytes_list().value()) {
      proto::VariableDef variable;
      if (!deserialize(variable, bytes))
        throw Error(ErrorCode::kCorrupt, "", "an entry of the collection `variables` is no VariableDef");
      result.variables.push_back(without_index(variable.variable_name()));
    }
  }
  for (const auto& [name, signature] : message.signature_def()) {
    auto& names = result.signatures[name];
    for (const auto& [key, tensor] : signature.inputs()) names.inputs[key] = tensor.name();
    for (const auto& [key, tensor] : signature.outputs()) names.outputs[key] = tensor.name();
  }
}

// The node that sets a variable when a session starts, or else any that sets it.
const Node* initializer_of(const Graph& graph, const Node& variable) {
  const Node* found = graph.find(variable.name() + "/Assign");
  if (found != nullptr) return found;
  for (const auto& node : graph.nodes()) {
    if ((node->op() == "Assign" || node->op() == "AssignVariableOp") && node->input(0).node == &variable)
      return node.get();
  }
  throw Error(ErrorCode::kInvalidArgument, fmt::format("node `{}`", variable.name()),
              "no node sets this variable: add_saver adds one");
}

std::string snapshot_of(const Graph& graph, const Node& variable) {
  for (const char* suffix : {"/read", "/Read/ReadVariableOp"}) {
    if (graph.find(variable.name() + suffix) != nullptr) return variable.name() + suffix + ":0";
  }
  for (const auto& node : graph.nodes()) {
    if ((node->op() == "Identity" || node->op() == "ReadVariableOp") && node->input(0).node == &variable)
      return node->name() + ":0";
  }
  return variable.name() + ":0";
}

proto::VariableDef describe(const Graph& graph, const std::string& name, bool is_trainable) {
  const Node* variable = graph.find(name);
  if (variable == nullptr)
    throw Error(ErrorCode::kInvalidArgument, "", fmt::format("`{}` is no variable of the graph", name));
  const Node* initializer = initializer_of(graph, *variable);
  proto::VariableDef message;
  message.set_variable_name(name + ":0");
  message.set_initializer_name(initializer->name());
  const auto value = initializer->input(1);
  message.set_initial_value_name(fmt::format("{}:{}", value.node->name(), value.index));
  message.set_snapshot_name(snapshot_of(graph, *variable));
  message.set_is_resource(variable->op() == "VarHandleOp");
  message.set_trainable(is_trainable);
  return message;
}

void add_collection(proto::MetaGraphDef& message, const std::string& key, const Graph& graph,
                    const std::vector<std::string>& names, const std::vector<std::string>& trainable) {
  if (names.empty()) return;
  auto& list = *(*message.mutable_collection_def())[key].mutable_bytes_list();
  for (const auto& name : names) {
    const bool is_trainable = std::ranges::find(trainable, name) != trainable.end();
    list.add_value(serialize(describe(graph, name, is_trainable)));
  }
}

}  // namespace

MetaGraph meta_graph_from_proto(const proto::MetaGraphDef& message) {
  MetaGraph result;
  result.graph = graph_from_proto(message.graph_def());
  take_rest(message, result);
  return result;
}

MetaGraph decode_meta_graph(std::string_view bytes, const std::shared_ptr<const File>& file) {
  MetaGraph result;
  std::string rest;
  bool has_graph = false;
  WireReader reader(bytes);
  for (WireField field; reader.next(field);) {
    if (field.number == 2 && field.type == WireType::kBytes) {
      if (has_graph) throw Error(ErrorCode::kCorrupt, "", "a MetaGraphDef with two graphs");
      has_graph = true;
      result.graph = decode_graph(field.payload, file);
    } else {
      rest.append(field.whole);
    }
  }
  proto::MetaGraphDef message;
  if (!deserialize(message, rest))
    throw Error(ErrorCode::kCorrupt, "", "expected a MetaGraphDef, found bytes that are none");
  if (!has_graph) throw Error(ErrorCode::kCorrupt, "", "a MetaGraphDef without a graph");
  take_rest(message, result);
  return result;
}

MetaGraph read_saver(const std::filesystem::path& path) {
  const auto file = File::open(path);
  try {
    proto::SaverDef message;
    if (is_text_format(file->text())) {
      parse_text(file->text(), message);
    } else if (!deserialize(message, file->text())) {
      throw Error(ErrorCode::kCorrupt, "", "expected a SaverDef, found bytes that are none");
    }
    if (message.restore_op_name().empty()) throw Error(ErrorCode::kCorrupt, "", "a SaverDef without a restore_op_name");
    MetaGraph result;
    take_saver(message, result);
    return result;
  } catch (Error& error) {
    error.within(path.string());
    throw;
  }
}

MetaGraph read_meta_graph(const std::filesystem::path& path) {
  const auto file = File::open(path);
  try {
    if (!is_text_format(file->text())) return decode_meta_graph(file->text(), file);
    proto::MetaGraphDef message;
    parse_text(file->text(), message);
    return meta_graph_from_proto(message);
  } catch (Error& error) {
    error.within(path.string());
    throw;
  }
}

proto::MetaGraphDef describe_meta_graph(const graph::Graph& graph, const std::vector<std::string>& variables,
                                        const std::vector<std::string>& trainable) {
  proto::MetaGraphDef rest;
  if (graph.find("save/restore_all") != nullptr) {
    proto::SaverDef& saver = *rest.mutable_saver_def();
    saver.set_filename_tensor_name("save/Const:0");
    saver.set_save_tensor_name("save/control_dependency:0");
    saver.set_restore_op_name("save/restore_all");
    saver.set_max_to_keep(kMaxToKeep);
    saver.set_keep_checkpoint_every_n_hours(kKeepEveryHours);
    saver.set_version(proto::SaverDef::V2);
  }
  add_collection(rest, "variables", graph, variables, trainable);
  add_collection(rest, "trainable_variables", graph, trainable, trainable);
  return rest;
}

EncodedMetaGraph encode_around(const graph::Graph& graph, const proto::MetaGraphDef& rest) {
  EncodedMetaGraph encoded;
  encoded.tail = serialize(rest);
  const uint64_t n_graph = encoded_size(graph);
  append_tag(encoded.head, 2, WireType::kBytes);
  append_varint(encoded.head, n_graph);
  encoded.n_bytes = encoded.head.size() + n_graph + encoded.tail.size();
  return encoded;
}

void write_meta_graph(const graph::Graph& graph, const std::vector<std::string>& variables,
                      const std::vector<std::string>& trainable, const std::filesystem::path& path) {
  const EncodedMetaGraph encoded = encode_around(graph, describe_meta_graph(graph, variables, trainable));
  check_message_size(encoded.n_bytes, path);
  OutputFile out(path);
  out.reserve(encoded.n_bytes);
  out.write(encoded.head);
  encode_graph(graph, out);
  out.write(encoded.tail);
  out.commit();
}

}  // namespace hoarfrost::tensorflow
