// Numbers as bytes, for other processes of the same program on machines of the same kind.
#pragma once

#include <hoarfrost/error.h>

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hoarfrost::evaluation {

class ByteWriter {
 public:
  template <typename T>
  void put(T value) {
    put_all<T>(std::span<const T>(&value, 1));
  }
  template <typename T>
  void put_all(std::span<const T> values) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Throws Error{kCorrupt} past the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  T get() {
    T value{};
    get_all<T>(std::span<T>(&value, 1));
    return value;
  }
  template <typename T>
  void get_all(std::span<T> values) {
    if (rest_.size() < values.size_bytes())
      throw Error(ErrorCode::kCorrupt, "", "another process sent fewer numbers than expected");
    std::memcpy(values.data(), rest_.data(), values.size_bytes());
    rest_.remove_prefix(values.size_bytes());
  }

 private:
  std::string_view rest_;
};

}  // namespace hoarfrost::evaluation
