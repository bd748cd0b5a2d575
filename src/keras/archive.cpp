#include "keras/archive.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/zip_file.h"
#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

constexpr uint64_t kLargestText = uint64_t{256} << 20U;  // the largest known configuration has 2 MiB
// Trained weights hardly compress: beyond these, an archive is a bomb.
constexpr uint64_t kUnsuspicious = uint64_t{256} << 20U;
constexpr uint64_t kMostInflation = 100;

// With Windows' separators turned.
std::string plain_name(const ZipMember& member) {
  std::string name = member.name;
  std::ranges::replace(name, '\\', '/');
  return name;
}

std::string text_of(const ZipFile& zip, const ZipMember& member) {
  if (member.n_bytes > kLargestText)
    throw Error(ErrorCode::kCorrupt, zip.where(member), fmt::format("claims {} bytes of text", member.n_bytes));
  const auto bytes = zip.read(member);
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

const ZipMember* find(const ZipFile& zip, const std::string& name) {
  const auto found =
      std::ranges::find_if(zip.members(), [&](const ZipMember& member) { return plain_name(member) == name; });
  return found == zip.members().end() ? nullptr : &*found;
}

// The folder of the outermost config.json: "" or "model/".
std::optional<std::string> model_folder(const ZipFile& zip) {
  constexpr std::string_view kConfig = "config.json";
  std::optional<std::string> result;
  for (const ZipMember& member : zip.members()) {
    const std::string name = plain_name(member);
    if (name != kConfig && !name.ends_with("/" + std::string(kConfig))) continue;
    std::string folder = name.substr(0, name.size() - kConfig.size());
    if (!result || folder.size() < result->size()) result = std::move(folder);
  }
  return result;
}

[[noreturn]] void fail_no_model(const ZipFile& zip, const std::string& place) {
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(zip.members().size(), 3); ++i)
    names += fmt::format("{}`{}`", i == 0 ? "" : ", ", zip.members()[i].name);
  throw Error(ErrorCode::kInvalidArgument, place,
              fmt::format("expected a .keras archive, found a zip file without `config.json`{}",
                          names.empty() ? ", empty" : ", with " + names));
}

std::shared_ptr<const hdf5::Tree> open_tree(const ZipFile& zip, const ZipMember& member, const std::string& place,
                                            bool has_optimizer) {
  const std::string where = fmt::format("{}:{}", place, plain_name(member));
  if (member.stored) return hdf5::Tree::open(*member.stored, where, has_optimizer);
  if (member.n_bytes > kUnsuspicious && member.n_bytes / kMostInflation > member.n_bytes_compressed) {
    throw Error(ErrorCode::kCorrupt, where,
                fmt::format("{} bytes are said to hold {}: no weights compress like this", member.n_bytes_compressed,
                            member.n_bytes));
  }
  return hdf5::Tree::open(zip.read(member), where, has_optimizer);
}

VocabularyAssets vocabularies_in(const ZipFile& zip, const std::string& folder) {
  constexpr std::string_view kFile = "/vocabulary.txt";
  VocabularyAssets result;
  for (const ZipMember& member : zip.members()) {
    const std::string name = plain_name(member);
    if (!name.starts_with(folder) || !name.ends_with(kFile) || name.size() < folder.size() + kFile.size()) continue;
    result.emplace(name.substr(folder.size(), name.size() - folder.size() - kFile.size()), text_of(zip, member));
  }
  return result;
}

}  // namespace

Archive read_archive(const std::filesystem::path& path, bool has_optimizer) {
  const std::string place = path.string();
  const ZipFile zip(path);
  const auto folder = model_folder(zip);
  if (!folder) fail_no_model(zip, place);
  Archive result;
  result.config = text_of(zip, *find(zip, *folder + "config.json"));
  if (const ZipMember* metadata = find(zip, *folder + "metadata.json")) {
    const Json json = parse_json(text_of(zip, *metadata), fmt::format("{}:metadata.json", place));
    if (json.is_object()) result.version = text_at(json, "keras_version");
  }
  if (const ZipMember* weights = find(zip, *folder + "model.weights.h5"))
    result.weights = open_tree(zip, *weights, place, has_optimizer);
  result.vocabularies = vocabularies_in(zip, *folder + "assets/");
  if (const ZipMember* own = find(zip, *folder + "hoarfrost.json")) result.hoarfrost = text_of(zip, *own);
  return result;
}

std::shared_ptr<const hdf5::Tree> only_hdf5_in(const std::filesystem::path& path) {
  const ZipFile zip(path);
  if (model_folder(zip)) return nullptr;
  const auto is_hdf5 = [](const ZipMember& member) {
    const std::string name = plain_name(member);
    return (name.ends_with(".h5") || name.ends_with(".hdf5")) && !name.starts_with("__MACOSX/");
  };
  if (std::ranges::count_if(zip.members(), is_hdf5) != 1) return nullptr;
  return open_tree(zip, *std::ranges::find_if(zip.members(), is_hdf5), path.string(), false);
}

}  // namespace hoarfrost::keras
