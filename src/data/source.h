// One kind of data set behind DataSet: what it must give, and what the kinds share.
#pragma once

#include <hoarfrost/data.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/transform.h"

namespace hoarfrost::data {

// Examples for training: as Transform::keep has them, and their targets [n, …], class numbers or other values.
struct KeptRows {
  Tensor x;
  Tensor y;
};

struct DataSet::Source {
  virtual ~Source() = default;
  // The next `n` examples, 0 < n <= n_left(); fewer only at the end, when pictures are left out.
  virtual Batch read(int64_t n) = 0;
  // The same examples for who keeps them. Of a set opened with OpenOptions::any_targets, targets are of any kind.
  virtual KeptRows read_kept(int64_t n) = 0;
  virtual void rewind() = 0;
  // The next `n` examples are not wanted, 0 < n <= n_left().
  virtual void skip(int64_t n) { (void)read(n); }
  // Examples that may be read before the end, or `stop`.
  [[nodiscard]] virtual int64_t n_left() const { return std::min(size, stop) - position; }
  [[nodiscard]] virtual std::string example_name(int64_t i) const;
  [[nodiscard]] virtual std::vector<Skipped> skipped() const { return {}; }

  std::string kind;
  std::string name;                      // of the file or folder
  std::vector<std::string> class_names;  // by label; empty when the set does not say
  std::vector<std::string> notes;
  Transform transform;
  int64_t n_classes = 0;  // labels are 0 … n_classes - 1; 0: not known
  int64_t size = 0;
  int64_t position = 0;                                // examples read
  int64_t stop = std::numeric_limits<int64_t>::max();  // of the share that is wanted
};

// A file or a folder that some kind must say is its own.
struct Request {
  std::filesystem::path path;
  std::shared_ptr<const File> file;  // nullptr: a folder
  std::string start;                 // the file's first 4,096 bytes, or fewer
  ExampleFormat format;
  OpenOptions options;
};
using Opened = std::unique_ptr<DataSet::Source>;

// The kinds, each in its file: nullptr when it is another's, and an Error when it is theirs and not right.
#define HOARFROST_SOURCE(file) Opened open_##file(const Request& request);
#include "data/sources.def"
#undef HOARFROST_SOURCE

// DataSet::open, for modules that know what a set is made of.
Opened open_source(const std::filesystem::path& path, const ExampleFormat& format, const OpenOptions& options);

// The request for another path, with the same options.
Request request_for(const std::filesystem::path& path, const Request& from);
// Regular files of a folder, sorted; folders likewise, without hidden ones.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder);
// Whether the bytes hold no control characters but those of text.
bool is_text(std::string_view bytes);

// `wanted` with its unknown sizes taken so that it holds n values: one unknown size, or two equal ones (a square
// image). A shape without rank is [n]. Throws Error{kMismatch} naming both.
Shape shape_of_values(const Shape& wanted, int64_t n_values, const std::string& where);
// Throws Error{kCorrupt} unless 0 <= label < n_classes (no upper bound when n_classes is 0).
void expect_label(int64_t label, int64_t n_classes, const std::string& where);
bool is_float(DType dtype);

}  // namespace hoarfrost::data
