#include "training/augment_picture.h"

namespace hoarfrost::training {

PictureChange draw_change(const Augmentation&, const PictureSize&, uint64_t, int64_t) { return {}; }
void change_picture(const Augmentation&, const PictureChange&, const PictureSize&, float*, std::vector<float>&) {}

}  // namespace hoarfrost::training
