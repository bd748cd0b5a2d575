#include "keras/hdf5.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cstring>

#include "keras/hdf5_driver.h"
#include "keras/hdf5_id.h"

namespace hoarfrost::keras::hdf5 {
namespace {

constexpr unsigned char kSignature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
// deflate cannot do better than 1032 to 1, and no honest file says that it holds more than this times its own bytes.
constexpr uint64_t kMostInflation = 4096;

// A file whose parts point at each other could be read for ever: this is many times what any file needs.
uint64_t read_budget(uint64_t n_bytes) { return std::max<uint64_t>(uint64_t{64} << 20U, n_bytes * 16); }

}  // namespace

struct Tree::State {
  Source source;
  std::string place;
  std::optional<Id> file;

  [[noreturn]] void fail(ErrorCode code, std::string_view path, std::string_view message) const {
    throw Error(code, fmt::format("{}:{}", place, path), message);
  }
  [[nodiscard]] uint64_t most_bytes() const { return std::min<uint64_t>(source.n_bytes(), INT64_MAX / kMostInflation) * kMostInflation; }

  // Whether the link is there and leads to an object of this very file.
  [[nodiscard]] bool has_link(hid_t group, const std::string& name) const {
    H5L_info_t info;
    return H5Lexists(group, name.c_str(), H5P_DEFAULT) > 0 && H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) >= 0 &&
           info.type == H5L_TYPE_HARD;
  }

  // The object at the path, looked up one name at a time: libhdf5's own lookup would follow links into other files.
  [[nodiscard]] Id object(std::string_view path) const { return descend(Id(H5Oopen(file->get(), "/", H5P_DEFAULT), H5Oclose), path); }

  [[nodiscard]] Id descend(Id from, std::string_view path) const {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (path.empty() || !from) return from;
    const std::string name(path.substr(0, path.find('/')));
    if (H5Iget_type(from.get()) != H5I_GROUP || !has_link(from.get(), name)) return {-1, H5Oclose};
    return descend(Id(H5Oopen(from.get(), name.c_str(), H5P_DEFAULT), H5Oclose), path.substr(name.size()));
  }

  [[nodiscard]] std::optional<std::vector<std::string>> strings(std::string_view path, const std::string& attribute) const {
    const Id found = object(path);
    if (!found || H5Aexists(found.get(), attribute.c_str()) <= 0) return {};
    const Id opened(H5Aopen(found.get(), attribute.c_str(), H5P_DEFAULT), H5Aclose);
    auto result = opened ? read_strings(opened.get(), source) : std::nullopt;
    if (!result) fail(ErrorCode::kCorrupt, path, fmt::format("attribute `{}`: expected strings, found what cannot be read as such", attribute));
    return result;
  }

  [[nodiscard]] Tensor view(hid_t dataset, DType dtype, const Shape& shape) const;
  [[nodiscard]] Tensor read(hid_t dataset, hid_t type, DType dtype, const Shape& shape, std::string_view path) const;
  void check_layout(hid_t dataset, uint64_t n_bytes, size_t element_size, std::string_view path) const;
};

// The values where they lie; an empty tensor when they are not in one piece, or not in our byte order.
Tensor Tree::State::view(hid_t dataset, DType dtype, const Shape& shape) const {
  const haddr_t offset = H5Dget_offset(dataset);
  const uint64_t n_bytes = static_cast<uint64_t>(shape.n_elements()) * dtype_size(dtype);
  if (offset == HADDR_UNDEF || offset > source.n_bytes() || n_bytes > source.n_bytes() - offset || n_bytes == 0) return {};
  if (source.range.file) return {dtype, shape, FileRange{source.range.file, source.range.offset + offset, n_bytes}};
  return {dtype, shape, {source.memory->data() + offset, n_bytes}, source.memory};
}

void Tree::State::check_layout(hid_t dataset, uint64_t n_bytes, size_t element_size, std::string_view path) const {
  const Id list(H5Dget_create_plist(dataset), H5Pclose);
  if (!list) fail(ErrorCode::kCorrupt, path, "the dataset's layout cannot be read");
  const H5D_layout_t layout = H5Pget_layout(list.get());
  if (layout == H5D_VIRTUAL || H5Pget_external_count(list.get()) > 0) {
    fail(ErrorCode::kUnsupported, path, "the values are in another file; copy them into this one (h5repack)");
  }
  uint64_t chunk_bytes = 0;
  if (layout == H5D_CHUNKED) {
    hsize_t sizes[H5S_MAX_RANK];
    const int rank = H5Pget_chunk(list.get(), H5S_MAX_RANK, sizes);
    chunk_bytes = element_size;
    for (int axis = 0; axis < rank; ++axis) {
      if (__builtin_mul_overflow(chunk_bytes, sizes[axis], &chunk_bytes)) chunk_bytes = UINT64_MAX;
    }
  }
  for (int i = 0; i < H5Pget_nfilters(list.get()); ++i) {
    unsigned flags = 0;
    size_t n_values = 0;
    char name[64] = "";
    const H5Z_filter_t filter = H5Pget_filter2(list.get(), static_cast<unsigned>(i), &flags, &n_values, nullptr, sizeof(name), name, nullptr);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0) {
      fail(ErrorCode::kUnsupported, path, fmt::format("compressed with filter {} ({}), which is not at hand; repack the file with h5repack -f NONE", filter, name));
    }
  }
  if (const uint64_t largest = std::max(n_bytes, chunk_bytes); largest > most_bytes()) {
    fail(ErrorCode::kCorrupt, path, fmt::format("claims {} bytes in a file of {}", largest, source.n_bytes()));
  }
}

Tensor Tree::State::read(hid_t dataset, hid_t type, DType dtype, const Shape& shape, std::string_view path) const {
  Tensor result(dtype, shape);
  if (result.n_bytes() == 0) return result;
  const Id ours = type_of_dtype(dtype);
  if (H5Dread(dataset, ours ? ours.get() : type, H5S_ALL, H5S_ALL, H5P_DEFAULT, result.mutable_bytes().data()) < 0) {
    fail(ErrorCode::kCorrupt, path, "the values cannot be read: the file is damaged or cut short");
  }
  return result;
}

bool is_hdf5(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof(kSignature) && std::memcmp(bytes.data(), kSignature, sizeof(kSignature)) == 0;
}

std::string join(std::string_view group, std::string_view name) {
  if (group.empty() || group == "/") return fmt::format("/{}", name);
  return fmt::format("{}/{}", group, name);
}

Tree::Tree(std::unique_ptr<State> state) : state_(std::move(state)) {
  const Entry entry;
  state_->source.read_budget = read_budget(state_->source.n_bytes());
  const Id list(access_list(state_->source), H5Pclose);
  state_->file.emplace(H5Fopen("hoarfrost", H5F_ACC_RDONLY, list.get()), H5Fclose);
  if (!*state_->file) {
    throw Error(ErrorCode::kCorrupt, state_->place, "begins like HDF5 but cannot be opened: damaged, or cut short (was the download complete?)");
  }
}

std::shared_ptr<const Tree> Tree::open(FileRange range, std::string place) {
  auto state = std::make_unique<State>();
  state->source.range = std::move(range);
  state->place = std::move(place);
  return std::shared_ptr<const Tree>(new Tree(std::move(state)));
}

std::shared_ptr<const Tree> Tree::open(std::shared_ptr<const std::vector<std::byte>> bytes, std::string place) {
  auto state = std::make_unique<State>();
  state->source.memory = std::move(bytes);
  state->place = std::move(place);
  return std::shared_ptr<const Tree>(new Tree(std::move(state)));
}

Tree::~Tree() {
  const Entry entry;
  state_->file.reset();
}

std::string Tree::where(std::string_view path) const { return fmt::format("{}:{}", state_->place, path); }

Kind Tree::kind(std::string_view path) const {
  const Entry entry;
  const Id found = state_->object(path);
  if (!found) return Kind::kNothing;
  const H5I_type_t type = H5Iget_type(found.get());
  return type == H5I_GROUP ? Kind::kGroup : type == H5I_DATASET ? Kind::kDataset : Kind::kNothing;
}

std::vector<std::string> Tree::children(std::string_view path) const {
  const Entry entry;
  const Id group = state_->object(path);
  std::vector<std::string> result;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
    static_cast<std::vector<std::string>*>(data)->emplace_back(name);
    return 0;
  };
  hsize_t position = 0;
  if (!group || H5Iget_type(group.get()) != H5I_GROUP || H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_INC, &position, add, &result) < 0) {
    state_->fail(ErrorCode::kCorrupt, path, "expected a group, found none that can be read");
  }
  return result;
}

std::optional<std::string> Tree::text(std::string_view path, std::string_view attribute) const {
  const Entry entry;
  const auto strings = state_->strings(path, std::string(attribute));
  if (!strings) return {};
  if (strings->size() != 1) state_->fail(ErrorCode::kCorrupt, path, fmt::format("attribute `{}`: expected one string, found {}", attribute, strings->size()));
  return strings->front();
}

std::optional<std::vector<std::string>> Tree::names(std::string_view path, std::string_view attribute) const {
  const Entry entry;
  auto result = state_->strings(path, std::string(attribute));
  if (result) return result;
  for (size_t i = 0;; ++i) {
    const auto chunk = state_->strings(path, fmt::format("{}{}", attribute, i));
    if (!chunk) return result;
    if (!result) result.emplace();
    result->insert(result->end(), chunk->begin(), chunk->end());
  }
}

Tensor Tree::dataset(std::string_view path) const {
  const Entry entry;
  const Id dataset = state_->object(path);
  if (!dataset || H5Iget_type(dataset.get()) != H5I_DATASET) state_->fail(ErrorCode::kCorrupt, path, "expected a dataset, found none");
  const Id type(H5Dget_type(dataset.get()), H5Tclose);
  const Id space(H5Dget_space(dataset.get()), H5Sclose);
  if (!type || !space || H5Sget_simple_extent_type(space.get()) == H5S_NULL) state_->fail(ErrorCode::kCorrupt, path, "the dataset holds no values");
  const DType dtype = dtype_of_type(type.get());
  if (dtype == DType::kInvalid) state_->fail(ErrorCode::kUnsupported, path, "expected numbers, found values of another type");

  hsize_t sizes[H5S_MAX_RANK];
  const int rank = H5Sget_simple_extent_dims(space.get(), sizes, nullptr);
  Shape shape;
  uint64_t n_bytes = dtype_size(dtype);
  bool fits = rank >= 0;
  for (int axis = 0; axis < rank; ++axis) {
    fits = fits && sizes[axis] <= INT64_MAX && !__builtin_mul_overflow(n_bytes, sizes[axis], &n_bytes);
    if (fits) shape.push_back(static_cast<int64_t>(sizes[axis]));
  }
  state_->check_layout(dataset.get(), fits ? n_bytes : UINT64_MAX, dtype_size(dtype), path);
  const Id ours = type_of_dtype(dtype);
  if (!ours || H5Tequal(type.get(), ours.get()) > 0) {
    if (Tensor tensor = state_->view(dataset.get(), dtype, shape); !tensor.empty()) return tensor;
  }
  return state_->read(dataset.get(), type.get(), dtype, shape, path);
}

}  // namespace hoarfrost::keras::hdf5
