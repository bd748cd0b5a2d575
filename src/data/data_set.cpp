// Data sets: which kind a file or folder is, and the batches of any.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "data/class_names.h"
#include "data/source.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKnownKinds =
    "a CSV, a .npz, .npy or HDF5 file of examples and labels, MNIST's IDX files, CIFAR's batches, a folder of pictures "
    "in a folder per class, or a list of pictures";

Opened open_any(const Request& request) {
  using Open = Opened (*)(const Request&);
  constexpr Open kKinds[] = {
#define HOARFROST_SOURCE(file) &open_##file,
#include "data/sources.def"
#undef HOARFROST_SOURCE
  };
  for (const Open open : kKinds) {
    if (Opened source = open(request)) return source;
  }
  if (!request.file)
    throw Error(ErrorCode::kUnsupported, request.path.string(),
                fmt::format("found no data set in the folder: expected {}", kKnownKinds));
  throw Error(ErrorCode::kUnsupported, request.path.string(),
              fmt::format("is no data set of a known kind: expected {}", kKnownKinds));
}

std::vector<fs::path> entries(const fs::path& folder, bool (*is_wanted)(const fs::directory_entry&)) {
  std::vector<fs::path> result;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (is_wanted(*entry)) result.push_back(entry->path());
  }
  if (error) throw Error(ErrorCode::kIo, folder.string(), fmt::format("cannot list it: {}", error.message()));
  std::ranges::sort(result, {}, [](const fs::path& path) { return path.filename().string(); });
  return result;
}

}  // namespace

std::vector<fs::path> files_in(const fs::path& folder) {
  return entries(folder, [](const fs::directory_entry& entry) {
    std::error_code ignored;
    return entry.is_regular_file(ignored);
  });
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  return entries(folder, [](const fs::directory_entry& entry) {
    std::error_code ignored;
    return entry.is_directory(ignored) && !entry.path().filename().string().starts_with('.');
  });
}

bool is_text(std::string_view bytes) {
  return std::ranges::none_of(bytes, [](unsigned char c) { return c < ' ' && c != '\n' && c != '\r' && c != '\t'; });
}

Request request_for(const fs::path& path, const Request& from) {
  Request request{path, nullptr, "", from.format, from.options};
  if (fs::is_directory(path)) return request;
  request.file = File::open(path);
  if (request.file->size() == 0) throw Error(ErrorCode::kCorrupt, path.string(), "the data set is empty");
  request.start.resize(std::min<uint64_t>(request.file->size(), 4096));
  request.file->read(0, std::as_writable_bytes(std::span(request.start)));
  return request;
}

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

Opened open_source(const fs::path& path, const ExampleFormat& format, const OpenOptions& options) {
  Opened source = open_any(request_for(path, {{}, nullptr, "", format, options}));
  source->name = (path.has_filename() ? path : path.parent_path()).filename().string();
  if (source->size == 0) throw Error(ErrorCode::kCorrupt, path.string(), "the data set is empty");
  if (ClassNames given = read_class_names(options.classes, format.n_classes); !given.empty())
    source->class_names = std::move(given.names);
  const auto& names = source->class_names;
  if (format.n_classes != 0 && !names.empty() && static_cast<int64_t>(names.size()) != format.n_classes) {
    throw Error(
        ErrorCode::kMismatch, path.string(),
        fmt::format("it has {} classes ({}), the model has {}", names.size(), name_list(names), format.n_classes));
  }
  return source;
}

DataSet DataSet::open(const fs::path& path, const ExampleFormat& format, const OpenOptions& options) {
  return DataSet(open_source(path, format, options));
}

DataSet DataSet::open(const fs::path& path, const ExampleFormat& format, Split split) {
  OpenOptions options;
  options.split = split;
  return open(path, format, options);
}

int64_t DataSet::size() const { return source_->size; }
int64_t DataSet::position() const { return source_->position; }
const std::string& DataSet::kind() const { return source_->kind; }
const ExampleFormat& DataSet::format() const { return source_->transform.format(); }
std::string DataSet::example_name(int64_t i) const { return source_->example_name(i); }
const std::vector<std::string>& DataSet::class_names() const { return source_->class_names; }
const std::vector<std::string>& DataSet::notes() const { return source_->notes; }
std::vector<Skipped> DataSet::skipped() const { return source_->skipped(); }
Tensor DataSet::picture(const Tensor& x) const { return source_->transform.undo(x); }

Batch DataSet::next(int64_t n) {
  n = std::min(n, source_->n_left());
  if (n <= 0) return {};
  Batch batch = source_->read(n);
  source_->position += static_cast<int64_t>(batch.labels.size());
  return batch;
}

void DataSet::rewind() {
  source_->stop = std::numeric_limits<int64_t>::max();
  source_->rewind();
  source_->position = 0;
}

void DataSet::keep(int64_t first, int64_t n) {
  rewind();
  skip(first);
  source_->stop = first + n;
}

void DataSet::skip(int64_t n) {
  n = std::min(n, source_->n_left());
  if (n <= 0) return;
  source_->skip(n);
  source_->position += n;
}

}  // namespace hoarfrost::data
