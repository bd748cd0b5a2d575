// A folder of pictures in a folder per class, as Keras' image_dataset_from_directory reads it (Keras 2.15,
// dataset_utils.index_directory): classes are the folders' names, sorted; within one, all folders below it, sorted by
// their path, and in each the files sorted by their name.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "data/class_names.h"
#include "data/image.h"
#include "data/picture_files.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 32;

// All folders from this one down; links to folders are not followed, as Keras does not.
void add_folders(const fs::path& folder, int depth, std::vector<fs::path>& folders) {
  folders.push_back(folder);
  if (depth == kDeepest) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !entry.is_symlink()) add_folders(entry.path(), depth + 1, folders);
  }
}

struct Walk {
  std::vector<std::string> names;  // relative to the root
  std::string foreign;             // the first file that is no picture
  int64_t n_foreign = 0;
};

void add_files(const fs::path& root, const fs::path& class_folder, Walk& walk) {
  std::vector<fs::path> folders;
  add_folders(class_folder, 0, folders);
  std::ranges::sort(folders, {}, [](const fs::path& path) { return path.string(); });
  for (const auto& folder : folders) {
    for (const auto& file : files_in(folder)) {
      const std::string name = file.lexically_relative(root).string();
      if (is_image_name(name))
        walk.names.push_back(name);
      else if (walk.n_foreign++ == 0)
        walk.foreign = name;
    }
  }
}

// A folder of that name inside, for archives that hold both splits.
fs::path split_folder(const fs::path& folder, Split split) {
  const std::vector<const char*> names = split == Split::kTest
                                             ? std::vector<const char*>{"test", "val", "validation", "valid"}
                                             : std::vector<const char*>{"train", "training"};
  const auto inner = folders_in(folder);
  const bool has_train = std::ranges::any_of(inner, [](const fs::path& path) { return path.filename() == "train"; });
  for (const char* name : names) {
    if (has_train && fs::is_directory(folder / name) && !folders_in(folder / name).empty()) return folder / name;
  }
  return folder;
}

}  // namespace

Opened open_image_folder(const Request& request) {
  if (request.file) return nullptr;
  PictureFiles pictures;
  pictures.kind = "image folder";
  pictures.folder = split_folder(request.path, request.options.split);
  std::vector<std::string> folders;
  std::vector<Walk> walks;
  int64_t n_pictures = 0;
  for (const auto& folder : folders_in(pictures.folder)) {
    folders.push_back(folder.filename().string());
    add_files(pictures.folder, folder, walks.emplace_back());
    n_pictures += static_cast<int64_t>(walks.back().names.size());
  }
  if (n_pictures == 0) return nullptr;
  const std::string where = pictures.folder.string();
  const int64_t n_classes = request.format.n_classes;
  (void)Transform(request.options.preprocessing, request.format,
                  where);  // shapes first: no names help a model of vectors
  const ClassNames given = read_class_names(request.options.classes, n_classes);
  const ClassNames classes = match_class_names(folders, given, n_classes, "folders", where);
  int64_t n_foreign = 0;
  std::string foreign;
  for (size_t i = 0; i < folders.size(); ++i) {
    const int64_t label = classes.label_of(folders[i]);
    for (std::string& name : walks[i].names) pictures.files.push_back({std::move(name), label});
    if (n_foreign == 0) foreign = walks[i].foreign;
    n_foreign += walks[i].n_foreign;
  }
  pictures.class_names = classes.names;
  if (n_foreign == 1) pictures.notes.push_back(fmt::format("1 file is no picture and passed over: {}", foreign));
  if (n_foreign > 1) {
    pictures.notes.push_back(
        fmt::format("{} files are no pictures and passed over, the first: {}", n_foreign, foreign));
  }
  return open_picture_files(std::move(pictures), request);
}

}  // namespace hoarfrost::data
