#include "hdf5/driver.h"

#include <hoarfrost/error.h>

#include <cstring>

#include "hdf5/driver_class.h"

namespace hoarfrost::hdf5 {
namespace {

using Input = Handle<const Source>;

constexpr char kMemberName[] = "hoarfrost";  // H5Fopen is given this name: any other is a link to another file

H5FD_t* open_source(const char* name, unsigned flags, hid_t list, haddr_t size) {
  if ((flags & H5F_ACC_RDWR) != 0 || std::strcmp(name, kMemberName) != 0) return nullptr;
  return Input::open(name, flags, list, size);
}

herr_t features(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_ACCUMULATE_METADATA_READ | H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return Input::of(file).target->n_bytes(); }

herr_t read_source(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  return Input::of(file).target->read(address, {static_cast<std::byte*>(buffer), size}) ? 0 : -1;
}

herr_t refuse_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) { return -1; }

hid_t driver() {
  static const hid_t id = [] {
    static H5FD_class_t driver = Input::driver_class("hoarfrost", 200);
    driver.open = open_source;
    driver.query = features;
    driver.get_eof = end_of_file;
    driver.read = read_source;
    driver.write = refuse_write;
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

int64_t access_list(const Source& source) { return access_list_for(source, driver()); }

}  // namespace hoarfrost::hdf5
