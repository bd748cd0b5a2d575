// libhdf5 runs in a child process: damaged files make it read past its buffers (1.10.8, in the decoding of datatypes
// and attributes), and a crash there must be an error here.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace hoarfrost::hdf5 {

// What `work` returns when it runs in a child made by fork; nullptr when the child crashed, threw, used 60 s of
// processor time, or gave more than most_bytes. What it changes stays in the child. Throws Error{kIo} without a child.
std::shared_ptr<const std::vector<std::byte>> in_child(const std::function<std::vector<std::byte>()>& work,
                                                       uint64_t most_bytes);

}  // namespace hoarfrost::hdf5
