// Arrays of .npz and .npy files, and labelled data sets that are read in batches: memory does not grow with the set.
#pragma once

#include <hoarfrost/tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::data {

struct NamedTensor {
  std::string name;
  Tensor value;
};
using NamedTensors = std::vector<NamedTensor>;

// The arrays of a .npz in the file's order, without ".npy" in their names; a .npy gives one, named "x". Stored members
// stay views of the file, deflated ones are in memory. Either byte order, Fortran order, headers 1 to 3. Throws
// Error{kIo | kCorrupt}, and Error{kUnsupported} for Python objects and records.
NamedTensors read_npz(const std::filesystem::path& path);
// The array of that name, or nullptr.
const Tensor* find(const NamedTensors& arrays, std::string_view name);
// Writes a .npz as numpy.savez does: stored members. Throws Error{kIo | kInvalidArgument}.
void write_npz(const std::filesystem::path& path, const NamedTensors& arrays);

// What a network takes, for a data set to meet.
struct ExampleFormat {
  Shape shape = Shape::unknown_rank();  // of one example, without the batch; sizes may be unknown
  DType dtype = DType::kFloat32;
  int64_t n_classes = 0;  // labels are 0 … n_classes - 1; 0: not known
};

enum class Split { kTest, kTrain };  // for folders that hold both

struct Batch {
  Tensor x;                     // [n, …], as the format says
  std::vector<int64_t> labels;  // n class indices
};

// Examples and their labels, in the file's order. Kinds, recognised by what the file holds:
// - CSV, label first, then the values (Sign-Language-MNIST: `label,pixel1,…,pixel784`), with a header line or without;
// - CIFAR-10's and CIFAR-100's binary rows (label, then a red, a green and a blue plane), a file or their folder;
// - .npz with (x, y), (images, labels) or (x_test, y_test), among others; labels are class indices or one-hot rows.
// CSV values, CIFAR pixels and uint8 arrays are divided by 255, as Keras' examples do, unless the format's dtype is an
// integer; arrays of other types are taken as they are.
class DataSet {
 public:
  // A file or a folder. Throws Error: kIo; kUnsupported (a kind that is none of these); kMismatch (examples that are
  // not of the format's shape; the message says both); kCorrupt (file and line or row; an empty set).
  static DataSet open(const std::filesystem::path& path, const ExampleFormat& format, Split split = Split::kTest);
  ~DataSet();
  DataSet(DataSet&&) noexcept;
  DataSet& operator=(DataSet&&) noexcept;

  [[nodiscard]] int64_t size() const;                 // examples
  [[nodiscard]] int64_t position() const;             // of the next one
  [[nodiscard]] const std::string& kind() const;      // "CSV", "CIFAR-10", "npz (x, y)"
  [[nodiscard]] const ExampleFormat& format() const;  // with the set's own sizes where the given format left them open
  // The next examples, n of them or what is left; no labels when none is left. Throws Error{kCorrupt} naming file and
  // line: a short or long row, a bad number, a label outside the classes.
  Batch next(int64_t n);
  // Back to the first example.
  void rewind();
  // Leaves the next n examples out (or what is left), without decoding them where the kind allows.
  void skip(int64_t n);

  // Where example i (of size()) comes from, for people: its file's name in a folder of images, else file and place:
  // "cats/12.jpg", "test.csv:18", "test_batch.bin: example 17".
  [[nodiscard]] std::string example_name(int64_t i) const;
  // What the classes are called, by label, where the set says so (folders, a file of names); else empty.
  [[nodiscard]] const std::vector<std::string>& class_names() const;
  // The picture that `x`, one example [h, w, 1 | 3] of a batch, was made of: uint8 [h, w, 1 | 3], preprocessing undone.
  // Empty when examples are no pictures.
  [[nodiscard]] Tensor picture(const Tensor& x) const;

  struct Source;  // one kind of file

 private:
  explicit DataSet(std::unique_ptr<Source> source);
  std::unique_ptr<Source> source_;
};

}  // namespace hoarfrost::data
