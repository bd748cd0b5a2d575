// .npz and .npy: NumPy's arrays in files.
#include "data/npz.h"

#include <fmt/format.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "data/npy_text.h"

namespace hoarfrost::data {
namespace {

constexpr uint64_t kMaxHeaderBytes = 1 << 16;  // a dictionary of three keys

// The bytes of one .npy, in memory or in the file.
struct Npy {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  const FileRange* range = nullptr;  // nullptr: in memory
};

// From Fortran's order (first axis fastest) to C's.
Tensor transposed(const Tensor& fortran) {
  const Shape& shape = fortran.shape();
  Tensor result(fortran.dtype(), shape);
  const auto source = fortran.bytes();
  const auto target = result.mutable_bytes();
  const size_t n_bytes = dtype_size(fortran.dtype());
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()), 1);
  for (size_t axis = 1; axis < strides.size(); ++axis) strides[axis] = strides[axis - 1] * shape.sizes()[axis - 1];
  std::vector<int64_t> position(strides.size(), 0);
  int64_t from = 0;
  for (int64_t to = 0; to < shape.n_elements(); ++to) {
    std::memcpy(target.data() + static_cast<size_t>(to) * n_bytes, source.data() + static_cast<size_t>(from) * n_bytes,
                n_bytes);
    for (size_t axis = strides.size(); axis-- > 0;) {
      from += strides[axis];
      if (++position[axis] < shape.sizes()[axis]) break;
      from -= strides[axis] * shape.sizes()[axis];
      position[axis] = 0;
    }
  }
  return result;
}

// Values that are neither 0 nor 1 may not be looked at as bool.
void normalize_bools(std::span<std::byte> bytes) {
  for (std::byte& b : bytes) b = b == std::byte{0} ? std::byte{0} : std::byte{1};
}

void expect_size(const NpyHeader& header, uint64_t n_bytes_npy, const std::string& where) {
  uint64_t n_bytes = header.n_element_bytes();
  for (const int64_t size : header.shape.sizes()) {
    if (__builtin_mul_overflow(n_bytes, static_cast<uint64_t>(size), &n_bytes)) n_bytes = UINT64_MAX;
    if (n_bytes == UINT64_MAX) break;
  }
  const uint64_t n_there = n_bytes_npy - header.n_bytes;
  if (n_bytes == n_there) return;
  throw Error(ErrorCode::kCorrupt, where,
              fmt::format("expected {} bytes for a {} array {}, found {}", n_bytes, dtype_name(header.dtype),
                          header.shape.to_string(), n_there));
}

Tensor tensor_of(const Npy& npy, const std::string& where) {
  const NpyHeader header =
      NpyHeader::parse(npy.bytes.first(std::min<size_t>(npy.bytes.size(), kMaxHeaderBytes)), where, true);
  expect_size(header, npy.bytes.size(), where);
  if (header.dtype == DType::kString) return texts_of(header, npy.bytes.subspan(header.n_bytes), where);
  const uint64_t n_bytes = npy.bytes.size() - header.n_bytes;
  if (npy.range != nullptr && !header.is_big_endian && !header.is_fortran_order && header.dtype != DType::kBool) {
    return Tensor(header.dtype, header.shape, FileRange{npy.range->file, npy.range->offset + header.n_bytes, n_bytes});
  }
  Tensor tensor(header.dtype, header.shape, npy.bytes.subspan(header.n_bytes), npy.owner);
  if (header.is_big_endian || header.dtype == DType::kBool) {
    Tensor copy(header.dtype, header.shape);
    std::memcpy(copy.mutable_bytes().data(), tensor.bytes().data(), n_bytes);
    if (header.is_big_endian) swap_bytes(copy.mutable_bytes(), header.dtype);
    if (header.dtype == DType::kBool) normalize_bools(copy.mutable_bytes());
    tensor = copy;
  }
  return header.is_fortran_order && header.shape.rank() > 1 ? transposed(tensor) : tensor;
}

// A zip archive being written; discarded unless close() succeeds.
class ZipWriter {
 public:
  // place: what errors name.
  ZipWriter(const std::filesystem::path& path, std::filesystem::path place) : path_(std::move(place)) {
    int code = 0;
    zip_ = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (zip_ == nullptr)
      throw Error(ErrorCode::kIo, path_.string(), fmt::format("cannot write it: {}", std::strerror(errno)));
  }
  ~ZipWriter() {
    if (zip_ != nullptr) zip_discard(zip_);
  }
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  // The bytes must live until close().
  void add(const std::string& name, std::span<const std::byte> head, std::span<const std::byte> bytes) {
    const zip_buffer_fragment_t fragments[2] = {{bytes_of(head), head.size()}, {bytes_of(bytes), bytes.size()}};
    zip_source_t* source = zip_source_buffer_fragment(zip_, fragments, bytes.empty() ? 1 : 2, 0);
    if (source == nullptr) fail();
    const int64_t index = zip_file_add(zip_, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      fail();
    }
    const auto i = static_cast<uint64_t>(index);
    constexpr uint16_t kDate1980 = 0x21;  // one time for all: same arrays, same bytes
    if (zip_set_file_compression(zip_, i, ZIP_CM_STORE, 0) != 0 || zip_file_set_dostime(zip_, i, 0, kDate1980, 0) != 0)
      fail();
  }

  void close() {
    if (zip_close(zip_) != 0) fail();
    zip_ = nullptr;
  }

 private:
  static zip_uint8_t* bytes_of(std::span<const std::byte> bytes) {
    return reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(bytes.data()));
  }
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::kIo, path_.string(), fmt::format("cannot write it: {}", zip_strerror(zip_)));
  }

  std::filesystem::path path_;
  zip_t* zip_ = nullptr;
};

}  // namespace

std::string_view without_npy(std::string_view name) {
  return name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name;
}

Tensor read_member(const ZipFile& zip, const ZipMember& member) {
  const std::string where = zip.where(member);
  if (member.stored) {
    const FileRange& range = *member.stored;
    return tensor_of({range.file->bytes().subspan(range.offset, range.n_bytes), range.file, &range}, where);
  }
  const auto bytes = zip.read(member);
  return tensor_of({*bytes, bytes, nullptr}, where);
}

Rows member_rows(const ZipFile& zip, const ZipMember& member) {
  const std::string where(without_npy(zip.where(member)));
  std::vector<std::byte> start(std::min(member.n_bytes, kMaxHeaderBytes));
  if (member.stored)
    member.stored->file->read(member.stored->offset, start);
  else
    zip.open(member)->read(start);
  const NpyHeader header = NpyHeader::parse(start, where);
  expect_size(header, member.n_bytes, where);
  if (header.is_fortran_order && header.shape.rank() > 1) return {read_member(zip, member), where};
  return {stream_member(zip, member, header.n_bytes), header.dtype, header.shape, header.is_big_endian, where};
}

Rows npy_rows(const std::shared_ptr<const File>& file) {
  const std::string where = file->path().string();
  std::vector<std::byte> start(std::min(file->size(), kMaxHeaderBytes));
  file->read(0, start);
  const NpyHeader header = NpyHeader::parse(start, where);
  expect_size(header, file->size(), where);
  const FileRange range{file, header.n_bytes, file->size() - header.n_bytes};
  if (header.is_fortran_order && header.shape.rank() > 1) {
    const FileRange whole{file, 0, file->size()};
    return {tensor_of({file->bytes(), file, &whole}, where), where};
  }
  return {stream_range(range), header.dtype, header.shape, header.is_big_endian, where};
}

NamedTensors read_npz(const std::filesystem::path& path) {
  const auto file = File::open(path);
  if (file->text().starts_with("\x93NUMPY")) {
    const FileRange range{file, 0, file->size()};
    return {{"x", tensor_of({file->bytes(), file, &range}, path.string())}};
  }
  if (!file->text().starts_with("PK"))
    throw Error(ErrorCode::kCorrupt, path.string(), "expected a .npz or .npy, found another format");
  const ZipFile zip(path);
  NamedTensors arrays;
  for (const ZipMember& member : zip.members()) {
    if (!member.name.ends_with('/'))
      arrays.push_back({std::string(without_npy(member.name)), read_member(zip, member)});
  }
  return arrays;
}

const Tensor* find(const NamedTensors& arrays, std::string_view name) {
  const auto found = std::ranges::find(arrays, name, &NamedTensor::name);
  return found == arrays.end() ? nullptr : &found->value;
}

void write_npz(const std::filesystem::path& path, const NamedTensors& arrays) {
  OutputFile place(path);  // makes the folders, and says at once when there is no room to write
  const std::filesystem::path temporary = path.string() + fmt::format(".{}.zip", ::getpid());
  try {
    std::vector<std::string> headers;
    std::vector<std::vector<uint32_t>> texts(arrays.size());
    headers.reserve(arrays.size());
    ZipWriter zip(temporary, path);
    for (const NamedTensor& array : arrays) {
      if (find(arrays, array.name) != &array.value)
        throw Error(ErrorCode::kInvalidArgument, path.string(), fmt::format("two arrays are named `{}`", array.name));
      const bool is_text = array.value.dtype() == DType::kString;
      auto& characters = texts[headers.size()];
      const uint64_t n_characters = is_text ? characters_of(array.value.strings(), characters) : 0;
      headers.push_back(NpyHeader::write(array.value.dtype(), array.value.shape(), n_characters));
      zip.add(array.name + ".npy", std::as_bytes(std::span(headers.back())),
              is_text ? std::as_bytes(std::span(characters)) : array.value.bytes());
    }
    zip.close();
    const auto file = File::open(temporary);
    place.write(FileRange{file, 0, file->size()});
    place.commit();
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
}

}  // namespace hoarfrost::data
