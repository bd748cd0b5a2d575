// Under which names people keep examples and labels, in .npz and HDF5 alike.
#pragma once

#include <hoarfrost/data.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::data {

struct ArrayNames {
  std::string_view examples;
  std::string_view labels;  // "": none, when labels are given elsewhere
};
// The pair of those that are there, the split's own names first. has says whether an array is there; `all` is what
// there is. Throws Error{kInvalidArgument} saying what was expected and found.
ArrayNames find_array_names(const std::function<bool(std::string_view)>& has, const std::vector<std::string>& all,
                            const OpenOptions& options, const std::string& where);

}  // namespace hoarfrost::data
