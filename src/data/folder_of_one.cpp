// A folder that holds one data set, or one per split: sign_mnist_test.csv and sign_mnist_train.csv.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>

#include "data/source.h"

namespace hoarfrost::data {

Opened open_folder_of_one(const Request& request) {
  if (request.file) return nullptr;
  constexpr std::array<std::string_view, 6> kExtensions{".csv", ".tsv", ".npz", ".h5", ".hdf5", ".hdf"};
  std::vector<std::filesystem::path> candidates, named;
  std::string names;
  for (const auto& file : files_in(request.path)) {
    if (std::ranges::find(kExtensions, file.extension().string()) == kExtensions.end()) continue;
    const std::string name = file.filename().string();
    candidates.push_back(file);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    if (name.find(request.options.split == Split::kTest ? "test" : "train") != std::string::npos) named.push_back(file);
  }
  if (candidates.empty()) return nullptr;
  if (candidates.size() > 1 && named.size() != 1) {
    throw Error(ErrorCode::kInvalidArgument, request.path.string(),
                fmt::format("holds several data sets; name one of: {}", names));
  }
  const Request inner = request_for(candidates.size() == 1 ? candidates[0] : named[0], request);
  using Open = Opened (*)(const Request&);
  for (const Open open : {Open{open_npz_set}, Open{open_hdf5_set}, Open{open_list_file}, Open{open_csv}}) {
    if (Opened source = open(inner)) return source;
  }
  throw Error(ErrorCode::kUnsupported, inner.path.string(), "is not what its name says");
}

}  // namespace hoarfrost::data
