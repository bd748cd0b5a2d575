#include "keras/legacy/weights.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/legacy/rearrange.h"

namespace hoarfrost::keras::legacy {
namespace {

// A cell's kernel, recurrent kernel and bias among a layer's weights: `first`, the two behind it, and how many gates.
struct Cell {
  size_t first = 0;
  size_t n_gates = 1;
};

std::string base_of(const WeightSlot& slot) { return slot.spec.name.substr(slot.spec.name.rfind('/') + 1); }

std::vector<Cell> cells_of(const std::vector<WeightSlot>& slots) {
  std::vector<Cell> result;
  for (size_t i = 0; i + 2 < slots.size(); ++i) {
    if (base_of(slots[i]) != "kernel" || base_of(slots[i + 1]) != "recurrent_kernel" || base_of(slots[i + 2]) != "bias")
      continue;
    const Shape& recurrent = slots[i + 1].spec.shape;
    if (recurrent.rank() < 2 || recurrent[-2] < 1) continue;
    result.push_back({i, static_cast<size_t>(recurrent.last() / recurrent[-2])});
  }
  std::erase_if(result, [](const Cell& cell) { return cell.n_gates != 3 && cell.n_gates != 4; });
  return result;
}

// Those that Keras on Theano ran with flipped kernels (Conv3DTranspose too, which Keras' own conversion forgets).
bool is_convolution(const std::string& class_name) {
  constexpr std::array<std::string_view, 9> kConvolutions{"Conv1D",          "Conv2D",          "Conv3D",
                                                          "Convolution1D",   "Convolution2D",   "Convolution3D",
                                                          "Conv2DTranspose", "Conv3DTranspose", "ConvLSTM2D"};
  return std::ranges::find(kConvolutions, class_name) != kConvolutions.end();
}

bool is_kernel(const WeightSlot& slot) {
  const std::string name = base_of(slot);
  return name == "kernel" || name == "recurrent_kernel" || name == "depthwise_kernel" || name == "pointwise_kernel";
}

// A Keras 1 kernel with its axes as today's: [filters, channels, space…] of Theano's order becomes [space…, channels,
// filters].
Tensor turned(const WeightSlot& slot, const Tensor& kernel) {
  const ModelLayer& layer = *slot.layer;
  const int rank = kernel.shape().rank();
  if (layer.kernel_class == "Conv1D" && rank == 4) {
    // Keras 1.2 has [length, 1, channels, filters], before [filters, channels, length, 1].
    const Shape& expected = slot.spec.shape;
    const bool is_new = kernel.shape()[0] == expected[0] && kernel.shape()[1] == 1 && kernel.shape()[3] == expected[2];
    const Tensor plain = is_new ? kernel : transposed(kernel, {2, 3, 1, 0});
    return plain.reshaped({plain.shape()[0], plain.shape()[2], plain.shape()[3]});
  }
  if (layer.kernel_class == "Conv2DTranspose" && rank == 4)
    return transposed(kernel, layer.is_channels_first ? std::vector<int>{2, 3, 0, 1} : std::vector<int>{0, 1, 3, 2});
  if (!layer.is_channels_first) return kernel;
  if (rank == 4) return transposed(kernel, {2, 3, 1, 0});
  if (rank == 5) return transposed(kernel, {2, 3, 4, 1, 0});
  return kernel;
}

// Keras 1 kept `shared_axes` out of the configuration: only their weights' ones tell of them.
bool is_shared(const WeightSlot& slot, const Tensor& tensor) {
  const std::string& name = slot.layer->kernel_class;
  if (name != "PReLU" && name != "ParametricSoftplus" && name != "SReLU") return false;
  const Shape& expected = slot.spec.shape;
  bool fits = tensor.shape().rank() == expected.rank() && tensor.shape() != expected;
  for (int axis = 0; fits && axis < expected.rank(); ++axis)
    fits = tensor.shape()[axis] == expected[axis] || tensor.shape()[axis] == 1;
  return fits;
}

Tensor converted(const Source& source, const WeightSlot& slot, Tensor tensor) {
  if (source.is_keras1 && is_shared(slot, tensor)) return spread(tensor, slot.spec.shape);
  const bool is_spatial =
      is_convolution(slot.layer->kernel_class) || slot.layer->kernel_class.find("Conv") != std::string::npos;
  if (is_kernel(slot) && is_spatial && source.is_keras1) tensor = turned(slot, tensor);
  if (is_kernel(slot) && is_convolution(slot.layer->kernel_class) && source.is_theano)
    tensor = flipped(tensor, tensor.shape().rank() - 2);
  return tensor;
}

// Until Keras 1.0.6 it normalised by running_std + epsilon, today's layer does by sqrt(moving_variance + epsilon).
Tensor variance_of(const Tensor& deviation, double epsilon) {
  const Tensor values = deviation.cast(DType::kFloat64);
  Tensor result(DType::kFloat64, values.shape());
  const auto to = result.mutable_values<double>();
  const Reader from(values);
  for (size_t i = 0; i < to.size(); ++i) {
    const double divisor = from[static_cast<int64_t>(i)] + epsilon;
    to[i] = divisor * divisor - epsilon;
  }
  return result.cast(deviation.dtype());
}

}  // namespace

namespace {

Version written_by(const hdf5::Tree& tree, Version version) {
  if (weight_layout(tree, "/") == WeightLayout::kKeras0) return {0, 3};
  const auto stated = tree.text("/", "keras_version");
  return (stated ? parse_version(*stated) : std::nullopt).value_or(version);
}

// TensorFlow's variables are named `dense_1_W:0`, Theano's `dense_1_W`.
bool has_plain_names(const hdf5::Tree& tree) {
  for (const auto* root : {"/model_weights", "/"}) {
    for (const std::string& layer : tree.names(root, "layer_names").value_or(std::vector<std::string>{})) {
      for (const std::string& name :
           tree.names(hdf5::join(root, layer), "weight_names").value_or(std::vector<std::string>{})) {
        if (name.find(':') == std::string::npos) return true;
      }
    }
  }
  return false;
}

}  // namespace

bool is_theano(const hdf5::Tree* weights, const Json& model, Version version) {
  if (weights != nullptr) {
    if (const auto backend = weights->text("/", "backend")) return *backend == "theano";
    version = written_by(*weights, version);
  }
  if (version.major == 0) {
    const std::string text = model.dump();
    return text.find(R"("dim_ordering":"tf")") == std::string::npos &&
           text.find(R"("data_format":"channels_last")") == std::string::npos;
  }
  return weights != nullptr && version.major == 1 && has_plain_names(*weights);
}

Source source_of(const hdf5::Tree& tree, Version version) {
  const Version written = written_by(tree, version);
  // Keras 1.0.6 changed it for TensorFlow, 1.0.7 for Theano; the name stayed.
  const int last_patch = version.is_theano ? 6 : 5;
  const bool has_deviations =
      written.major == 0 || (written.major == 1 && written.minor == 0 && written.patch <= last_patch);
  return {.is_keras1 = written.major < 2, .has_deviations = has_deviations, .is_theano = version.is_theano};
}

size_t n_stored_apart(const std::vector<WeightSlot>& slots) {
  size_t n = slots.size();
  for (const Cell& cell : cells_of(slots)) n += 3 * cell.n_gates - 3;
  return n;
}

bool is_count_of(const Source& source, const std::vector<WeightSlot>& slots, size_t n_stored) {
  return n_stored == slots.size() || (source.is_keras1 && n_stored == n_stored_apart(slots));
}

std::vector<Tensor> todays_weights(const Source& source, const std::vector<WeightSlot>& slots,
                                   std::vector<Tensor> stored) {
  const std::vector<Cell> cells = stored.size() == slots.size() ? std::vector<Cell>{} : cells_of(slots);
  std::vector<Tensor> result;
  size_t next = 0;
  for (size_t i = 0; i < slots.size();) {
    const auto cell = std::ranges::find_if(cells, [&](const Cell& c) { return c.first == i; });
    if (cell == cells.end()) {
      Tensor tensor = converted(source, slots[i], std::move(stored.at(next++)));
      if (source.has_deviations && base_of(slots[i]) == "moving_variance")
        tensor = variance_of(tensor, slots[i].layer->epsilon);
      result.push_back(std::move(tensor));
      ++i;
      continue;
    }
    // W, U and b of each gate: i, c, f, o in Keras 1 and i, f, c, o today; a GRU's z, r, h are as ever.
    constexpr std::array<size_t, 4> kLstm{0, 2, 1, 3};
    for (size_t part = 0; part < 3; ++part) {
      std::vector<Tensor> gates;
      for (size_t gate = 0; gate < cell->n_gates; ++gate) {
        const size_t from = cell->n_gates == 4 ? kLstm[gate] : gate;
        gates.push_back(converted(source, slots[i + part], stored.at(next + 3 * from + part)));
      }
      result.push_back(joined(gates));
    }
    next += 3 * cell->n_gates;
    i += 3;
  }
  return result;
}

}  // namespace hoarfrost::keras::legacy
