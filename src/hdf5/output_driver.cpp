#include "hdf5/output_driver.h"

#include <algorithm>
#include <cstring>

#include "hdf5/driver_class.h"

namespace hoarfrost::hdf5 {
namespace {

using Output = Handle<Sink>;

herr_t features(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return Output::of(file).target->end_of_file; }

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
  Sink& sink = *Output::of(file).target;
  std::memset(buffer, 0, size);
  if (address >= sink.end_of_file) return 0;
  const size_t n = std::min<haddr_t>(size, sink.end_of_file - address);
  guarded(sink, [&] { sink.file.read_at(sink.offset + address, {static_cast<std::byte*>(buffer), n}); });
  return 0;
}

herr_t write_sink(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
  Sink& sink = *Output::of(file).target;
  guarded(sink, [&] { sink.file.write_at(sink.offset + address, {static_cast<const std::byte*>(buffer), size}); });
  sink.end_of_file = std::max<haddr_t>(sink.end_of_file, address + size);
  return 0;
}

// libhdf5 asks for this when it closes: the file is as long as its addresses say, though the last ones were never
// written.
herr_t truncate_sink(H5FD_t* file, hid_t, hbool_t) {
  Sink& sink = *Output::of(file).target;
  const haddr_t end = Output::of(file).end_of_addresses;
  if (sink.end_of_file >= end) return 0;
  constexpr std::byte kZero[1] = {};
  guarded(sink, [&] { sink.file.write_at(sink.offset + end - 1, kZero); });
  sink.end_of_file = end;
  return 0;
}

hid_t driver() {
  static const hid_t id = [] {
    static H5FD_class_t driver = Output::driver_class("hoarfrost_output", 201);
    driver.query = features;
    driver.get_eof = end_of_file;
    driver.read = read_sink;
    driver.write = write_sink;
    driver.truncate = truncate_sink;
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

int64_t access_list(Sink& sink) { return access_list_for(sink, driver()); }

}  // namespace hoarfrost::hdf5
