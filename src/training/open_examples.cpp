
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/examples.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "data/array_file.h"
#include "data/class_names.h"
#include "data/source.h"
#include "training/array_ports.h"
#include "training/held_examples.h"

namespace hoarfrost::training {
namespace {

namespace fs = std::filesystem;

Shape example_shape(const Shape& rows) {
  return Shape(std::vector<int64_t>(rows.sizes().begin() + 1, rows.sizes().end()));
}

// By the first block, before memory is full.
void expect_room(const HeldInput& input, int64_t n, const std::string& where) {
  const double machine = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  const double n_bytes =
      static_cast<double>(input.n_bytes()) / static_cast<double>(input.n_rows()) * static_cast<double>(n);
  if (n_bytes < machine * 0.8) return;
  throw Error(ErrorCode::kInvalidArgument, where,
              fmt::format("its {} examples would take {:.1f} GB of memory, this machine has {:.1f} GB; train on fewer, "
                          "or on smaller ones (--resize)",
                          n, n_bytes / 1e9, machine / 1e9));
}

// After all are read: which pictures were left out.
std::string note_of(const std::vector<data::Skipped>& skipped) {
  constexpr size_t kMostNamed = 3;
  std::string text =
      fmt::format("{} left out, for {} cannot be decoded:",
                  skipped.size() == 1 ? "1 picture was" : fmt::format("{} pictures were", skipped.size()),
                  skipped.size() == 1 ? "it" : "they");
  for (size_t i = 0; i < std::min(skipped.size(), kMostNamed); ++i)
    text += fmt::format("{} {} ({})", i == 0 ? "" : ",", skipped[i].name, skipped[i].reason);
  return text + (skipped.size() > kMostNamed ? ", …" : "");
}

// Names say that labels are classes: one output value is 0 or 1 for them.
void expect_classes_fit(const TargetFormat& output, const std::vector<std::string>& names, const std::string& where) {
  const bool is_one = output.shape.has_rank() && output.shape.is_static() && output.shape.n_elements() == 1;
  if (!is_one || output.labels != Labels::kDense || names.size() <= 2) return;
  throw Error(ErrorCode::kMismatch, where,
              fmt::format("expected two classes for the model's output {}, found {} ({})", output.shape.to_string(),
                          names.size(), data::name_list(names)));
}

ExampleSet read_source(const fs::path& path, const ModelFormat& model, const data::OpenOptions& options) {
  const InputFormat& input = model.inputs[0];
  const TargetFormat& output = model.outputs[0];
  const bool has_classes = output.shape.has_rank() && output.shape.rank() == 1 && output.shape.last() > 1;
  const data::Opened source =
      data::open_source(path, {input.shape, input.dtype, has_classes ? output.shape.last() : 0}, options);
  const std::string where = path.string();
  expect_classes_fit(output, source->class_names, where);
  auto held = std::make_shared<Held>();
  HeldInput& x = held->inputs.emplace_back(source->transform);
  while (source->n_left() > 0) {
    const auto rows = source->read_kept(std::min(x.n_block_rows(), source->n_left()));
    if (rows.x.shape()[0] == 0) break;
    if (held->targets.empty()) held->targets.emplace_back(output, example_shape(rows.y.shape()), where);
    held->targets[0].append(rows.y, [&](int64_t i) { return source->example_name(i); });
    source->position += rows.x.shape()[0];
    x.append(rows.x);
    expect_room(x, source->size, where);
  }
  ExampleSet set;
  set.kind = source->kind;
  set.class_names = source->class_names;
  set.notes = source->notes;
  if (const auto skipped = source->skipped(); !skipped.empty()) set.notes.push_back(note_of(skipped));
  set.n_bytes = x.n_bytes() + held->targets[0].n_bytes();
  set.examples = std::make_shared<HeldExamples>(held, 0, x.n_rows());
  return set;
}

// With several inputs, what is said about pictures is said about those that are some.
data::Preprocessing preprocessing_of(const data::Rows& rows, size_t n_inputs, const data::Preprocessing& given) {
  return n_inputs == 1 || rows.shape().rank() == 4 ? given : data::Preprocessing{};
}

void expect_examples(const data::Rows& rows, int64_t n) {
  if (rows.shape()[0] == n) return;
  throw Error(ErrorCode::kMismatch, rows.where(),
              fmt::format("expected {} examples, as many as the first array has, found {}", n, rows.shape()[0]));
}

ExampleSet read_ports(const data::ArrayFile& file, const ArrayPorts& ports, const ModelFormat& model,
                      const data::OpenOptions& options, const std::string& where) {
  auto held = std::make_shared<Held>();
  ExampleSet set;
  set.kind = fmt::format("{} ({}, {})", file.kind, fmt::join(ports.inputs, ", "), fmt::join(ports.outputs, ", "));
  int64_t n = -1;
  for (size_t i = 0; i < ports.inputs.size(); ++i) {
    data::Rows rows = file.rows(ports.inputs[i]);
    if (n < 0) n = rows.shape()[0];
    expect_examples(rows, n);
    if (n == 0) throw Error(ErrorCode::kCorrupt, where, "the data set is empty");
    const data::RawFormat raw{example_shape(rows.shape()), false, rows.dtype() == DType::kUInt8};
    HeldInput& input = held->inputs.emplace_back(
        data::Transform(preprocessing_of(rows, ports.inputs.size(), options.preprocessing), raw,
                        {model.inputs[i].shape, model.inputs[i].dtype, 0}, rows.where()));
    while (input.n_rows() < n) {
      const int64_t n_rows = std::min(input.n_block_rows(), n - input.n_rows());
      input.append(input.transform().keep(rows.next(n_rows), n_rows));
      expect_room(input, n, where);
    }
    set.n_bytes += input.n_bytes();
  }
  for (size_t i = 0; i < ports.outputs.size(); ++i) {
    constexpr int64_t kRowsAtOnce = 4096;
    data::Rows rows = file.rows(ports.outputs[i]);
    expect_examples(rows, n);
    Targets& targets = held->targets.emplace_back(model.outputs[i], example_shape(rows.shape()), rows.where());
    for (int64_t done = 0; done < n; done += kRowsAtOnce)
      targets.append(rows.next(std::min(kRowsAtOnce, n - done)),
                     [&](int64_t row) { return fmt::format("{}: row {}", rows.where(), row); });
    set.n_bytes += targets.n_bytes();
  }
  set.examples = std::make_shared<HeldExamples>(held, 0, n);
  return set;
}

// Examples first … first + n - 1 of any kind.
class PartOfExamples final : public Examples {
 public:
  PartOfExamples(std::shared_ptr<const Examples> whole, int64_t first, int64_t n)
      : whole_(std::move(whole)), first_(first), n_(n) {
    if (first < 0 || n < 0 || first > whole_->size() - n)
      throw Error(ErrorCode::kInvalidArgument, "",
                  fmt::format("expected a part of {} examples, found {} from {} on", whole_->size(), n, first));
  }
  [[nodiscard]] int64_t size() const override { return n_; }
  [[nodiscard]] const std::vector<Shape>& x_shapes() const override { return whole_->x_shapes(); }
  [[nodiscard]] const std::vector<Shape>& y_shapes() const override { return whole_->y_shapes(); }
  void gather(std::span<const int64_t> indices, uint64_t seed, std::span<Tensor> x,
              std::span<Tensor> y) const override {
    std::vector<int64_t> own(indices.begin(), indices.end());
    for (int64_t& index : own) index += first_;
    whole_->gather(own, seed, x, y);
  }

 private:
  std::shared_ptr<const Examples> whole_;
  int64_t first_, n_;
};

const HeldExamples& held_of(const Examples& examples) {
  if (const auto* held = dynamic_cast<const HeldExamples*>(&examples)) return *held;
  throw Error(ErrorCode::kInvalidArgument, "", "expected examples that open_examples gave");
}

}  // namespace

ExampleSet open_examples(const fs::path& path, const ModelFormat& model, const data::OpenOptions& given) {
  data::OpenOptions options = given;
  options.any_targets = true;
  const bool is_one = model.inputs.size() == 1 && model.outputs.size() == 1;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored) && options.labels.empty()) {
    data::Request how;
    how.options = options;
    const data::Request request = data::request_for(path, how);
    if (const auto file = data::open_array_file(request)) {
      if (const auto ports = find_ports(*file, model, options.split, path.string()))
        return read_ports(*file, *ports, model, options, path.string());
    }
  }
  if (!is_one) {
    throw Error(ErrorCode::kUnsupported, path.string(),
                fmt::format("expected an .npz or HDF5 file, for the model has {} inputs and {} outputs; other kinds of "
                            "data hold one of each",
                            model.inputs.size(), model.outputs.size()));
  }
  return read_source(path, model, options);
}

std::shared_ptr<const Examples> augmented(const std::shared_ptr<const Examples>& examples,
                                          const Augmentation& augmentation) {
  return std::make_shared<HeldExamples>(held_of(*examples).changed_by(augmentation));
}

std::shared_ptr<const Examples> part_of(const std::shared_ptr<const Examples>& examples, int64_t first, int64_t n) {
  if (const auto* held = dynamic_cast<const HeldExamples*>(examples.get()))
    return std::make_shared<HeldExamples>(held->part(first, n));
  return std::make_shared<PartOfExamples>(examples, first, n);
}

int64_t split_at(int64_t n, double validation_split, const std::string& where) {
  const bool is_fraction = validation_split < 1;
  const auto at = is_fraction
                      ? static_cast<int64_t>(std::floor(static_cast<double>(n) * (1.0 - validation_split)))
                      : n - static_cast<int64_t>(std::floor(std::min(validation_split, static_cast<double>(n))));
  if (at > 0 && at < n) return at;
  throw Error(ErrorCode::kInvalidArgument, where,
              fmt::format("its {} examples cannot be split by --validation-split {}: none would be left to {}", n,
                          validation_split, at <= 0 ? "train on" : "validate on"));
}

ExampleSet open_examples(const fs::path& path, const ModelFormat& model) {
  data::OpenOptions options;
  options.split = data::Split::kTrain;
  std::vector<std::string> notes;
  ExampleSet set = open_examples(path.empty() ? default_data(model, notes) : path, model, options);
  set.notes.insert(set.notes.begin(), notes.begin(), notes.end());
  return set;
}

SplitExamples split(const std::shared_ptr<const Examples>& examples, double validation_split,
                    const std::string& where) {
  const int64_t n = examples->size();
  const int64_t at = split_at(n, validation_split, where);
  return {part_of(examples, 0, at), part_of(examples, at, n - at)};
}

}  // namespace hoarfrost::training
