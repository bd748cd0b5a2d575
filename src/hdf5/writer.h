// Writes HDF5 files as h5py does: groups, string attributes, contiguous datasets. The bytes go straight to where they
// belong, from each tensor's memory or mapped file: the writer holds none of them.
#pragma once

#include <hoarfrost/file.h>
#include <hoarfrost/tensor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::hdf5 {

class Writer {
 public:
  // The HDF5 file begins at the end of `file`, which must outlive the writer. Throws Error{kIo} when libhdf5 cannot
  // begin.
  explicit Writer(OutputFile& file);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Paths are "/" or "/model_weights/dense/dense/kernel:0"; groups that are missing are made. Throw Error{kIo} naming
  // the path when libhdf5 refuses (a name twice), and for a disk that is full.
  void group(const std::string& path);
  // A scalar string of variable length, UTF-8; of any length, for its bytes lie outside the object's header.
  void text(const std::string& path, const std::string& attribute, const std::string& value);
  // A list of strings of fixed length; one of more than 64,512 bytes is split into equal parts as Keras splits it:
  // `weight_names0`, `weight_names1`, … Without strings it is an empty list of float64, as NumPy makes it. Throws
  // Error{kIo} for a string that is longer.
  void names(const std::string& path, const std::string& attribute, const std::vector<std::string>& values);
  // Throws Error{kUnsupported} for elements that are no integers or IEEE numbers.
  void dataset(const std::string& path, const Tensor& value);

  // To be called last: all of it is then in the file, whose size is the end of it. Throws Error{kIo}.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hoarfrost::hdf5
