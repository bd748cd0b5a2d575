// .npz archives as data sets: examples and labels under the names that people give them.
#include <algorithm>

#include "data/array_file.h"
#include "data/npz.h"

namespace hoarfrost::data {
namespace {

const ZipMember* find_member(const ZipFile& zip, std::string_view name) {
  const auto found =
      std::ranges::find(zip.members(), name, [](const ZipMember& member) { return without_npy(member.name); });
  return found == zip.members().end() ? nullptr : &*found;
}

}  // namespace

std::optional<ArrayFile> open_npz_file(const Request& request) {
  if (!request.start.starts_with("PK\x03\x04") && !request.start.starts_with("PK\x05\x06")) return {};
  const auto zip = std::make_shared<ZipFile>(request.path);
  ArrayFile file{"npz", {}, {}, {}, zip};
  for (const ZipMember& member : zip->members()) file.names.emplace_back(without_npy(member.name));
  file.has = [zip](std::string_view name) { return find_member(*zip, name) != nullptr; };
  file.rows = [zip](std::string_view name) { return member_rows(*zip, *find_member(*zip, name)); };
  return file;
}

Opened open_npz_set(const Request& request) {
  const auto file = open_npz_file(request);
  return file ? open_named_arrays(*file, request) : nullptr;
}

}  // namespace hoarfrost::data
