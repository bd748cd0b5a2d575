// Random functions of TensorFlow, keras.backend and Keras 3, which --random mean lets stand as their distribution's
// mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {

// "tf.random.normal", "K.dropout", "tf.keras.backend.random_uniform": whether what it gives is random.
bool is_random_function(const std::string& name);
// Such a function, called; nullopt for others. Throws Error{kUnsupported} where the trace does not take means, naming
// the option, and for a distribution whose mean is not known.
std::optional<python::Value> call_random(Meaning& meaning, const std::string& name,
                                         const std::vector<python::Value>& arguments, const python::Keywords& keywords);

}  // namespace hoarfrost::keras
