// JSON as Python's json.dumps writes it.
#pragma once

#include <string>

#include "keras/config.h"

namespace hoarfrost::keras {

// ", " and ": " between, characters beyond ASCII escaped. The largest double, as which parse_json reads Infinity, is
// Infinity again.
std::string python_json(const Json& json);

}  // namespace hoarfrost::keras
