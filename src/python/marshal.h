// CPython's marshal format, as Keras stores the functions of Lambda layers. Bytes are data here: nothing of them is
// ever run.
#pragma once

#include <string_view>
#include <vector>

#include "python/object.h"

namespace hoarfrost::python {

// The code object that the bytes are, once for each layout in which they can be read from end to end (mostly one).
// Bounded: what is read is never larger than a small multiple of the bytes, and at most 100 deep.
// Throws Error{kCorrupt} when they are none.
std::vector<std::shared_ptr<const Code>> read_code(std::string_view bytes);

}  // namespace hoarfrost::python
