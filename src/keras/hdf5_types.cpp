#include "keras/hdf5_id.h"

namespace hoarfrost::keras::hdf5 {
namespace {

std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

// IEEE half precision, of which libhdf5 1.10 has no name.
Id half_type() {
  Id type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  H5Tset_fields(type.get(), 15, 10, 5, 0, 10);
  H5Tset_size(type.get(), 2);
  H5Tset_ebias(type.get(), 15);
  return type;
}

DType integer_type(hid_t type) {
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  switch (H5Tget_size(type)) {
    case 1: return is_signed ? DType::kInt8 : DType::kUInt8;
    case 2: return is_signed ? DType::kInt16 : DType::kUInt16;
    case 4: return is_signed ? DType::kInt32 : DType::kUInt32;
    case 8: return is_signed ? DType::kInt64 : DType::kUInt64;
    default: return DType::kInvalid;
  }
}

// Without what pads it: zeros after the first, or spaces at the end.
std::string unpadded(const char* text, size_t n, H5T_str_t padding) {
  std::string result(text, n);
  if (padding == H5T_STR_SPACEPAD) {
    result.erase(result.find_last_not_of(' ') + 1);
  } else if (const size_t end = result.find('\0'); end != std::string::npos) {
    result.resize(end);
  }
  return result;
}

}  // namespace

Entry::Entry() : lock_(library_mutex()) {
  static const bool is_prepared = [] { return H5PLset_loading_state(0) >= 0; }();  // no plug-ins: they are foreign code
  (void)is_prepared;
  H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Entry::~Entry() { H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_); }

std::optional<std::vector<std::string>> read_strings(hid_t attribute, uint64_t max_bytes) {
  const Id type(H5Aget_type(attribute), H5Tclose);
  const Id space(H5Aget_space(attribute), H5Sclose);
  if (!type || !space) return {};
  const hssize_t n = H5Sget_simple_extent_npoints(space.get());
  if (n == 0) return std::vector<std::string>{};
  if (n < 0 || H5Tget_class(type.get()) != H5T_STRING) return {};

  const size_t count = static_cast<size_t>(n);
  const size_t size = H5Tget_size(type.get());
  if (size == 0 || count > max_bytes / size) return {};
  std::vector<std::string> result;
  result.reserve(count);
  const Id memory(H5Tcopy(type.get()), H5Tclose);
  if (H5Tis_variable_str(type.get()) > 0) {
    std::vector<char*> pointers(count, nullptr);
    const bool is_read = H5Aread(attribute, memory.get(), pointers.data()) >= 0;
    for (const char* text : pointers) result.emplace_back(text == nullptr ? "" : text);
    H5Dvlen_reclaim(memory.get(), space.get(), H5P_DEFAULT, pointers.data());
    if (!is_read) return {};
    return result;
  }
  std::vector<char> bytes(count * size);
  if (H5Aread(attribute, memory.get(), bytes.data()) < 0) return {};
  const H5T_str_t padding = H5Tget_strpad(type.get());
  for (size_t i = 0; i < count; ++i) result.push_back(unpadded(&bytes[i * size], size, padding));
  return result;
}

DType dtype_of_type(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: return integer_type(type);
    case H5T_ENUM: return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 ? DType::kBool : DType::kInvalid;
    case H5T_FLOAT:
      switch (H5Tget_size(type)) {
        case 2: return DType::kFloat16;
        case 4: return DType::kFloat32;
        case 8: return DType::kFloat64;
        default: return DType::kInvalid;
      }
    case H5T_OPAQUE: return H5Tget_size(type) == 2 ? DType::kBFloat16 : DType::kInvalid;  // as Keras 3 writes it
    default: return DType::kInvalid;
  }
}

Id type_of_dtype(DType dtype) {
  switch (dtype) {
    case DType::kFloat16: return half_type();
    case DType::kFloat32: return {H5Tcopy(H5T_IEEE_F32LE), H5Tclose};
    case DType::kFloat64: return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose};
    case DType::kInt8: return {H5Tcopy(H5T_STD_I8LE), H5Tclose};
    case DType::kInt16: return {H5Tcopy(H5T_STD_I16LE), H5Tclose};
    case DType::kInt32: return {H5Tcopy(H5T_STD_I32LE), H5Tclose};
    case DType::kInt64: return {H5Tcopy(H5T_STD_I64LE), H5Tclose};
    case DType::kUInt8: return {H5Tcopy(H5T_STD_U8LE), H5Tclose};
    case DType::kUInt16: return {H5Tcopy(H5T_STD_U16LE), H5Tclose};
    case DType::kUInt32: return {H5Tcopy(H5T_STD_U32LE), H5Tclose};
    case DType::kUInt64: return {H5Tcopy(H5T_STD_U64LE), H5Tclose};
    default: return {-1, H5Tclose};  // bool and bfloat16 are read in the file's own type
  }
}

}  // namespace hoarfrost::keras::hdf5
