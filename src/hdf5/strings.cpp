// Strings of attributes. Those of variable length lie in global heaps, which libhdf5 1.10 reads past their ends where a
// file is damaged (H5HG_read trusts the index it is given). So it only hands us the references here, and the heaps are
// read by us:
//
//   reference (16 bytes)   length u32 | heap's address u64 | index u32
//   heap                   "GCOL" | version 1 | 3 bytes | n_bytes u64 | objects
//   object                 index u16 | references u16 | 4 bytes | n_bytes u64 | data, padded to 8; index 0 is the free
//   rest
//
// (HDF5 File Format Specification 3.0, III.E and IV.B; addresses and sizes of 8 bytes.)
#include <algorithm>
#include <cstring>
#include <map>

#include "hdf5/id.h"

namespace hoarfrost::hdf5 {
namespace {

constexpr size_t kReferenceBytes = 16;
constexpr size_t kHeapHeadBytes = 16;
constexpr size_t kObjectHeadBytes = 16;

// Conversion of variable-length values to opaque bytes: it leaves them as the file has them.
herr_t keep_bytes(hid_t, hid_t to, H5T_cdata_t* data, size_t, size_t, size_t, void*, void*, hid_t) {
  if (data->command != H5T_CONV_INIT) return 0;
  data->need_bkg = H5T_BKG_NO;
  return H5Tget_size(to) == kReferenceBytes ? 0 : -1;
}

template <typename T>
T number_at(const std::vector<std::byte>& bytes, uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

using Heap = std::map<uint32_t, std::string>;

// The objects of the heap at this address; none when it is not one.
Heap read_heap(const Source& source, uint64_t address) {
  std::vector<std::byte> bytes(kHeapHeadBytes);
  if (!source.read(address, bytes) || std::memcmp(bytes.data(), "GCOL", 4) != 0) return {};
  const auto n_bytes = number_at<uint64_t>(bytes, 8);
  if (n_bytes < kHeapHeadBytes || n_bytes > source.n_bytes()) return {};
  bytes.resize(n_bytes);
  if (!source.read(address, bytes)) return {};
  Heap heap;
  for (uint64_t at = kHeapHeadBytes; at + kObjectHeadBytes <= n_bytes;) {
    const auto index = number_at<uint16_t>(bytes, at);
    const auto size = number_at<uint64_t>(bytes, at + 8);
    at += kObjectHeadBytes;
    if (index == 0 || size > n_bytes - at) break;
    heap.emplace(index, std::string(reinterpret_cast<const char*>(bytes.data() + at), size));
    at += (size + 7) / 8 * 8;
  }
  return heap;
}

// Without what pads it: zeros after the first, or spaces at the end.
std::string unpadded(std::string text, H5T_str_t padding) {
  if (padding == H5T_STR_SPACEPAD)
    text.erase(text.find_last_not_of(' ') + 1);
  else
    text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

std::optional<std::vector<std::string>> read_variable(hid_t attribute, size_t n, const Source& source) {
  const Id opaque(H5Tcreate(H5T_OPAQUE, kReferenceBytes), H5Tclose);
  std::vector<std::byte> references(n * kReferenceBytes);
  if (!opaque || H5Aread(attribute, opaque.get(), references.data()) < 0) return {};
  std::map<uint64_t, Heap> heaps;
  std::vector<std::string> result;
  for (size_t i = 0; i < n; ++i) {
    const auto length = number_at<uint32_t>(references, i * kReferenceBytes);
    const auto address = number_at<uint64_t>(references, i * kReferenceBytes + 4);
    const auto index = number_at<uint32_t>(references, i * kReferenceBytes + 12);
    if (length == 0) {
      result.emplace_back();
      continue;
    }
    const auto [heap, is_new] = heaps.try_emplace(address);
    if (is_new) heap->second = read_heap(source, address);
    const auto object = heap->second.find(index);
    if (object == heap->second.end() || object->second.size() < length) return {};
    result.push_back(unpadded(object->second.substr(0, length), H5T_STR_NULLTERM));
  }
  return result;
}

}  // namespace

bool prepare_strings() {
  const Id from(H5Tvlen_create(H5T_NATIVE_CHAR), H5Tclose);
  const Id to(H5Tcreate(H5T_OPAQUE, kReferenceBytes), H5Tclose);
  return H5Tregister(H5T_PERS_SOFT, "hoarfrost", from.get(), to.get(), keep_bytes) >= 0;
}

std::optional<std::vector<std::string>> read_strings(hid_t attribute, const Source& source) {
  const Id type(H5Aget_type(attribute), H5Tclose);
  const Id space(H5Aget_space(attribute), H5Sclose);
  if (!type || !space) return {};
  const hssize_t n = H5Sget_simple_extent_npoints(space.get());
  if (n == 0) return std::vector<std::string>{};
  const size_t size = H5Tget_size(type.get());
  if (n < 0 || H5Tget_class(type.get()) != H5T_STRING || size == 0) return {};
  const bool is_variable = H5Tis_variable_str(type.get()) > 0;
  const size_t count = static_cast<size_t>(n);
  if (count > source.n_bytes() / (is_variable ? kReferenceBytes : size)) return {};
  if (is_variable) return read_variable(attribute, count, source);

  std::string bytes(count * size, '\0');
  if (H5Aread(attribute, type.get(), bytes.data()) < 0) return {};
  std::vector<std::string> result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(unpadded(bytes.substr(i * size, size), H5Tget_strpad(type.get())));
  return result;
}

}  // namespace hoarfrost::hdf5
