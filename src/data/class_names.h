// What classes are called, and which label a name stands for.
#pragma once

#include <hoarfrost/data.h>

#include <string>
#include <vector>

namespace hoarfrost::data {

// Names by label; `ids` are other names for the same (ImageNet's n01440764), or empty.
struct ClassNames {
  std::vector<std::string> names;
  std::vector<std::string> ids;

  [[nodiscard]] bool empty() const { return names.empty(); }
  // -1 for a name that is none.
  [[nodiscard]] int64_t label_of(std::string_view name) const;
};

// One name a line, or JSON: Keras' imagenet_class_index.json ({"0": ["n01440764", "tench"]}) or a list of names. Empty
// for an empty path. Throws Error{kIo | kCorrupt}; Error{kMismatch} unless there are n_classes of them (0: any number).
ClassNames read_class_names(const std::filesystem::path& path, int64_t n_classes);

// The classes of a set whose labels are the names `found` (sorted, each once): those given when there are some, else
// `found` itself, as Keras orders folders. what: "folders", "labels". Throws Error{kMismatch} listing both for names
// that are not among the given ones, or another number than n_classes (0: any).
ClassNames match_class_names(const std::vector<std::string>& found, const ClassNames& given, int64_t n_classes,
                             std::string_view what, const std::string& where);

// "cats, dogs, … (12)": the first few.
std::string name_list(const std::vector<std::string>& names);

}  // namespace hoarfrost::data
