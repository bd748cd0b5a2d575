// IntegerLookup: the number of each whole number in a vocabulary. Keras 2.6 to 3.15.
#include "keras/layers/registry.h"
#include "keras/token_lookup.h"

namespace hoarfrost::keras {

const LayerSpec layer_integer_lookup = make_spec<TokenLookup<int64_t>>("IntegerLookup");

}  // namespace hoarfrost::keras
