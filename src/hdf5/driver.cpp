#include "hdf5/driver.h"

#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 2)
#include <H5FDdevelop.h>
#endif
#include <hoarfrost/error.h>

#include <cstring>

namespace hoarfrost::hdf5 {
namespace {

constexpr char kMemberName[] = "hoarfrost";  // H5Fopen is given this name: any other is a link to another file

struct Handle {
  H5FD_t base;  // libhdf5's part, first
  const Source* source;
  haddr_t end_of_addresses;
};

Handle* handle_of(H5FD_t* file) { return reinterpret_cast<Handle*>(file); }
const Handle* handle_of(const H5FD_t* file) { return reinterpret_cast<const Handle*>(file); }

H5FD_t* open_source(const char* name, unsigned flags, hid_t list, haddr_t) {
  if ((flags & H5F_ACC_RDWR) != 0 || std::strcmp(name, kMemberName) != 0) return nullptr;
  const void* info = H5Pget_driver_info(list);
  if (info == nullptr) return nullptr;
  auto* handle = new Handle{};
  std::memcpy(&handle->source, info, sizeof(handle->source));  // NOLINT(bugprone-sizeof-expression): the pointer itself
  return &handle->base;
}

herr_t close_source(H5FD_t* file) {
  delete handle_of(file);
  return 0;
}

herr_t features(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_ACCUMULATE_METADATA_READ | H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t end_of_addresses(const H5FD_t* file, H5FD_mem_t) { return handle_of(file)->end_of_addresses; }

herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  handle_of(file)->end_of_addresses = address;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return handle_of(file)->source->n_bytes(); }

herr_t read_source(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  return handle_of(file)->source->read(address, {static_cast<std::byte*>(buffer), size}) ? 0 : -1;
}

herr_t refuse_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) { return -1; }

hid_t driver() {
  static const hid_t id = [] {
    static H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 2)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = H5FD_RESERVED + 200;
#endif
    driver.name = "hoarfrost";
    driver.maxaddr = static_cast<haddr_t>(INT64_MAX);
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(const Source*);  // NOLINT(bugprone-sizeof-expression)
    driver.open = open_source;
    driver.close = close_source;
    driver.query = features;
    driver.get_eoa = end_of_addresses;
    driver.set_eoa = set_end_of_addresses;
    driver.get_eof = end_of_file;
    driver.read = read_source;
    driver.write = refuse_write;
    for (auto& type : driver.fl_map) type = H5FD_MEM_DEFAULT;
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

bool Source::read(uint64_t offset, std::span<std::byte> destination) const {
  if (offset > n_bytes() || destination.size() > n_bytes() - offset || destination.size() > read_budget) return false;
  read_budget -= destination.size();
  if (!range.file) {
    std::memcpy(destination.data(), memory->data() + offset, destination.size());
    return true;
  }
  try {
    range.file->read(range.offset + offset, destination);
  } catch (const Error&) {
    return false;  // libhdf5 is C: no exception may pass through it
  }
  return true;
}

int64_t access_list(const Source& source) {
  const hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  const Source* pointer = &source;
  if (list < 0 || H5Pset_driver(list, driver(), &pointer) < 0 || H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) < 0) return -1;
  return list;
}

}  // namespace hoarfrost::hdf5
