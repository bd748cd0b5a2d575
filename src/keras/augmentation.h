// Layers that change images in training only: at inference the identity, but for the type. Floating numbers come in the
// layer's type; whole ones become that too, or stay what they are, by the layer and the Keras.
#pragma once

#include <hoarfrost/error.h>

#include "keras/identity.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {

struct Augmentation {
  DType dtype = DType::kFloat32;
  bool keeps_integers = false;
};

// `keys` say what happens in training.
inline Augmentation parse_augmentation(const Config& config, Config::Names keys, bool keeps_integers) {
  config.ignore(keys);
  config.ignore({"data_format", "seed", "bounding_box_format"});
  return {config.dtype(), keeps_integers};
}

// Throws Error{kUnsupported} in training.
inline Values lower_augmentation(const Augmentation& augmentation, Lowering& lowering, const Values& in) {
  if (lowering.is_training())
    throw Error(ErrorCode::kUnsupported, "",
                "this augmentation is not trained with; take the layer out of the model to train");
  const DType type = in[0].dtype;
  const bool is_float =
      type == DType::kFloat16 || type == DType::kBFloat16 || type == DType::kFloat32 || type == DType::kFloat64;
  return is_float || !augmentation.keeps_integers ? lower_cast(augmentation.dtype, lowering, in) : in;
}

}  // namespace hoarfrost::keras
