// Vocabularies that a lookup layer learned: in a .keras archive they stand beside the weights, and not in the
// configuration.
#pragma once

#include <map>
#include <string>

#include "hdf5/tree.h"
#include "keras/config.h"

namespace hoarfrost::keras {

// Texts of `assets/…/vocabulary.txt`, by the folder below `assets`: "layers/string_lookup" (Keras 2.12 to 3.15, a line
// per token, the mask's and the unknown's token first).
using VocabularyAssets = std::map<std::string, std::string>;

// Puts them into the configurations of an architecture's lookup layers that say no vocabulary of their own. A line that
// is no number stays text, and IntegerLookup refuses it. The weights of tf_idf go with them, from the archive's
// `weights` (nullptr: none), so that the configuration is whole.
void add_vocabularies(Json& architecture, const VocabularyAssets& assets, const hdf5::Tree* weights);

}  // namespace hoarfrost::keras
