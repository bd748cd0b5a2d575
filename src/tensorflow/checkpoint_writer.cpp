#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include "base/crc32c.h"
#include "tensorflow/attribute.h"
#include "tensorflow/checkpoint.h"
#include "tensorflow/proto/meta_graph.pb.h"
#include "tensorflow/proto/tensor_bundle.pb.h"
#include "tensorflow/table.h"
#include "tensorflow/tensor_proto.h"
#include "tensorflow/text_format.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

uint32_t write_strings(const std::vector<std::string>& strings, OutputFile& out) {
  StringCrc crc;
  std::string head;
  for (const auto& s : strings) {
    append_varint(head, s.size());
    crc.add_length(s.size());
  }
  const uint32_t lengths_crc = mask_crc32c(crc.value());
  const std::string_view lengths_crc_bytes(reinterpret_cast<const char*>(&lengths_crc), sizeof(lengths_crc));
  crc.add(lengths_crc_bytes);
  out.write(head);
  out.write(lengths_crc_bytes);
  for (const auto& s : strings) {
    crc.add(s);
    out.write(s);
  }
  return crc.value();
}

uint32_t write_values(const Tensor& tensor, OutputFile& out) {
  if (tensor.dtype() == DType::kString) return write_strings(tensor.strings(), out);
  if (const FileRange* range = tensor.file_range()) return out.write_checksummed(*range);
  out.write(tensor.bytes());
  return crc32c(tensor.bytes());
}

std::string write_data(const graph::Variables& variables, OutputFile& out) {
  proto::BundleHeaderProto header;
  header.set_num_shards(1);
  header.mutable_version()->set_producer(kBundleVersion);
  TableEntries entries{{"", serialize(header)}};
  for (const auto& [name, tensor] : variables) {
    if (name.empty()) throw Error(ErrorCode::kInvalidArgument, "", "a variable without a name cannot be saved");
    proto::BundleEntryProto entry;
    entry.set_dtype(static_cast<proto::DataType>(tensor.dtype()));
    shape_to_proto(tensor.shape(), *entry.mutable_shape());
    const uint64_t offset = out.size();
    entry.set_offset(static_cast<int64_t>(offset));
    entry.set_crc32c(mask_crc32c(write_values(tensor, out)));
    entry.set_size(static_cast<int64_t>(out.size() - offset));
    entries.emplace_back(name, serialize(entry));
  }
  return build_table(entries);
}

uint64_t size_of(const graph::Variables& variables) {
  uint64_t n_bytes = 0;
  for (const auto& [name, tensor] : variables) n_bytes += tensor.n_bytes();
  return n_bytes;
}

}  // namespace

std::vector<std::filesystem::path> write_checkpoint(const graph::Variables& variables,
                                                    const std::filesystem::path& prefix) {
  const auto data_path = shard_path(prefix, 0, 1);
  const auto state_path = prefix.parent_path() / "checkpoint";
  OutputFile data(data_path);
  data.reserve(size_of(variables));
  const std::string index = write_data(variables, data);
  data.commit();
  write_file(index_path(prefix), index);
  proto::CheckpointState state;
  const std::string named = prefix.is_absolute() ? prefix.string() : prefix.filename().string();
  state.set_model_checkpoint_path(named);
  state.add_all_model_checkpoint_paths(named);
  write_file(state_path, print_text(state));
  return {index_path(prefix), data_path, state_path};
}

}  // namespace hoarfrost::tensorflow
