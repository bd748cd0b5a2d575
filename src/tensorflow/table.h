// LevelDB's table format, which a checkpoint's index is
// (https://github.com/google/leveldb/blob/main/doc/table_format.md). Written by LevelDB itself. Read here: LevelDB's
// reader believes the sizes that a block's handle says, and a hostile index makes it read past its memory.
#pragma once

#include <hoarfrost/file.h>

#include <string>
#include <utility>
#include <vector>

namespace hoarfrost::tensorflow {

using TableEntries = std::vector<std::pair<std::string, std::string>>;

// Keys and values in the table's order. Throws Error{kCorrupt}: truncated, a wrong CRC, keys out of order;
// Error{kUnsupported}: compressed blocks. Without the file's name.
TableEntries read_table(const File& file);

// Whether the file ends as a table does.
bool is_table(const File& file);

// The table as TensorFlow 1.0 to 2.15 write it: 256 KiB blocks, no compression, no filter. Entries are sorted by key.
std::string build_table(const TableEntries& entries);

}  // namespace hoarfrost::tensorflow
