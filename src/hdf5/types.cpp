#include "hdf5/id.h"

namespace hoarfrost::hdf5 {
namespace {

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
    case 1:
      return is_signed ? DType::kInt8 : DType::kUInt8;
    case 2:
      return is_signed ? DType::kInt16 : DType::kUInt16;
    case 4:
      return is_signed ? DType::kInt32 : DType::kUInt32;
    case 8:
      return is_signed ? DType::kInt64 : DType::kUInt64;
    default:
      return DType::kInvalid;
  }
}

}  // namespace

DType dtype_of_type(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return integer_type(type);
    case H5T_ENUM:
      return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 ? DType::kBool : DType::kInvalid;
    case H5T_FLOAT:
      switch (H5Tget_size(type)) {
        case 2:
          return DType::kFloat16;
        case 4:
          return DType::kFloat32;
        case 8:
          return DType::kFloat64;
        default:
          return DType::kInvalid;
      }
    case H5T_OPAQUE:
      return H5Tget_size(type) == 2 ? DType::kBFloat16 : DType::kInvalid;  // as Keras 3 writes it
    default:
      return DType::kInvalid;
  }
}

Id type_of_dtype(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return half_type();
    case DType::kFloat32:
      return {H5Tcopy(H5T_IEEE_F32LE), H5Tclose};
    case DType::kFloat64:
      return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose};
    case DType::kInt8:
      return {H5Tcopy(H5T_STD_I8LE), H5Tclose};
    case DType::kInt16:
      return {H5Tcopy(H5T_STD_I16LE), H5Tclose};
    case DType::kInt32:
      return {H5Tcopy(H5T_STD_I32LE), H5Tclose};
    case DType::kInt64:
      return {H5Tcopy(H5T_STD_I64LE), H5Tclose};
    case DType::kUInt8:
      return {H5Tcopy(H5T_STD_U8LE), H5Tclose};
    case DType::kUInt16:
      return {H5Tcopy(H5T_STD_U16LE), H5Tclose};
    case DType::kUInt32:
      return {H5Tcopy(H5T_STD_U32LE), H5Tclose};
    case DType::kUInt64:
      return {H5Tcopy(H5T_STD_U64LE), H5Tclose};
    default:
      return {-1, H5Tclose};  // bool and bfloat16 are read in the file's own type
  }
}

}  // namespace hoarfrost::hdf5
