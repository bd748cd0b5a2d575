// .npz archives as data sets: examples and labels under the names that people give them.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "data/array_names.h"
#include "data/labels.h"
#include "data/npz.h"

namespace hoarfrost::data {
namespace {

const ZipMember* find_member(const ZipFile& zip, std::string_view name) {
  const auto found =
      std::ranges::find(zip.members(), name, [](const ZipMember& member) { return without_npy(member.name); });
  return found == zip.members().end() ? nullptr : &*found;
}

}  // namespace

Opened open_npz_set(const Request& request) {
  if (!request.start.starts_with("PK\x03\x04") && !request.start.starts_with("PK\x05\x06")) return nullptr;
  const auto zip = std::make_shared<ZipFile>(request.path);
  std::vector<std::string> all;
  for (const ZipMember& member : zip->members()) all.emplace_back(without_npy(member.name));
  const auto has = [&](std::string_view name) { return find_member(*zip, name) != nullptr; };
  const ArrayNames names = find_array_names(has, all, request.options, request.path.string());
  ArrayPair arrays;
  arrays.kind = names.labels.empty() ? fmt::format("npz ({})", names.examples)
                                     : fmt::format("npz ({}, {})", names.examples, names.labels);
  arrays.examples = member_rows(*zip, *find_member(*zip, names.examples));
  arrays.labels =
      names.labels.empty() ? labels_file(request.options.labels) : member_rows(*zip, *find_member(*zip, names.labels));
  arrays.owner = zip;
  return open_arrays(std::move(arrays), request);
}

}  // namespace hoarfrost::data
