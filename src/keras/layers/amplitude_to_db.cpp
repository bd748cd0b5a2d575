// AmplitudeToDB: decibels below an example's largest value (decibel.h). kapre 0.1 and 0.2.
#include <memory>
#include <mutex>

#include "keras/decibel.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AmplitudeToDb {
  RelativeDecibel decibel;
  Version version;

  static AmplitudeToDb parse(const Config& config) {
    return {{config.get_float({"amin"}), config.get_float({"top_db"})}, config.version()};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    RelativeDecibel::note_version(lowering, version);
    return {decibel.lower(lowering, in[0])};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    struct Kept {
      std::mutex mutex;
      int64_t number = -1;
      std::vector<double> values;
    };
    const auto kept = std::make_shared<Kept>();
    const Shape& shape = in[0].shape();
    const int64_t n = shape[0] == 0 ? 0 : shape.n_elements() / shape[0];
    const auto at = [=, x = in[0], decibel = decibel](const Index& o) {
      const std::lock_guard lock(kept->mutex);
      if (kept->number != o[0]) {
        kept->values.clear();
        for (int64_t i = 0; i < n; ++i) kept->values.push_back(x.at_offset(o[0] * n + i));
        decibel.apply(kept->values);
        kept->number = o[0];
      }
      return kept->values[static_cast<size_t>(o.offset(x.shape()) - o[0] * n)];
    };
    return {{shape, at, 3}};
  }
};

}  // namespace

const LayerSpec layer_amplitude_to_db = make_spec<AmplitudeToDb>("AmplitudeToDB");

}  // namespace hoarfrost::keras
