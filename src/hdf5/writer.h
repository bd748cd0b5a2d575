// Writes HDF5 files as h5py does: groups, string attributes, contiguous datasets. The file is put together in memory and
// written beside its place, synced and renamed, as every file here.
#pragma once

#include <hoarfrost/tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::hdf5 {

class Writer {
 public:
  // Throws Error{kIo} when libhdf5 cannot begin.
  Writer();
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Paths are "/" or "/model_weights/dense/dense/kernel:0"; groups that are missing are made. Throw Error{kIo} naming the
  // path when libhdf5 refuses (a name twice).
  void group(const std::string& path);
  // A scalar string of variable length, UTF-8.
  void text(const std::string& path, const std::string& attribute, const std::string& value);
  // A list of strings of fixed length; one that is too long for an object's header is split as Keras splits it:
  // `weight_names0`, `weight_names1`, …
  void names(const std::string& path, const std::string& attribute, const std::vector<std::string>& values);
  void dataset(const std::string& path, const Tensor& value);

  // Throws Error{kIo}: the file at `path` is then as it was.
  void save(const std::filesystem::path& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hoarfrost::hdf5
