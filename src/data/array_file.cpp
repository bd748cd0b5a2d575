#include "data/array_file.h"

#include <fmt/format.h>

#include "data/array_names.h"
#include "data/labels.h"

namespace hoarfrost::data {

std::optional<ArrayFile> open_array_file(const Request& request) {
  if (auto file = open_npz_file(request)) return file;
  return open_hdf5_file(request);
}

Opened open_named_arrays(const ArrayFile& file, const Request& request) {
  const ArrayNames names = find_array_names(file.has, file.names, request.options, request.path.string());
  ArrayPair arrays;
  arrays.kind = names.labels.empty() ? fmt::format("{} ({})", file.kind, names.examples)
                                     : fmt::format("{} ({}, {})", file.kind, names.examples, names.labels);
  arrays.examples = file.rows(names.examples);
  arrays.labels = names.labels.empty() ? labels_file(request.options.labels) : file.rows(names.labels);
  arrays.owner = file.owner;
  return open_arrays(std::move(arrays), request);
}

}  // namespace hoarfrost::data
