// A .npy of examples, with another file of labels.
#include <hoarfrost/error.h>

#include "data/labels.h"
#include "data/npz.h"

namespace hoarfrost::data {

Opened open_npy_set(const Request& request) {
  if (!request.start.starts_with("\x93NUMPY")) return nullptr;
  if (request.options.labels.empty()) {
    throw Error(ErrorCode::kInvalidArgument, request.path.string(),
                "a .npy holds one array: the labels of its examples are missing; name their file with --labels");
  }
  ArrayPair arrays;
  arrays.kind = "npy";
  arrays.examples = npy_rows(request.file);
  arrays.labels = labels_file(request.options.labels);
  return open_arrays(std::move(arrays), request);
}

Rows labels_file(const std::filesystem::path& path) {
  const auto file = File::open(path);
  std::string start(std::min<uint64_t>(file->size(), 8), '\0');
  file->read(0, std::as_writable_bytes(std::span(start)));
  if (start.starts_with("\x93NUMPY")) return npy_rows(file);
  Rows rows = idx_rows(path);
  if (rows.empty())
    throw Error(ErrorCode::kUnsupported, path.string(), "expected labels in a .npy or an IDX file, found another kind");
  return rows;
}

}  // namespace hoarfrost::data
