#include "hdf5/writer.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "hdf5/id.h"

namespace hoarfrost::hdf5 {
namespace {

constexpr size_t kLargestAttribute = 64512;  // Keras' HDF5_OBJECT_HEADER_LIMIT

[[noreturn]] void fail(std::string_view path, std::string_view what) {
  throw Error(ErrorCode::kIo, path, fmt::format("HDF5 cannot write {}", what));
}

hid_t checked(hid_t id, std::string_view path, std::string_view what) {
  if (id < 0) fail(path, what);
  return id;
}

Id group_creation() {
  Id list(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(list.get(), 1);
  return list;
}

}  // namespace

struct Writer::State {
  Id file{create(), H5Fclose};

  static hid_t create() {
    constexpr size_t kGrowth = size_t{1} << 20U;
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_core(access.get(), kGrowth, 0);  // in memory
    return checked(H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), "/", "a file");
  }

  [[nodiscard]] Id open(const std::string& path) const {
    return {checked(H5Oopen(file.get(), path.c_str(), H5P_DEFAULT), path, "this group"), H5Oclose};
  }
};

Writer::Writer() : state_(std::make_unique<State>()) {}
Writer::~Writer() = default;

void Writer::group(const std::string& path) {
  if (path == "/" || H5Lexists(state_->file.get(), path.c_str(), H5P_DEFAULT) > 0) return;
  const Id list = group_creation();
  const Id made(checked(H5Gcreate2(state_->file.get(), path.c_str(), list.get(), H5P_DEFAULT, H5P_DEFAULT), path, "this group"), H5Gclose);
}

void Writer::text(const std::string& path, const std::string& attribute, const std::string& value) {
  const Id object = state_->open(path);
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id made(checked(H5Acreate2(object.get(), attribute.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), path, attribute), H5Aclose);
  const char* bytes = value.c_str();
  if (H5Awrite(made.get(), type.get(), static_cast<const void*>(&bytes)) < 0) fail(path, attribute);
}

void Writer::names(const std::string& path, const std::string& attribute, const std::vector<std::string>& values) {
  size_t length = 1;
  for (const std::string& value : values) length = std::max(length, value.size());
  const size_t n_at_once = std::max<size_t>(kLargestAttribute / length, 1);
  const Id object = state_->open(path);
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), length);
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  for (size_t first = 0, part = 0; first == 0 || first < values.size(); first += n_at_once, ++part) {
    const hsize_t n = std::min(n_at_once, values.size() - first);
    std::string bytes(n * length, '\0');
    for (size_t i = 0; i < n; ++i) std::ranges::copy(values[first + i], bytes.begin() + static_cast<std::ptrdiff_t>(i * length));
    const std::string name = values.size() > n_at_once ? fmt::format("{}{}", attribute, part) : attribute;
    const Id space(H5Screate_simple(1, &n, nullptr), H5Sclose);
    const Id made(checked(H5Acreate2(object.get(), name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), path, name), H5Aclose);
    if (n > 0 && H5Awrite(made.get(), type.get(), bytes.data()) < 0) fail(path, name);
  }
}

void Writer::dataset(const std::string& path, const Tensor& value) {
  const Id list = group_creation();
  std::vector<hsize_t> sizes(value.shape().sizes().begin(), value.shape().sizes().end());
  const Id space(sizes.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), H5Sclose);
  const Id type = type_of_dtype(value.dtype());
  const Id made(checked(H5Dcreate2(state_->file.get(), path.c_str(), type.get(), space.get(), list.get(), H5P_DEFAULT, H5P_DEFAULT), path, "this dataset"), H5Dclose);
  if (value.n_bytes() == 0) return;
  if (H5Dwrite(made.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, value.bytes().data()) < 0) fail(path, "its values");
}

void Writer::save(const std::filesystem::path& path) {
  if (H5Fflush(state_->file.get(), H5F_SCOPE_GLOBAL) < 0) fail(path.string(), "the file");
  const auto n_bytes = H5Fget_file_image(state_->file.get(), nullptr, 0);
  if (n_bytes <= 0) fail(path.string(), "the file");
  std::vector<std::byte> bytes(static_cast<size_t>(n_bytes));
  if (H5Fget_file_image(state_->file.get(), bytes.data(), bytes.size()) < 0) fail(path.string(), "the file");
  OutputFile out(path);
  out.reserve(bytes.size());
  out.write(bytes);
  out.commit();
}

}  // namespace hoarfrost::hdf5
