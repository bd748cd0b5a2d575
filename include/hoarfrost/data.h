// Arrays of .npz and .npy files, and labelled data sets that are read in batches: memory does not grow with the set.
#pragma once

#include <hoarfrost/preprocessing.h>
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

// What a person may say about a data set.
struct OpenOptions {
  Split split = Split::kTest;
  Preprocessing preprocessing;
  std::string label_column;       // of a CSV: a name of its header, or a number from 1; "": as docs/data.md says
  std::filesystem::path labels;   // a second file with the labels (.npy, IDX), where the first one has none
  std::filesystem::path classes;  // the classes' names, a line each, or Keras' imagenet_class_index.json
  // Labels may be any numbers: arrays of any shape, several label columns of a CSV (names or numbers, separated by
  // commas). For training, which says what they must be; then DataSet::next is not for use.
  bool any_targets = false;
  bool is_strict = false;  // a picture that cannot be decoded is an error, rather than left out
  int threads = 0;         // to decode pictures; 0: as many as the process may use
};

// A picture that was left out.
struct Skipped {
  std::string name;
  std::string reason;
};

// Examples and their labels, in the file's order. docs/data.md lists the kinds, recognised by what the file holds (in
// the order of src/data/sources.def), and what each needs.
class DataSet {
 public:
  // A file or a folder. Throws Error: kIo; kUnsupported (a kind that is none of these); kMismatch (examples or classes
  // that do not meet the format; the message says both); kCorrupt (file and line or row; an empty set);
  // kInvalidArgument for options that do not fit.
  static DataSet open(const std::filesystem::path& path, const ExampleFormat& format, const OpenOptions& options = {});
  static DataSet open(const std::filesystem::path& path, const ExampleFormat& format, Split split);
  ~DataSet();
  DataSet(DataSet&&) noexcept;
  DataSet& operator=(DataSet&&) noexcept;

  // Examples; pictures that turn out to be undecodable leave it as they are met.
  [[nodiscard]] int64_t size() const;
  [[nodiscard]] int64_t position() const;             // of the next one
  [[nodiscard]] const std::string& kind() const;      // "CSV", "CIFAR-10", "npz (x, y)"
  [[nodiscard]] const ExampleFormat& format() const;  // with the set's own sizes where the given format left them open
  // The next examples, n of them or what is left; no labels when none is left. Throws Error{kCorrupt} naming file and
  // line: a short or long row, a bad number, a label outside the classes; with is_strict, a picture's Error.
  Batch next(int64_t n);
  // Back to the first example.
  void rewind();
  // Leaves the next n examples out (or what is left), without decoding them where the kind allows; pictures that cannot
  // be decoded count among them.
  void skip(int64_t n);
  // From now on, until rewind(), the set ends after examples first … first + n - 1, and the next one is `first`: one
  // process's share. Pictures that cannot be decoded count among them, wherever they stand.
  void keep(int64_t first, int64_t n);

  // Where example i (of those given since the start) comes from, for people: its file's name in a folder of images,
  // else file and place: "cats/12.jpg", "test.csv:18", "test_batch.bin: example 17".
  [[nodiscard]] std::string example_name(int64_t i) const;
  // What the classes are called, by label, where the set says so (folders, a file of names); else empty.
  [[nodiscard]] const std::vector<std::string>& class_names() const;
  // The picture that `x`, one example of a batch, was made of: uint8 [h, w, 1 | 3], preprocessing undone as far as it
  // can be (resizing cannot). Empty when examples are no pictures.
  [[nodiscard]] Tensor picture(const Tensor& x) const;
  // The pictures left out so far, in order.
  [[nodiscard]] std::vector<Skipped> skipped() const;
  // What a person should know: pictures that are resized without being told to, files passed over.
  [[nodiscard]] const std::vector<std::string>& notes() const;

  struct Source;  // one kind of file

 private:
  explicit DataSet(std::unique_ptr<Source> source);
  std::unique_ptr<Source> source_;
};

}  // namespace hoarfrost::data
