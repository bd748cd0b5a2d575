#include "keras/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "hdf5/tree.h"

namespace hoarfrost::keras {
namespace {

using namespace std::string_view_literals;

std::string beginning(const File& file, size_t n_most) {
  std::string result(static_cast<size_t>(std::min<uint64_t>(file.size(), n_most)), '\0');
  file.read(0, {reinterpret_cast<std::byte*>(result.data()), result.size()});
  return result;
}

bool is_text(std::string_view bytes) {
  return std::ranges::all_of(
      bytes, [](char c) { return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t'; });
}

struct Sign {
  std::string_view bytes;
  std::string_view meaning;
};

constexpr Sign kSigns[] = {
    {"\x93NUMPY"sv, "a NumPy array"},
    {"\x1f\x8b"sv, "a gzip archive: unpack it first"},
    {"version https://git-lfs"sv, "a Git LFS pointer: fetch the file itself with `git lfs pull`"},
    {"<!DOCTYPE"sv, "a web page: the download did not give the file"},
    {"<html"sv, "a web page: the download did not give the file"},
    {"<?xml"sv, "XML"},
    {"Rar!"sv, "a RAR archive: unpack it first"},
    {"7z\xbc\xaf"sv, "a 7z archive: unpack it first"},
    {"\x7f"
     "ELF"sv,
     "a program"},
};

}  // namespace

FileKind file_kind(const File& file) {
  const std::string start = beginning(file, 4096);
  if (hdf5::is_hdf5(std::as_bytes(std::span(start)))) return FileKind::kHdf5;
  if (start.starts_with("PK\x03\x04"sv) || start.starts_with("PK\x05\x06"sv)) return FileKind::kZip;
  const std::string_view text = start.starts_with("\xef\xbb\xbf") ? std::string_view(start).substr(3) : start;
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[' || text[first] == '"') &&
      is_text(text)) {
    const bool is_tensorflow_js = text.find("\"modelTopology\"") != std::string_view::npos ||
                                  text.find("\"weightsManifest\"") != std::string_view::npos;
    return is_tensorflow_js ? FileKind::kTensorflowJs : FileKind::kJson;
  }
  const bool is_yaml = text.starts_with("class_name:") || text.find("\nclass_name:") != std::string_view::npos;
  if (is_yaml && is_text(text)) return FileKind::kYaml;
  return FileKind::kOther;
}

std::string describe(const File& file) {
  if (file.size() == 0) return "an empty file";
  const std::string start = beginning(file, 512);
  for (const Sign& sign : kSigns) {
    if (start.starts_with(sign.bytes)) return std::string(sign.meaning);
  }
  if (start.size() > 262 && std::string_view(start).substr(257, 5) == "ustar") return "a tar archive: unpack it first";
  if (start.size() > 8 && std::string_view(start).substr(4, 4) == "TFL3")
    return "a TensorFlow Lite model, from which Keras' layers cannot be had back";
  if (start.size() > 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) {
    return "a Python pickle, which only the program that wrote it can read: load it there and save it with "
           "model.save(\"model.h5\")";
  }
  if (std::ranges::all_of(start, [](char c) { return c == '\0'; }))
    return "a file that begins with zeros: damaged, or its download was cut short";
  if (is_text(start)) return "text that is neither JSON nor YAML";
  if (start[0] == '\x0a' || start[0] == '\x08') return "what may be a protobuf (a TensorFlow graph or SavedModel)";
  return fmt::format("{} bytes of another format", file.size());
}

}  // namespace hoarfrost::keras
