// HDF5, JSON and .keras, by what the bytes hold.
#include <hoarfrost/keras.h>

#include "fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n_bytes) {
  return hoarfrost::fuzz::read_bytes(data, n_bytes,
                                     [](const std::filesystem::path& path) { (void)hoarfrost::keras::load(path); });
}
