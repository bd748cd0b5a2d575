// CIFAR as Python's pickles, which is what keras.datasets downloads (~/.keras/datasets/cifar-10-batches-py):
// data_batch_1 … 5 and test_batch, or CIFAR-100's train and test; batches.meta, or meta, has the classes' names.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstring>

#include "data/cifar.h"
#include "data/pickle.h"
#include "data/rows.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;
using Value = Pickle::Value;

constexpr uint64_t kMostMetaBytes = 1 << 20;

// Arrays one after the other, read where they lie.
class Chain final : public ByteStream {
 public:
  explicit Chain(std::vector<Tensor> parts) : parts_(std::move(parts)) {}
  void read(std::span<std::byte> target) override {
    while (!target.empty()) {
      while (part_ < parts_.size() && at_ == parts_[part_].n_bytes()) ++part_, at_ = 0;
      const Tensor& part = parts_.at(part_);
      const size_t n = std::min<size_t>(target.size(), part.n_bytes() - at_);
      if (const FileRange* range = part.file_range())
        range->file->read(range->offset + at_, target.first(n));
      else
        std::memcpy(target.data(), part.bytes().data() + at_, n);
      target = target.subspan(n);
      at_ += n;
    }
  }
  void rewind() override { part_ = 0, at_ = 0; }

 private:
  std::vector<Tensor> parts_;
  size_t part_ = 0;
  uint64_t at_ = 0;
};

struct Batches {
  std::vector<Tensor> pixels;  // [n, 3072] each
  std::vector<int64_t> labels;
  bool has_fine_labels = false;  // CIFAR-100
};

std::shared_ptr<const Pickle> open_pickle(const fs::path& path) { return Pickle::read(File::open(path)); }

void add_labels(const Value& labels, std::vector<int64_t>& target, const std::string& where) {
  if (labels.kind == Pickle::Kind::kArray) {
    const Reader reader(labels.array);
    for (int64_t i = 0; i < labels.array.n_elements(); ++i) target.push_back(static_cast<int64_t>(reader[i]));
    return;
  }
  for (const Value* label : labels.items) {
    if (label->kind != Pickle::Kind::kInteger)
      throw Error(ErrorCode::kCorrupt, where,
                  fmt::format("label {}: expected a class index, found something else", target.size()));
    target.push_back(label->integer);
  }
}

// false: the pickle is no batch of CIFAR.
bool add_batch(const Pickle& pickle, const std::string& where, int64_t n_classes, Batches& batches) {
  const Value* data = Pickle::find(pickle.root(), "data");
  const Value* labels = Pickle::find(pickle.root(), "labels");
  if (labels == nullptr)
    labels = Pickle::find(pickle.root(), n_classes == kCoarseClasses ? "coarse_labels" : "fine_labels");
  if (data == nullptr || labels == nullptr || data->kind != Pickle::Kind::kArray || data->array.empty()) return false;
  batches.has_fine_labels = batches.has_fine_labels || Pickle::find(pickle.root(), "fine_labels") != nullptr;
  const Shape& shape = data->array.shape();
  if (data->array.dtype() != DType::kUInt8 || shape.rank() != 2 || shape[1] != kCifarPixels) {
    throw Error(ErrorCode::kCorrupt, where,
                fmt::format("expected `data` as uint8 [n, 3072], found {} {}", dtype_name(data->array.dtype()),
                            shape.to_string()));
  }
  const size_t before = batches.labels.size();
  add_labels(*labels, batches.labels, where);
  if (batches.labels.size() - before != static_cast<size_t>(shape[0])) {
    throw Error(ErrorCode::kMismatch, where,
                fmt::format("expected {} labels, one per example, found {}", shape[0], batches.labels.size() - before));
  }
  batches.pixels.push_back(data->array);
  return true;
}

std::vector<std::string> names_beside(const fs::path& folder, const Batches& batches, int64_t n_classes) {
  std::vector<std::string> names;
  for (const char* file : {"batches.meta", "meta"}) {
    std::error_code error;
    const auto n_bytes = fs::file_size(folder / file, error);
    if (error || n_bytes > kMostMetaBytes) continue;
    const auto pickle = open_pickle(folder / file);
    const char* const key = !batches.has_fine_labels      ? "label_names"
                            : n_classes == kCoarseClasses ? "coarse_label_names"
                                                          : "fine_label_names";
    const Value* list = Pickle::find(pickle->root(), key);
    if (list == nullptr) continue;
    for (const Value* name : list->items) names.emplace_back(name->text);
    return names;
  }
  return names;
}

// A split's files, or the other's.
std::vector<fs::path> batch_files(const fs::path& folder, Split split) {
  std::vector<fs::path> test, train;
  for (const auto& file : files_in(folder)) {
    const std::string name = file.filename().string();
    if (name == "test_batch" || name == "test") test.push_back(file);
    if ((name.starts_with("data_batch_") && !file.has_extension()) || name == "train") train.push_back(file);
  }
  const auto& wanted = split == Split::kTest ? test : train;
  return wanted.empty() ? (split == Split::kTest ? train : test) : wanted;
}

}  // namespace

Opened open_cifar_pickle(const Request& request) {
  std::vector<fs::path> files;
  if (request.file) {
    if (!Pickle::may_be(request.start)) return nullptr;
    files = {request.path};
  } else {
    for (const char* inner : {"", "cifar-10-batches-py", "cifar-100-python"}) {
      if (files.empty() && fs::is_directory(request.path / inner))
        files = batch_files(request.path / inner, request.options.split);
    }
    if (files.empty() || !Pickle::may_be(request_for(files[0], request).start)) return nullptr;
  }
  Batches batches;
  for (const auto& file : files) {
    if (!add_batch(*open_pickle(file), file.string(), request.format.n_classes, batches))
      throw Error(ErrorCode::kUnsupported, file.string(),
                  "expected a batch of CIFAR in this pickle: `data` and `labels`, found neither");
  }
  ArrayPair arrays;
  const std::string where = files[0].string();
  const auto n = static_cast<int64_t>(batches.labels.size());
  arrays.kind = batches.has_fine_labels ? "CIFAR-100 (pickled)" : "CIFAR-10 (pickled)";
  arrays.examples = Rows(std::make_unique<Chain>(batches.pixels), DType::kUInt8, {n, 3, 32, 32}, false, where);
  arrays.labels = Rows(Tensor::vector(batches.labels), where);
  arrays.is_planes = true;
  Opened source = open_arrays(std::move(arrays), request);
  source->class_names = names_beside(files[0].parent_path(), batches, request.format.n_classes);
  return source;
}

}  // namespace hoarfrost::data
