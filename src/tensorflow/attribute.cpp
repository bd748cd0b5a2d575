#include "tensorflow/attribute.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <hoarfrost/error.h>

namespace hoarfrost::tensorflow {
namespace {

using graph::Attribute;
using graph::FunctionName;

FunctionName function_from_proto(const proto::NameAttrList& message) { return {message.name(), serialize(message)}; }

Attribute list_from_proto(const proto::AttrValue::ListValue& list, ExpansionBudget& budget) {
  const int n_kinds = (list.s_size() > 0) + (list.i_size() > 0) + (list.f_size() > 0) + (list.b_size() > 0) +
                      (list.type_size() > 0) + (list.shape_size() > 0) + (list.tensor_size() > 0) +
                      (list.func_size() > 0);
  if (n_kinds == 0) return graph::EmptyList{};
  if (n_kinds > 1) throw Error(ErrorCode::kCorrupt, "", "a list of more than one kind");
  if (list.s_size() > 0) return std::vector<std::string>(list.s().begin(), list.s().end());
  if (list.i_size() > 0) return std::vector<int64_t>(list.i().begin(), list.i().end());
  if (list.f_size() > 0) return std::vector<float>(list.f().begin(), list.f().end());
  if (list.b_size() > 0) return std::vector<bool>(list.b().begin(), list.b().end());
  if (list.type_size() > 0) {
    std::vector<DType> types;
    for (const int type : list.type()) types.push_back(static_cast<DType>(type));
    return types;
  }
  if (list.shape_size() > 0) {
    std::vector<Shape> shapes;
    for (const auto& shape : list.shape()) shapes.push_back(shape_from_proto(shape));
    return shapes;
  }
  if (list.tensor_size() > 0) {
    std::vector<Tensor> tensors;
    for (const auto& tensor : list.tensor()) tensors.push_back(tensor_from_proto(tensor, {}, budget));
    return tensors;
  }
  std::vector<FunctionName> functions;
  for (const auto& function : list.func()) functions.push_back(function_from_proto(function));
  return functions;
}

proto::NameAttrList function_to_proto(const FunctionName& function) {
  proto::NameAttrList message;
  if (!deserialize(message, function.serialized)) {
    throw Error(ErrorCode::kCorrupt, "",
                "function `" + function.name + "`: its attributes are no tensorflow.NameAttrList");
  }
  message.set_name(function.name);
  return message;
}

void add_content(const Tensor& tensor, proto::TensorProto& message) {
  if (!has_content(tensor)) return;
  const auto bytes = tensor.bytes();
  message.set_tensor_content(bytes.data(), bytes.size());
}

// One overload per kind of graph::Attribute.
struct ToProto {
  proto::AttrValue& out;
  proto::AttrValue::ListValue& list() const { return *out.mutable_list(); }

  void operator()(const std::string& s) const { out.set_s(s); }
  void operator()(int64_t i) const { out.set_i(i); }
  void operator()(float f) const { out.set_f(f); }
  void operator()(bool b) const { out.set_b(b); }
  void operator()(DType type) const { out.set_type(static_cast<proto::DataType>(type)); }
  void operator()(const Shape& shape) const { shape_to_proto(shape, *out.mutable_shape()); }
  void operator()(const Tensor& tensor) const { tensor_to_proto(tensor, *out.mutable_tensor()); }
  void operator()(const FunctionName& function) const { *out.mutable_func() = function_to_proto(function); }
  void operator()(const graph::EmptyList&) const { list(); }
  void operator()(const std::vector<std::string>& values) const {
    list();
    for (const auto& s : values) list().add_s(s);
  }
  void operator()(const std::vector<int64_t>& values) const {
    list();
    for (const int64_t i : values) list().add_i(i);
  }
  void operator()(const std::vector<float>& values) const {
    list();
    for (const float f : values) list().add_f(f);
  }
  void operator()(const std::vector<bool>& values) const {
    list();
    for (const bool b : values) list().add_b(b);
  }
  void operator()(const std::vector<DType>& values) const {
    list();
    for (const DType type : values) list().add_type(static_cast<proto::DataType>(type));
  }
  void operator()(const std::vector<Shape>& values) const {
    list();
    for (const auto& shape : values) shape_to_proto(shape, *list().add_shape());
  }
  void operator()(const std::vector<Tensor>& values) const {
    list();
    for (const auto& tensor : values) {
      auto& message = *list().add_tensor();
      tensor_to_proto(tensor, message);
      add_content(tensor, message);
    }
  }
  void operator()(const std::vector<FunctionName>& values) const {
    list();
    for (const auto& function : values) *list().add_func() = function_to_proto(function);
  }
};

}  // namespace

Attribute attribute_from_proto(const proto::AttrValue& value, std::optional<FileRange> content,
                               ExpansionBudget& budget) {
  switch (value.value_case()) {
    case proto::AttrValue::kS:
      return value.s();
    case proto::AttrValue::kI:
      return int64_t{value.i()};
    case proto::AttrValue::kF:
      return value.f();
    case proto::AttrValue::kB:
      return value.b();
    case proto::AttrValue::kType:
      return static_cast<DType>(value.type());
    case proto::AttrValue::kShape:
      return shape_from_proto(value.shape());
    case proto::AttrValue::kTensor:
      return tensor_from_proto(value.tensor(), std::move(content), budget);
    case proto::AttrValue::kList:
      return list_from_proto(value.list(), budget);
    case proto::AttrValue::kFunc:
      return function_from_proto(value.func());
    case proto::AttrValue::kPlaceholder:
      throw Error(ErrorCode::kUnsupported, "",
                  "a placeholder `" + value.placeholder() + "`, which stands in functions only");
    case proto::AttrValue::VALUE_NOT_SET:
      break;
  }
  return graph::EmptyList{};
}

proto::AttrValue attribute_to_proto(const Attribute& attribute) {
  proto::AttrValue value;
  std::visit(ToProto{value}, attribute);
  return value;
}

std::string serialize(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!message.SerializeToCodedStream(&coded)) {
      throw Error(ErrorCode::kInvalidArgument, "",
                  "a message cannot be serialised: it holds a string that is no UTF-8");
    }
  }
  return bytes;
}

bool deserialize(google::protobuf::MessageLite& message, std::string_view bytes) {
  const google::protobuf::LogSilencer silence;
  return bytes.size() <= INT32_MAX && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace hoarfrost::tensorflow
