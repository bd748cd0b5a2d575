// StringLookup: the number of each text in a vocabulary. Keras 2.6 to 3.15.
#include "keras/layers/registry.h"
#include "keras/token_lookup.h"

namespace hoarfrost::keras {

const LayerSpec layer_string_lookup = make_spec<TokenLookup<std::string>>("StringLookup");

}  // namespace hoarfrost::keras
