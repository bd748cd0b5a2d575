// TensorFlow's first checkpoint format (tensor_slice_writer.cc): one table, or one a shard, whose entry "" tells of all
// tensors and slices, and whose others hold a slice each.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <regex>

#include "tensorflow/attribute.h"
#include "tensorflow/checkpoint.h"
#include "tensorflow/ordered_code.h"
#include "tensorflow/proto/saved_tensor_slice.pb.h"
#include "tensorflow/table.h"
#include "tensorflow/tensor_proto.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

namespace fs = std::filesystem;

// A variable, as far as the shards read so far have its slices, each with its first index along each axis.
struct Partial {
  DType dtype;
  Shape shape;
  std::vector<std::pair<std::vector<int64_t>, Tensor>> slices;
};

class V1Reader {
 public:
  void read(const fs::path& path) {
    const auto file = File::open(path);
    try {
      const TableEntries entries = read_table(*file);
      proto::SavedTensorSlices header;
      if (entries.empty() || !entries[0].first.empty() || !deserialize(header, entries[0].second))
        corrupt("a table without a checkpoint's header");
      const std::map<std::string_view, std::string_view> values(entries.begin() + 1, entries.end());
      for (const auto& tensor : header.meta().tensor()) read_tensor(tensor, values);
    } catch (Error& error) {
      error.within(path.string());
      throw;
    }
  }

  graph::Variables finish(const fs::path& prefix) {
    graph::Variables variables;
    for (const auto& [name, partial] : partials_) {
      try {
        variables.emplace(name, join(partial));
      } catch (Error& error) {
        error.within(fmt::format("{}: `{}`", prefix.string(), name));
        throw;
      }
    }
    return variables;
  }

 private:
  void read_tensor(const proto::SavedSliceMeta& meta, const std::map<std::string_view, std::string_view>& values) {
    try {
      const Shape shape = static_shape_from_proto(meta.shape());
      for (const auto& slice : meta.slice()) {
        const auto found = values.find(slice_key(meta.name(), slice));
        if (found == values.end()) corrupt("one of its slices is missing");
        add(meta, slice, shape, found->second);
      }
    } catch (Error& error) {
      error.within(fmt::format("`{}`", meta.name()));
      throw;
    }
  }

  void add(const proto::SavedSliceMeta& meta, const proto::TensorSliceProto& slice, const Shape& shape,
           std::string_view bytes) {
    const auto dtype = static_cast<DType>(meta.type());
    std::vector<int64_t> starts;
    std::vector<int64_t> sizes;
    if (slice.extent_size() != shape.rank()) corrupt("a slice of another rank");
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const auto& extent = slice.extent(axis);
      const bool is_whole = extent.has_length_case() != proto::TensorSliceProto::Extent::kLength;
      starts.push_back(is_whole ? 0 : extent.start());
      sizes.push_back(is_whole ? shape[axis] : extent.length());
      if (starts.back() < 0 || sizes.back() < 0 || starts.back() > shape[axis] ||
          sizes.back() > shape[axis] - starts.back())
        corrupt("a slice that reaches past it");
    }
    proto::SavedTensorSlices entry;
    if (!deserialize(entry, bytes)) corrupt("a slice that is no SavedTensorSlices");
    proto::TensorProto& data = *entry.mutable_data()->mutable_data();
    data.set_dtype(meta.type());  // the writer leaves out what its header says
    shape_to_proto(Shape(sizes), *data.mutable_tensor_shape());
    const Tensor part = tensor_from_proto(data, {}, budget_);
    auto& partial = partials_.try_emplace(meta.name(), Partial{dtype, shape, {}}).first->second;
    if (partial.dtype != dtype || partial.shape != shape) corrupt("its shards tell of different types or shapes");
    partial.slices.emplace_back(std::move(starts), part);
  }

  static Tensor join(const Partial& partial) {
    if (partial.slices.size() == 1 && partial.slices[0].second.shape() == partial.shape)
      return partial.slices[0].second;
    if (dtype_size(partial.dtype) == 0)
      throw Error(ErrorCode::kUnsupported, "", "slices of a type without a fixed size");
    int64_t n_found = 0;
    for (const auto& [starts, part] : partial.slices) n_found += part.shape().n_elements();
    if (n_found != partial.shape.n_elements())
      corrupt(fmt::format("its slices have {} elements, the whole has {}", n_found, partial.shape.n_elements()));
    Tensor whole(partial.dtype, partial.shape);
    for (const auto& [starts, part] : partial.slices) copy_slice(part, starts, whole);
    return whole;
  }

  ExpansionBudget budget_;
  std::map<std::string, Partial> partials_;
};

}  // namespace

std::vector<fs::path> v1_files(const fs::path& prefix) {
  if (fs::is_regular_file(prefix)) return is_table(*File::open(prefix)) ? std::vector{prefix} : std::vector<fs::path>{};
  const std::string stem = prefix.filename().string();
  static const std::regex kShard(R"(-(\d{5})-of-(\d{5}))");
  std::vector<fs::path> files;
  const fs::path folder = prefix.has_parent_path() ? prefix.parent_path() : ".";
  if (!fs::is_directory(folder)) return {};
  size_t n_shards = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::smatch match;
    if (!name.starts_with(stem)) continue;
    const std::string rest = name.substr(stem.size());
    if (!std::regex_match(rest, match, kShard)) continue;
    n_shards = static_cast<size_t>(std::stoi(match[2]));
    files.push_back(prefix.has_parent_path() ? entry.path() : entry.path().filename());
  }
  std::ranges::sort(files);
  if (!files.empty() && files.size() != n_shards)
    throw Error(ErrorCode::kIo, prefix.string(),
                fmt::format("expected {} shards of this checkpoint, found {}", n_shards, files.size()));
  return files;
}

graph::Variables read_checkpoint_v1(const fs::path& prefix) {
  V1Reader reader;
  for (const auto& file : v1_files(prefix)) reader.read(file);
  return reader.finish(prefix);
}

}  // namespace hoarfrost::tensorflow
