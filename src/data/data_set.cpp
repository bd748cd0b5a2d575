// Data sets: which kind a file or folder is, and the batches of any.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "data/source.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKnownKinds =
    "a CSV whose rows start with the label, CIFAR's binary rows or their folder, or a .npz with x and y (or images and "
    "labels)";

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

// CIFAR's files of that split; those of the other one when there are none.
std::vector<fs::path> cifar_files(const fs::path& folder, Split split) {
  std::vector<fs::path> test, train;
  for (const auto& file : files_in(folder)) {
    const std::string name = file.filename().string();
    if (name == "test_batch.bin" || name == "test.bin") test.push_back(file);
    if ((name.starts_with("data_batch_") && name.ends_with(".bin")) || name == "train.bin") train.push_back(file);
  }
  const auto& wanted = split == Split::kTest ? test : train;
  const auto& other = split == Split::kTest ? train : test;
  return wanted.empty() ? other : wanted;
}

// The only .csv or .npz of a folder, or the only one whose name says the split.
fs::path only_file(const fs::path& folder, Split split) {
  std::vector<fs::path> candidates, named;
  std::string names;
  for (const auto& file : files_in(folder)) {
    const std::string extension = file.extension().string();
    if (extension != ".csv" && extension != ".npz") continue;
    candidates.push_back(file);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", file.filename().string());
    if (file.filename().string().find(split == Split::kTest ? "test" : "train") != std::string::npos)
      named.push_back(file);
  }
  if (candidates.size() == 1) return candidates[0];
  if (named.size() == 1) return named[0];
  if (candidates.empty())
    throw Error(ErrorCode::kUnsupported, folder.string(),
                fmt::format("found no data set in the folder: expected {}", kKnownKinds));
  throw Error(ErrorCode::kInvalidArgument, folder.string(),
              fmt::format("holds several data sets; name one of: {}", names));
}

std::unique_ptr<DataSet::Source> open_file(const fs::path& path, const ExampleFormat& format, Split split) {
  const auto file = File::open(path);
  if (file->size() == 0) throw Error(ErrorCode::kCorrupt, path.string(), "the data set is empty");
  std::string start(std::min<uint64_t>(file->size(), 4096), '\0');
  file->read(0, std::as_writable_bytes(std::span(start)));
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) return open_npz(path, format, split);
  if (start.starts_with("\x93NUMPY")) {
    throw Error(ErrorCode::kUnsupported, path.string(),
                "a .npy holds one array: expected examples and labels, as in a .npz with x and y");
  }
  const bool is_text =
      std::ranges::none_of(start, [](unsigned char c) { return c < ' ' && c != '\n' && c != '\r' && c != '\t'; });
  if (is_text && start.find(',') != std::string::npos) return open_csv(path, format);
  if (is_cifar(*file)) return open_cifar({path}, format);
  throw Error(ErrorCode::kUnsupported, path.string(),
              fmt::format("is no data set of a known kind: expected {}", kKnownKinds));
}

std::unique_ptr<DataSet::Source> open_any(const fs::path& path, const ExampleFormat& format, Split split) {
  if (!fs::is_directory(path)) return open_file(path, format, split);
  for (const char* inner : {"", "cifar-10-batches-bin", "cifar-100-binary"}) {
    if (!fs::is_directory(path / inner)) continue;
    const auto files = cifar_files(path / inner, split);
    if (!files.empty()) return open_cifar(files, format);
  }
  return open_file(only_file(path, split), format, split);
}

}  // namespace

Shape shape_of_values(const Shape& wanted, int64_t n_values, const std::string& where) {
  if (!wanted.has_rank()) return {n_values};
  Shape shape = wanted;
  int64_t n_known = 1;
  const auto n_unknown = std::ranges::count(shape.sizes(), kUnknown);
  for (const int64_t size : shape.sizes()) n_known *= size == kUnknown ? 1 : std::max<int64_t>(size, 1);
  const int64_t rest = n_values / n_known;
  const int64_t filler = n_unknown == 2 ? std::llround(std::sqrt(static_cast<double>(rest))) : rest;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == kUnknown) shape[axis] = filler;
  }
  if (n_unknown > 2 || shape.n_elements() != n_values) {
    throw Error(ErrorCode::kMismatch, where,
                fmt::format("its examples have {} values, the model takes {}", n_values, wanted.to_string()));
  }
  return shape;
}

void expect_label(int64_t label, int64_t n_classes, const std::string& where) {
  if (label >= 0 && (n_classes == 0 || label < n_classes)) return;
  const std::string wanted = n_classes == 0 ? "of 0 or more" : fmt::format("of 0 to {}", n_classes - 1);
  throw Error(ErrorCode::kCorrupt, where, fmt::format("expected a label {}, found {}", wanted, label));
}

bool is_float(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

std::string DataSet::Source::example_name(int64_t i) const { return fmt::format("{}: example {}", name, i); }

DataSet::DataSet(std::unique_ptr<Source> source) : source_(std::move(source)) {}
DataSet::~DataSet() = default;
DataSet::DataSet(DataSet&&) noexcept = default;
DataSet& DataSet::operator=(DataSet&&) noexcept = default;

DataSet DataSet::open(const fs::path& path, const ExampleFormat& format, Split split) {
  auto source = open_any(path, format, split);
  source->name = path.filename().string();
  if (source->size == 0) throw Error(ErrorCode::kCorrupt, path.string(), "the data set is empty");
  return DataSet(std::move(source));
}

int64_t DataSet::size() const { return source_->size; }
int64_t DataSet::position() const { return source_->position; }
const std::string& DataSet::kind() const { return source_->kind; }
std::string DataSet::example_name(int64_t i) const { return source_->example_name(i); }
const std::vector<std::string>& DataSet::class_names() const { return source_->class_names; }

Tensor DataSet::picture(const Tensor& x) const {
  const Shape& shape = x.shape();
  if (shape.rank() != 3 || (shape.last() != 1 && shape.last() != 3)) return {};
  Tensor result(DType::kUInt8, shape);
  const Reader values(x);
  const auto pixels = result.mutable_values<uint8_t>();
  const double scale = is_float(x.dtype()) ? 255 : 1;
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(std::clamp(std::round(values[static_cast<int64_t>(i)] * scale), 0.0, 255.0));
  return result;
}
const ExampleFormat& DataSet::format() const { return source_->format; }

Batch DataSet::next(int64_t n) {
  n = std::min(n, source_->size - source_->position);
  if (n <= 0) return {};
  Batch batch = source_->read(n);
  source_->position += n;
  return batch;
}

void DataSet::rewind() {
  source_->rewind();
  source_->position = 0;
}

void DataSet::skip(int64_t n) {
  n = std::min(n, source_->size - source_->position);
  if (n <= 0) return;
  source_->skip(n);
  source_->position += n;
}

}  // namespace hoarfrost::data
