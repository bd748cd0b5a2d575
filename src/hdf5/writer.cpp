#include "hdf5/writer.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "hdf5/id.h"
#include "hdf5/output_driver.h"

namespace hoarfrost::hdf5 {
namespace {

constexpr size_t kLargestAttribute = 64512;  // Keras' HDF5_OBJECT_HEADER_LIMIT

hid_t begin(Sink& sink) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Id list(access_list(sink), H5Pclose);
  return list ? H5Fcreate("hoarfrost", H5F_ACC_TRUNC, H5P_DEFAULT, list.get()) : -1;
}

Id with_groups() {
  Id list(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(list.get(), 1);
  return list;
}

}  // namespace

struct Writer::State {
  Sink sink;
  hid_t file;

  explicit State(OutputFile& out) : sink{out, out.size(), nullptr}, file(begin(sink)) {
    if (file < 0) fail("/", "a file");
  }
  ~State() {
    if (file >= 0) H5Fclose(file);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void check() const {
    if (sink.error) std::rethrow_exception(sink.error);
  }

  // What the disk said tells more than what libhdf5 says of it.
  [[noreturn]] void fail(std::string_view path, std::string_view what) const {
    check();
    throw Error(ErrorCode::kIo, path, fmt::format("HDF5 cannot write {}", what));
  }

  [[nodiscard]] Id open(const std::string& path) const {
    Id object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object) fail(path, "this group");
    return object;
  }

  void attribute(const Id& object, const std::string& path, const std::string& name, const Id& type, const Id& space,
                 const void* values) const {
    const Id made(H5Acreate2(object.get(), name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    if (!made || (values != nullptr && H5Awrite(made.get(), type.get(), values) < 0))
      fail(path, fmt::format("the attribute `{}`", name));
  }
};

Writer::Writer(OutputFile& file) : state_(std::make_unique<State>(file)) {}
Writer::~Writer() = default;

void Writer::group(const std::string& path) {
  if (path == "/") return;
  const Id found(H5Gopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Gclose);
  if (found) return;
  const Id list = with_groups();
  const Id made(H5Gcreate2(state_->file, path.c_str(), list.get(), H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!made) state_->fail(path, "this group");
}

void Writer::text(const std::string& path, const std::string& attribute, const std::string& value) {
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const char* bytes = value.c_str();
  state_->attribute(state_->open(path), path, attribute, type, space, static_cast<const void*>(&bytes));
}

void Writer::names(const std::string& path, const std::string& attribute, const std::vector<std::string>& values) {
  const Id object = state_->open(path);
  size_t length = 1;
  for (const std::string& value : values) length = std::max(length, value.size());
  if (length > kLargestAttribute)
    throw Error(
        ErrorCode::kIo, path,
        fmt::format("a name in `{}` has {} bytes, HDF5 and Keras take {}", attribute, length, kLargestAttribute));
  const Id strings(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(strings.get(), length);
  H5Tset_strpad(strings.get(), H5T_STR_NULLPAD);
  const Id doubles(H5Tcopy(H5T_IEEE_F64LE), H5Tclose);
  // numpy.array_split: the first parts have one more. Keras takes the fewest parts of which none is too large.
  size_t n_parts = 1;
  while ((values.size() + n_parts - 1) / n_parts * length > kLargestAttribute) ++n_parts;
  size_t first = 0;
  for (size_t part = 0; part < n_parts; ++part) {
    const hsize_t n = values.size() / n_parts + (part < values.size() % n_parts ? 1 : 0);
    std::string bytes(n * length, '\0');
    for (size_t i = 0; i < n; ++i)
      std::ranges::copy(values[first + i], bytes.begin() + static_cast<std::ptrdiff_t>(i * length));
    first += n;
    const Id space(H5Screate_simple(1, &n, nullptr), H5Sclose);
    const std::string name = n_parts > 1 ? fmt::format("{}{}", attribute, part) : attribute;
    state_->attribute(object, path, name, values.empty() ? doubles : strings, space, n > 0 ? bytes.data() : nullptr);
  }
}

void Writer::dataset(const std::string& path, const Tensor& value) {
  const Id type = type_of_dtype(value.dtype());
  if (!type)
    throw Error(ErrorCode::kUnsupported, path,
                fmt::format("values of {} have no place in a Keras file", dtype_name(value.dtype())));
  const Id links = with_groups();
  const Id list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(list.get(), 0);  // the same model, the same bytes
  const std::vector<hsize_t> sizes(value.shape().sizes().begin(), value.shape().sizes().end());
  const Id space(
      sizes.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
      H5Sclose);
  const Id made(H5Dcreate2(state_->file, path.c_str(), type.get(), space.get(), links.get(), list.get(), H5P_DEFAULT),
                H5Dclose);
  if (!made) state_->fail(path, "this dataset");
  if (value.n_bytes() == 0) return;
  if (H5Dwrite(made.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, value.bytes().data()) < 0)
    state_->fail(path, "its values");
  value.release();
  state_->check();
}

void Writer::finish() {
  const bool is_flushed = H5Fflush(state_->file, H5F_SCOPE_GLOBAL) >= 0;
  const bool is_closed = H5Fclose(std::exchange(state_->file, -1)) >= 0;
  if (!is_flushed || !is_closed) state_->fail("/", "the file");
  state_->check();
}

}  // namespace hoarfrost::hdf5
