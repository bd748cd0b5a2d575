// One kind of data set behind DataSet: what it must give, and what the kinds share.
#pragma once

#include <hoarfrost/data.h>

#include <memory>
#include <string>
#include <vector>

namespace hoarfrost::data {

struct DataSet::Source {
  virtual ~Source() = default;
  // Adds the next `n` examples (as many are left), n > 0.
  virtual Batch read(int64_t n) = 0;
  virtual void rewind() = 0;
  virtual void skip(int64_t n) { (void)read(n); }
  virtual std::string example_name(int64_t i) const;

  std::string kind;
  std::string name;                      // of the file or folder
  std::vector<std::string> class_names;  // by label; empty when the set does not say
  ExampleFormat format;  // static after opening
  int64_t size = 0;
  int64_t position = 0;  // examples read
};

// The kinds, each in its file. `paths` are read one after the other.
std::unique_ptr<DataSet::Source> open_csv(const std::filesystem::path& path, const ExampleFormat& format);
std::unique_ptr<DataSet::Source> open_cifar(const std::vector<std::filesystem::path>& paths,
                                            const ExampleFormat& format);
std::unique_ptr<DataSet::Source> open_npz(const std::filesystem::path& path, const ExampleFormat& format, Split split);
// Whether a file is made of CIFAR's rows, by its size and its labels.
bool is_cifar(const File& file);

// `wanted` with its unknown sizes taken so that it holds n values: one unknown size, or two equal ones (a square
// image). A shape without rank is [n]. Throws Error{kMismatch} naming both.
Shape shape_of_values(const Shape& wanted, int64_t n_values, const std::string& where);
// Throws Error{kCorrupt} unless 0 <= label < n_classes (no upper bound when n_classes is 0).
void expect_label(int64_t label, int64_t n_classes, const std::string& where);
bool is_float(DType dtype);

}  // namespace hoarfrost::data
