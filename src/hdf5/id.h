// What the sources that call libhdf5 share: identifiers that close themselves, types and strings.
#pragma once

#include <hdf5.h>
#include <hoarfrost/tensor.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hdf5/driver.h"

namespace hoarfrost::hdf5 {

// Owns an identifier; negative is none.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id(hid_t id, Close close) : id_(id), close_(close) {}
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  Id& operator=(Id&&) = delete;
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  [[nodiscard]] hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_;
  Close close_;
};

// The strings of an attribute, of fixed or variable length; an empty list for one without elements, whatever its type.
// nullopt when they cannot be read or are no strings.
std::optional<std::vector<std::string>> read_strings(hid_t attribute, const Source& source);
// To be called once, before read_strings.
bool prepare_strings();

// The element type of a dataset's type; kInvalid when it is none of ours. bool is an enumeration of two on int8.
DType dtype_of_type(hid_t type);
// libhdf5's type of our elements in memory and, little-endian, in files.
Id type_of_dtype(DType dtype);

}  // namespace hoarfrost::hdf5
