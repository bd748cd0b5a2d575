// For tests: what TensorFlow, Keras and PIL made of the files in tests/golden/data (tools/make_data_goldens.py).
#pragma once

#include <hoarfrost/data.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/resize.h"

namespace hoarfrost::data::testing_support {

inline std::filesystem::path golden_path(const std::string& name) {
  return std::filesystem::path(HOARFROST_GOLDEN) / "data" / name;
}

inline std::vector<std::byte> bytes_of_file(const std::filesystem::path& path) {
  const auto file = File::open(path);
  return {file->bytes().begin(), file->bytes().end()};
}

inline Picture picture_of(const Tensor& array) {
  const auto values = array.values<uint8_t>();
  return {array.shape()[0], array.shape()[1], array.shape()[2], {values.begin(), values.end()}};
}

inline std::vector<float> floats_of(const Tensor& array) {
  const Tensor floats = array.cast(DType::kFloat32).aligned();
  const auto values = floats.values<float>();
  return {values.begin(), values.end()};
}

}  // namespace hoarfrost::data::testing_support
