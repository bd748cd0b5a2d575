// HDF5 files as a tree of groups, attributes and datasets. libhdf5 runs in a child process, where a damaged file may
// crash it.
//
// Bytes come through a driver that reads the range it was given and nothing else: an .h5 file, or the member of an
// archive where it lies. Links to other files, external storage, virtual datasets and filter plug-ins are refused. The
// groups `optimizer_weights`, `optimizer` and `hoarfrost_weights` at the root are left out unless they are asked for
// (has_optimizer). Every function throws Error{kCorrupt}, naming the file and the path inside, where the bytes do not
// follow the format.
#pragma once

#include <hoarfrost/file.h>
#include <hoarfrost/tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::hdf5 {

// Whether the bytes begin with HDF5's signature.
bool is_hdf5(std::span<const std::byte> bytes);

enum class Kind { kNothing, kGroup, kDataset };

// A file's tree, read once when it is opened. Thread-safe. Tensors outlive the Tree.
class Tree {
 public:
  // place begins the text of errors: "model.h5".
  static std::shared_ptr<const Tree> open(FileRange range, std::string place, bool has_optimizer = false);
  static std::shared_ptr<const Tree> open(std::shared_ptr<const std::vector<std::byte>> bytes, std::string place,
                                          bool has_optimizer = false);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Paths are "/" or "/model_weights/dense"; a name may hold slashes, as Keras' weight names do.
  [[nodiscard]] Kind kind(std::string_view path) const;
  // Names in a group, sorted.
  [[nodiscard]] std::vector<std::string> children(std::string_view path) const;
  // A string, of fixed or variable length; nullopt when the attribute is not there.
  [[nodiscard]] std::optional<std::string> text(std::string_view path, std::string_view attribute) const;
  // A list of strings. Keras splits a long one: `weight_names0`, `weight_names1`, …
  [[nodiscard]] std::optional<std::vector<std::string>> names(std::string_view path, std::string_view attribute) const;
  // Contiguous little-endian values become a view of the file, and nothing is read; others are read into memory.
  // Throws Error{kUnsupported} for a type that is no number, or a filter that is not at hand.
  [[nodiscard]] Tensor dataset(std::string_view path) const;
  // The same without the values; nullopt when it is no dataset. Throws what dataset() throws.
  struct Description {
    DType dtype = DType::kInvalid;
    Shape shape;
    std::optional<FileRange> range;  // where contiguous little-endian values lie
  };
  [[nodiscard]] std::optional<Description> describe(std::string_view path) const;
  // Rows first … first + n - 1 along the first axis, read into memory; they must be there.
  [[nodiscard]] Tensor rows(std::string_view path, int64_t first, int64_t n) const;
  // "model.h5:/model_weights/dense"
  [[nodiscard]] std::string where(std::string_view path) const;

 private:
  struct State;
  explicit Tree(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "/a" and "b" joined: "/a/b".
std::string join(std::string_view group, std::string_view name);

}  // namespace hoarfrost::hdf5
