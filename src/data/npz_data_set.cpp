// .npz archives as data sets: examples and labels under the names that people give them.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "data/npz.h"
#include "data/source.h"

namespace hoarfrost::data {
namespace {

using Names = std::pair<std::string_view, std::string_view>;
constexpr std::array<Names, 8> kTestNames{{{"x_test", "y_test"},
                                           {"test_images", "test_labels"},
                                           {"x", "y"},
                                           {"X", "Y"},
                                           {"X", "y"},
                                           {"images", "labels"},
                                           {"data", "labels"},
                                           {"x_train", "y_train"}}};
constexpr std::array<Names, 8> kTrainNames{{{"x_train", "y_train"},
                                            {"train_images", "train_labels"},
                                            {"x", "y"},
                                            {"X", "Y"},
                                            {"X", "y"},
                                            {"images", "labels"},
                                            {"data", "labels"},
                                            {"x_test", "y_test"}}};

const ZipMember* find_member(const ZipFile& zip, std::string_view name) {
  const auto found =
      std::ranges::find(zip.members(), name, [](const ZipMember& member) { return without_npy(member.name); });
  return found == zip.members().end() ? nullptr : &*found;
}

Names find_names(const ZipFile& zip, Split split) {
  for (const Names& names : split == Split::kTest ? kTestNames : kTrainNames) {
    if (find_member(zip, names.first) != nullptr && find_member(zip, names.second) != nullptr) return names;
  }
  std::string found;
  for (const ZipMember& member : zip.members())
    found += fmt::format("{}{}", found.empty() ? "" : ", ", without_npy(member.name));
  throw Error(ErrorCode::kInvalidArgument, zip.file()->path().string(),
              fmt::format("expected arrays x and y, or images and labels, or x_test and y_test; found {}",
                          found.empty() ? "none" : found));
}

std::vector<int64_t> sizes_without_ones(const Shape& shape) {
  std::vector<int64_t> sizes;
  std::ranges::copy_if(shape.sizes(), std::back_inserter(sizes), [](int64_t size) { return size != 1; });
  return sizes;
}

class Npz final : public DataSet::Source {
 public:
  Npz(const std::filesystem::path& path, const ExampleFormat& wanted, Split split)
      : zip_(path),
        names_(find_names(zip_, split)),
        x_(zip_, *find_member(zip_, names_.first)),
        labels_(zip_, *find_member(zip_, names_.second)) {
    kind = fmt::format("npz ({}, {})", names_.first, names_.second);
    format = wanted;
    size = x_.shape()[0];
    if (size == 0) throw Error(ErrorCode::kCorrupt, path.string(), "the data set is empty");
    choose_shape(wanted.shape);
    check_labels();
  }

  Batch read(int64_t n) override {
    Shape shape{n};
    for (const int64_t axis_size : format.shape.sizes()) shape.push_back(axis_size);
    Batch batch{examples(n).reshaped(shape), {}};
    const Reader reader(labels_.next(n));
    for (int64_t i = 0; i < n; ++i) {
      const std::string where = fmt::format("{}:{}: row {}", zip_.file()->path().string(), names_.second, position + i);
      const int64_t label = is_one_hot_ ? one_hot_label(reader, i, where) : index_label(reader, i, where);
      expect_label(label, format.n_classes, where);
      batch.labels.push_back(label);
    }
    return batch;
  }

  void rewind() override {
    x_.rewind();
    labels_.rewind();
  }

 private:
  Tensor examples(int64_t n) {
    Tensor x = x_.next(n);
    if (x.dtype() != DType::kUInt8 || !is_float(format.dtype)) return x.cast(format.dtype);
    Tensor scaled(DType::kFloat32, x.shape());
    const auto target = scaled.mutable_values<float>();
    std::ranges::transform(x.values<uint8_t>(), target.begin(),
                           [](uint8_t pixel) { return static_cast<float>(pixel) / 255.0F; });
    return scaled.cast(format.dtype);
  }

  // The array's own shape where it meets the wanted one; another with the same values in the same order where only axes
  // of size 1 differ, or where the examples are flat.
  void choose_shape(const Shape& wanted) {
    const Shape own(std::vector<int64_t>(x_.shape().sizes().begin() + 1, x_.shape().sizes().end()));
    const bool meets = !wanted.has_rank() || std::ranges::equal(own.sizes(), wanted.sizes(), [](int64_t a, int64_t b) {
      return b == kUnknown || a == b;
    });
    if (meets) {
      format.shape = own;
      return;
    }
    const bool is_same_but_ones = wanted.is_static() && sizes_without_ones(own) == sizes_without_ones(wanted);
    if (!is_same_but_ones && own.rank() != 1) {
      throw Error(ErrorCode::kMismatch, fmt::format("{}:{}", zip_.file()->path().string(), names_.first),
                  fmt::format("its examples are {}, the model takes {}", own.to_string(), wanted.to_string()));
    }
    format.shape =
        shape_of_values(wanted, own.n_elements(), fmt::format("{}:{}", zip_.file()->path().string(), names_.first));
  }

  void check_labels() {
    const Shape& shape = labels_.shape();
    const std::string where = fmt::format("{}:{}", zip_.file()->path().string(), names_.second);
    if (shape[0] != size)
      throw Error(ErrorCode::kMismatch, where,
                  fmt::format("expected {} labels, one per example, found {}", size, shape[0]));
    if (shape.rank() > 2)
      throw Error(ErrorCode::kMismatch, where,
                  fmt::format("expected labels [n] or one-hot rows [n, classes], found {}", shape.to_string()));
    is_one_hot_ = shape.rank() == 2 && shape[1] != 1;
    if (is_one_hot_ && format.n_classes != 0 && shape[1] != format.n_classes) {
      throw Error(ErrorCode::kMismatch, where,
                  fmt::format("its one-hot rows have {} classes, the model has {}", shape[1], format.n_classes));
    }
    if (is_one_hot_) format.n_classes = shape[1];
  }

  static int64_t index_label(const Reader& labels, int64_t i, const std::string& where) {
    const double label = labels[i];
    if (label != std::floor(label) || !(std::abs(label) < 1e15))
      throw Error(ErrorCode::kCorrupt, where, fmt::format("expected a class index, found {}", label));
    return static_cast<int64_t>(label);
  }

  [[nodiscard]] int64_t one_hot_label(const Reader& labels, int64_t i, const std::string& where) const {
    int64_t label = -1;
    for (int64_t c = 0; c < format.n_classes; ++c) {
      const double value = labels[i * format.n_classes + c];
      const bool is_second = value == 1 && label >= 0;
      if ((value != 0 && value != 1) || is_second)
        throw Error(ErrorCode::kCorrupt, where, "expected a one-hot row: a single 1 among zeros");
      if (value == 1) label = c;
    }
    if (label < 0) throw Error(ErrorCode::kCorrupt, where, "expected a one-hot row: a single 1 among zeros");
    return label;
  }

  ZipFile zip_;
  Names names_;
  RowStream x_;
  RowStream labels_;
  bool is_one_hot_ = false;
};

}  // namespace

std::unique_ptr<DataSet::Source> open_npz(const std::filesystem::path& path, const ExampleFormat& format, Split split) {
  return std::make_unique<Npz>(path, format, split);
}

}  // namespace hoarfrost::data
