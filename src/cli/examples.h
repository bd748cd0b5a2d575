// The example data that comes with the program.
#pragma once

#include <hoarfrost/tensor.h>

#include <filesystem>

namespace hoarfrost::cli {

// The tutorials' example images for a network that takes `shape` (one example, without the batch).
// Throws Error{kInvalidArgument} when no example has that shape: --dataset must say what to use.
std::filesystem::path embedded_examples(const Shape& shape);

}  // namespace hoarfrost::cli
