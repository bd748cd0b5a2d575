#include "keras/legacy/weights.h"

#include <algorithm>
#include <array>

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
    if (base_of(slots[i]) != "kernel" || base_of(slots[i + 1]) != "recurrent_kernel" || base_of(slots[i + 2]) != "bias") continue;
    const Shape& recurrent = slots[i + 1].spec.shape;
    if (recurrent.rank() < 2 || recurrent[-2] < 1) continue;
    result.push_back({i, static_cast<size_t>(recurrent.last() / recurrent[-2])});
  }
  std::erase_if(result, [](const Cell& cell) { return cell.n_gates != 3 && cell.n_gates != 4; });
  return result;
}

size_t count_apart(const std::vector<WeightSlot>& slots) {
  size_t n = slots.size();
  for (const Cell& cell : cells_of(slots)) n += 3 * cell.n_gates - 3;
  return n;
}

bool is_convolution(const std::string& class_name) {
  constexpr std::array<std::string_view, 8> kClasses{"Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D", "Conv2DTranspose", "ConvLSTM2D"};
  return std::ranges::find(kClasses, class_name) != kClasses.end();
}

bool is_kernel(const WeightSlot& slot) {
  const std::string name = base_of(slot);
  return name == "kernel" || name == "recurrent_kernel" || name == "depthwise_kernel" || name == "pointwise_kernel";
}

// A Keras 1 kernel with its axes as today's: [filters, channels, space…] of Theano's order becomes [space…, channels, filters].
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
  if (layer.kernel_class == "Conv2DTranspose" && rank == 4) return transposed(kernel, layer.is_channels_first ? std::vector<int>{2, 3, 0, 1} : std::vector<int>{0, 1, 3, 2});
  if (!layer.is_channels_first) return kernel;
  if (rank == 4) return transposed(kernel, {2, 3, 1, 0});
  if (rank == 5) return transposed(kernel, {2, 3, 4, 1, 0});
  return kernel;
}

Tensor converted(const Source& source, const WeightSlot& slot, Tensor tensor) {
  const bool is_spatial = is_convolution(slot.layer->kernel_class) || slot.layer->kernel_class.find("Conv") != std::string::npos;
  if (is_kernel(slot) && is_spatial && source.is_keras1) tensor = turned(slot, tensor);
  if (is_kernel(slot) && is_convolution(slot.layer->kernel_class) && source.is_theano) tensor = flipped(tensor, tensor.shape().rank() - 2);
  return tensor;
}

// Keras 0.x normalises by running_std + epsilon, today's layer by sqrt(moving_variance + epsilon).
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

Source source_of(const hdf5::Tree& tree, std::string_view root, Version version) {
  Source source;
  const auto stated = tree.text("/", "keras_version");
  const Version written = (stated ? parse_version(*stated) : std::nullopt).value_or(version);
  source.is_keras1 = written.major < 2;
  const auto backend = tree.text("/", "backend");
  if (backend) {
    source.is_theano = *backend == "theano";
  } else if (source.is_keras1) {
    // TensorFlow's variables are named `dense_1_W:0`, Theano's `dense_1_W`. Keras 1 does not say which backend it ran on.
    for (const std::string& layer : tree.names(root, "layer_names").value_or(std::vector<std::string>{})) {
      for (const std::string& name : tree.names(hdf5::join(root, layer), "weight_names").value_or(std::vector<std::string>{})) {
        source.is_theano = source.is_theano || name.find(':') == std::string::npos;
      }
    }
  }
  return source;
}

Source keras0_source(const std::vector<LayerSlots>& layers) {
  const bool has_channels_last = std::ranges::any_of(layers, [](const LayerSlots& slots) {
    const std::string& name = slots.layer->kernel_class;
    return (name == "Conv2D" || name == "Conv3D") && !slots.layer->is_channels_first;
  });
  return {.is_keras1 = true, .is_keras0 = true, .is_theano = !has_channels_last};
}

bool is_count_of(const Source& source, const std::vector<WeightSlot>& slots, size_t n_stored) {
  return n_stored == slots.size() || (source.is_keras1 && n_stored == count_apart(slots));
}

std::vector<Tensor> todays_weights(const Source& source, const std::vector<WeightSlot>& slots, std::vector<Tensor> stored) {
  const std::vector<Cell> cells = stored.size() == slots.size() ? std::vector<Cell>{} : cells_of(slots);
  std::vector<Tensor> result;
  size_t next = 0;
  for (size_t i = 0; i < slots.size();) {
    const auto cell = std::ranges::find_if(cells, [&](const Cell& c) { return c.first == i; });
    if (cell == cells.end()) {
      Tensor tensor = converted(source, slots[i], std::move(stored.at(next++)));
      if (source.is_keras0 && base_of(slots[i]) == "moving_variance") tensor = variance_of(tensor, slots[i].layer->epsilon);
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
