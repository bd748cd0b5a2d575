// The driver through which libhdf5 writes: a part of a file that is being written, from an offset to its end.
#pragma once

#include <hoarfrost/file.h>

#include <cstdint>
#include <exception>

namespace hoarfrost::hdf5 {

struct Sink {
  OutputFile& file;
  uint64_t offset = 0;  // where HDF5's address 0 lies
  // The first; what comes after it is passed over, so that libhdf5 can close what it has open.
  std::exception_ptr error = {};
  uint64_t end_of_file = 0;  // HDF5's, from `offset`
};

// A file access list that makes `sink` whatever the name given to H5Fcreate. The sink must outlive the file.
int64_t access_list(Sink& sink);

}  // namespace hoarfrost::hdf5
