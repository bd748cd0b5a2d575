#include "hdf5/walk.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <set>

#include "hdf5/id.h"

namespace hoarfrost::hdf5 {
namespace {

constexpr int kDeepest = 64;              // groups within groups; a model nested ten deep has 30
constexpr size_t kMostObjects = 1 << 20;  // the largest of keras.applications has 5,000
// deflate cannot do better than 1032 to 1, and no honest file says that it holds more than this times its own bytes.
constexpr uint64_t kMostInflation = 4096;

Index problem(ErrorCode code, std::string_view text) { return {{"code", static_cast<int>(code)}, {"error", text}}; }

Id open_file(const Source& source) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);  // no plug-ins: they are foreign code
  prepare_strings();
  // A file whose parts point at each other could be read for ever: this is many times what any file needs.
  source.read_budget = std::max<uint64_t>(uint64_t{64} << 20U, source.n_bytes() * 16);
  const Id list(access_list(source), H5Pclose);
  return {H5Fopen("hoarfrost", H5F_ACC_RDONLY, list.get()), H5Fclose};
}

class Walk {
 public:
  explicit Walk(const Source& source) : source_(source), file_(open_file(source)) {}

  Index run() {
    if (!file_) return {};
    return group(Id(H5Oopen(file_.get(), "/", H5P_DEFAULT), H5Oclose), 0);
  }

 private:
  Index group(const Id& group, int depth) {
    Index result{{"children", Index::object()}, {"attributes", attributes(group.get())}};
    H5O_info_t info;
    if (depth > kDeepest || H5Oget_info(group.get(), &info) < 0 || !visited_.insert(info.addr).second) return result;
    for (const std::string& name : links(group.get())) {
      if (depth == 0 && !source_.has_optimizer &&
          (name == "optimizer_weights" || name == "optimizer" || name == "hoarfrost_weights")) {
        continue;
      }
      if (++n_objects_ > kMostObjects) break;
      const Id object(H5Oopen(group.get(), name.c_str(), H5P_DEFAULT), H5Oclose);
      if (!object) continue;
      if (H5Iget_type(object.get()) == H5I_GROUP) result["children"][name] = this->group(object, depth + 1);
      if (H5Iget_type(object.get()) == H5I_DATASET) result["children"][name] = dataset(object.get());
    }
    return result;
  }

  // Names of links that lead to objects of this very file.
  static std::vector<std::string> links(hid_t group) {
    std::vector<std::string> result;
    const auto add = [](hid_t, const char* name, const H5L_info_t* info, void* data) -> herr_t {
      if (info->type == H5L_TYPE_HARD) static_cast<std::vector<std::string>*>(data)->emplace_back(name);
      return 0;
    };
    hsize_t position = 0;
    H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &position, add, &result);
    return result;
  }

  Index attributes(hid_t object) {
    struct Found {
      const Source& source;
      Index list = Index::object();
    } found{source_};
    const auto add = [](hid_t owner, const char* name, const H5A_info_t*, void* data) -> herr_t {
      auto& target = *static_cast<Found*>(data);
      const Id attribute(H5Aopen(owner, name, H5P_DEFAULT), H5Aclose);
      const auto strings = attribute ? read_strings(attribute.get(), target.source) : std::nullopt;
      target.list[name] = strings ? Index(*strings) : Index();
      return 0;
    };
    hsize_t position = 0;
    H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &position, add, &found);
    return std::move(found.list);
  }

  Index dataset(hid_t dataset) {
    const Id type(H5Dget_type(dataset), H5Tclose);
    const Id space(H5Dget_space(dataset), H5Sclose);
    if (!type || !space || H5Sget_simple_extent_type(space.get()) == H5S_NULL)
      return problem(ErrorCode::kCorrupt, "the dataset holds no values");
    const DType dtype = dtype_of_type(type.get());
    if (dtype == DType::kInvalid)
      return problem(ErrorCode::kUnsupported, "expected numbers, found values of another type");
    hsize_t sizes[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_dims(space.get(), sizes, nullptr);
    Index shape = Index::array();
    uint64_t n_bytes = dtype_size(dtype);
    for (int axis = 0; axis < rank; ++axis) {
      shape.push_back(sizes[axis]);
      if (__builtin_mul_overflow(n_bytes, sizes[axis], &n_bytes) || n_bytes > INT64_MAX) return claims(UINT64_MAX);
    }
    if (Index refusal = check_layout(dataset, n_bytes, dtype_size(dtype)); !refusal.is_null()) return refusal;
    Index result{{"dtype", static_cast<int>(dtype)}, {"shape", std::move(shape)}};
    const Id ours = type_of_dtype(dtype);
    const haddr_t offset = H5Dget_offset(dataset);
    const bool is_ours = !ours || H5Tequal(type.get(), ours.get()) > 0;
    if (is_ours && offset != HADDR_UNDEF && n_bytes > 0 && offset <= source_.n_bytes() &&
        n_bytes <= source_.n_bytes() - offset)
      result["offset"] = offset;
    return result;
  }

  Index claims(uint64_t n_bytes) const {
    return problem(ErrorCode::kCorrupt, fmt::format("claims {} bytes in a file of {}", n_bytes, source_.n_bytes()));
  }

  // null, or why the values cannot be read.
  Index check_layout(hid_t dataset, uint64_t n_bytes, size_t element_size) const {
    const Id list(H5Dget_create_plist(dataset), H5Pclose);
    if (!list) return problem(ErrorCode::kCorrupt, "the dataset's layout cannot be read");
    const H5D_layout_t layout = H5Pget_layout(list.get());
    if (layout == H5D_VIRTUAL || H5Pget_external_count(list.get()) > 0) {
      return problem(ErrorCode::kUnsupported, "the values are in another file; copy them into this one (h5repack)");
    }
    for (int i = 0; i < H5Pget_nfilters(list.get()); ++i) {
      unsigned flags = 0;
      size_t n_values = 0;
      char name[64] = "";
      const H5Z_filter_t filter =
          H5Pget_filter2(list.get(), static_cast<unsigned>(i), &flags, &n_values, nullptr, sizeof(name), name, nullptr);
      if (filter < 0 || H5Zfilter_avail(filter) <= 0) {
        return problem(
            ErrorCode::kUnsupported,
            fmt::format("compressed with filter {}, which is not at hand; repack the file with h5repack -f NONE",
                        filter));
      }
    }
    uint64_t largest = n_bytes;
    if (layout == H5D_CHUNKED) {
      hsize_t sizes[H5S_MAX_RANK];
      const int rank = H5Pget_chunk(list.get(), H5S_MAX_RANK, sizes);
      uint64_t chunk_bytes = element_size;
      for (int axis = 0; axis < rank; ++axis) {
        if (__builtin_mul_overflow(chunk_bytes, sizes[axis], &chunk_bytes)) chunk_bytes = UINT64_MAX;
      }
      largest = std::max(largest, chunk_bytes);
    }
    return largest / kMostInflation > source_.n_bytes() ? claims(largest) : Index();
  }

  const Source& source_;
  Id file_;
  std::set<haddr_t> visited_;
  size_t n_objects_ = 0;
};

}  // namespace

Index walk(const Source& source) { return Walk(source).run(); }

std::vector<std::byte> read_values(const Source& source, std::string_view path, const std::optional<RowRange>& rows) {
  const Id file = open_file(source);
  const Id dataset(file ? H5Dopen2(file.get(), std::string(path).c_str(), H5P_DEFAULT) : -1, H5Dclose);
  const Id type(dataset ? H5Dget_type(dataset.get()) : -1, H5Tclose);
  const Id space(dataset ? H5Dget_space(dataset.get()) : -1, H5Sclose);
  if (!type || !space) return {};
  hsize_t sizes[H5S_MAX_RANK];
  const int rank = H5Sget_simple_extent_dims(space.get(), sizes, nullptr);
  if (rows) {
    if (rank < 1) return {};
    hsize_t begin[H5S_MAX_RANK] = {rows->first};
    sizes[0] = rows->n;
    if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, begin, nullptr, sizes, nullptr) < 0) return {};
  }
  const Id memory(H5Screate_simple(std::max(rank, 0), sizes, nullptr), H5Sclose);
  const DType dtype = dtype_of_type(type.get());
  const Id ours = type_of_dtype(dtype);
  std::vector<std::byte> result(static_cast<size_t>(H5Sget_select_npoints(space.get())) * dtype_size(dtype));
  if (H5Dread(dataset.get(), ours ? ours.get() : type.get(), rows ? memory.get() : H5S_ALL,
              rows ? space.get() : H5S_ALL, H5P_DEFAULT, result.data()) < 0)
    return {};
  return result;
}

}  // namespace hoarfrost::hdf5
