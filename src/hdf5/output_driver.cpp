#include "hdf5/output_driver.h"

#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 2)
#include <H5FDdevelop.h>
#endif

#include <algorithm>
#include <cstring>

namespace hoarfrost::hdf5 {
namespace {

struct Handle {
  H5FD_t base;  // libhdf5's part, first
  Sink* sink;
  haddr_t end_of_addresses;
  haddr_t end_of_file;
};

Handle* handle_of(H5FD_t* file) { return reinterpret_cast<Handle*>(file); }
const Handle* handle_of(const H5FD_t* file) { return reinterpret_cast<const Handle*>(file); }

H5FD_t* open_sink(const char*, unsigned, hid_t list, haddr_t) {
  const void* info = H5Pget_driver_info(list);
  if (info == nullptr) return nullptr;
  auto* handle = new Handle{};
  std::memcpy(&handle->sink, info, sizeof(handle->sink));  // NOLINT(bugprone-sizeof-expression): the pointer itself
  return &handle->base;
}

herr_t close_sink(H5FD_t* file) {
  delete handle_of(file);
  return 0;
}

herr_t features(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t end_of_addresses(const H5FD_t* file, H5FD_mem_t) { return handle_of(file)->end_of_addresses; }

herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  handle_of(file)->end_of_addresses = address;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return handle_of(file)->end_of_file; }

// libhdf5 is C: no exception may pass through it.
template <typename Work>
void guarded(Sink& sink, const Work& work) {
  if (sink.error) return;
  try {
    work();
  } catch (...) {
    sink.error = std::current_exception();
  }
}

herr_t read_sink(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  const Handle& handle = *handle_of(file);
  std::memset(buffer, 0, size);
  if (address >= handle.end_of_file) return 0;
  const size_t n = std::min<haddr_t>(size, handle.end_of_file - address);
  guarded(*handle.sink, [&] {
    handle.sink->file.read_at(handle.sink->offset + address, {static_cast<std::byte*>(buffer), n});
  });
  return 0;
}

herr_t write_sink(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
  Handle& handle = *handle_of(file);
  guarded(*handle.sink, [&] {
    handle.sink->file.write_at(handle.sink->offset + address, {static_cast<const std::byte*>(buffer), size});
  });
  handle.end_of_file = std::max<haddr_t>(handle.end_of_file, address + size);
  return 0;
}

// libhdf5 asks for this when it closes: the file is as long as its addresses say, though the last ones were never
// written.
herr_t truncate_sink(H5FD_t* file, hid_t, hbool_t) {
  Handle& handle = *handle_of(file);
  if (handle.end_of_file >= handle.end_of_addresses) return 0;
  constexpr std::byte kZero[1] = {};
  guarded(*handle.sink, [&] { handle.sink->file.write_at(handle.sink->offset + handle.end_of_addresses - 1, kZero); });
  handle.end_of_file = handle.end_of_addresses;
  return 0;
}

hid_t driver() {
  static const hid_t id = [] {
    static H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 2)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = H5FD_RESERVED + 201;
#endif
    driver.name = "hoarfrost_output";
    driver.maxaddr = static_cast<haddr_t>(INT64_MAX);
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(Sink*);  // NOLINT(bugprone-sizeof-expression)
    driver.open = open_sink;
    driver.close = close_sink;
    driver.query = features;
    driver.get_eoa = end_of_addresses;
    driver.set_eoa = set_end_of_addresses;
    driver.get_eof = end_of_file;
    driver.read = read_sink;
    driver.write = write_sink;
    driver.truncate = truncate_sink;
    for (auto& type : driver.fl_map) type = H5FD_MEM_DEFAULT;
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

int64_t access_list(Sink& sink) {
  const hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  const Sink* pointer = &sink;
  if (list < 0 || H5Pset_driver(list, driver(), &pointer) < 0 || H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) < 0)
    return -1;
  return list;
}

}  // namespace hoarfrost::hdf5
