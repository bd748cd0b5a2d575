// The largest file that a graph can be.
#pragma once

#include <cstdint>
#include <filesystem>

namespace hoarfrost::tensorflow {

// Throws Error{kUnsupported} when a message of n_bytes, to be written to `path`, cannot be parsed by protobuf.
void check_message_size(uint64_t n_bytes, const std::filesystem::path& path);

}  // namespace hoarfrost::tensorflow
