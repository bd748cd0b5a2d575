// What the drivers by which libhdf5 reads and writes have in common: a file that is a Target, found through a pointer
// in the access list. libhdf5 knows nothing of the name that it is given.
#pragma once

#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 2)
#include <H5FDdevelop.h>
#endif

#include <cstring>

namespace hoarfrost::hdf5 {

template <typename Target>
struct Handle {
  H5FD_t base;  // libhdf5's part, first
  Target* target;
  haddr_t end_of_addresses;

  static Handle& of(H5FD_t* file) { return *reinterpret_cast<Handle*>(file); }
  static const Handle& of(const H5FD_t* file) { return *reinterpret_cast<const Handle*>(file); }

  static H5FD_t* open(const char*, unsigned, hid_t list, haddr_t) {
    const void* info = H5Pget_driver_info(list);
    if (info == nullptr) return nullptr;
    auto* handle = new Handle{};
    std::memcpy(&handle->target, info,
                sizeof(handle->target));  // NOLINT(bugprone-sizeof-expression): the pointer itself
    return &handle->base;
  }
  static herr_t close(H5FD_t* file) {
    delete &of(file);
    return 0;
  }
  static haddr_t get_end_of_addresses(const H5FD_t* file, H5FD_mem_t) { return of(file).end_of_addresses; }
  static herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t, haddr_t address) {
    of(file).end_of_addresses = address;
    return 0;
  }

  // All but query, get_eof, read and write. `number`: among H5FD_RESERVED's.
  static H5FD_class_t driver_class(const char* name, [[maybe_unused]] int number) {
    H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 2)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = static_cast<H5FD_class_value_t>(H5FD_RESERVED + number);
#endif
    driver.name = name;
    driver.maxaddr = static_cast<haddr_t>(INT64_MAX);
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(Target*);  // NOLINT(bugprone-sizeof-expression)
    driver.open = open;
    driver.close = close;
    driver.get_eoa = get_end_of_addresses;
    driver.set_eoa = set_end_of_addresses;
    for (auto& type : driver.fl_map) type = H5FD_MEM_DEFAULT;
    return driver;
  }
};

// A file access list that makes `target` whatever the name given; -1 when libhdf5 refuses. The target must outlive the
// file.
template <typename Target>
hid_t access_list_for(Target& target, hid_t driver) {
  const hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  const auto* pointer = &target;
  if (list < 0 || H5Pset_driver(list, driver, &pointer) < 0 || H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) < 0)
    return -1;
  return list;
}

}  // namespace hoarfrost::hdf5
