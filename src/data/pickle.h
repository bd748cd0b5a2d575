// Python's pickles, read as data: numbers, text, bytes, lists, tuples, dictionaries and NumPy arrays, of the protocols
// 0 to 5 (Python's Lib/pickletools.py). Nothing is ever called or imported: a pickle that names anything but NumPy's
// own constructors is refused.
#pragma once

#include <hoarfrost/file.h>
#include <hoarfrost/tensor.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hoarfrost::data {

class Pickle {
 public:
  enum class Kind { kNone, kInteger, kReal, kText, kList, kDictionary, kArray, kDType, kName, kMark };
  struct Value {
    Kind kind = Kind::kNone;
    int64_t integer = 0;  // also of a bool
    double real = 0;
    std::string_view text;            // text, bytes, or a module and a name ("numpy.dtype")
    bool is_utf8 = false;             // else bytes, or text of which each byte is a Latin-1 character
    std::vector<const Value*> items;  // of a list or a tuple; a dictionary's keys and values in turn
    Tensor array;                     // a view of the file
    DType dtype = DType::kInvalid;
  };

  // Throws Error{kCorrupt} for bytes that are no pickle, and Error{kUnsupported} for objects that are none of these.
  static std::shared_ptr<const Pickle> read(std::shared_ptr<const File> file);
  // Whether bytes may begin one.
  static bool may_be(std::string_view start);

  [[nodiscard]] const Value& root() const { return *root_; }
  // The value of a dictionary's key; nullptr when it is not there, or `value` is no dictionary.
  static const Value* find(const Value& value, std::string_view key);

 private:
  friend class Unpickler;
  std::shared_ptr<const File> file_;
  std::vector<std::unique_ptr<Value>> values_;       // all of them: they may point at each other in circles
  std::vector<std::unique_ptr<std::string>> texts_;  // those that the file has in another form
  const Value* root_ = nullptr;
};

}  // namespace hoarfrost::data
