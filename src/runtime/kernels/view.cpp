// Values in another place, of any type with a fixed size: Slice, Tile, ReverseV2, Split, Unpack and Pack whose
// parameters are constants. Each is a few copies between strided views.
#include <algorithm>
#include <cstring>

#include "ops/strided.h"
#include "runtime/kernel.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

using ops::Sizes;
using ops::View;

struct Copy {
  size_t input = 0;
  size_t output = 0;
  View from;
  View to;
  Sizes sizes;
};

class ViewKernel : public Kernel {
 public:
  ViewKernel(std::vector<Copy> copies, size_t n_element_bytes) : copies_(std::move(copies)), n_bytes_(n_element_bytes) {
    implementation = "own:view";
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    for (const Copy& copy : copies_) {
      auto* to = static_cast<std::byte*>(buffers.outputs[copy.output]);
      if (to == nullptr) continue;
      const auto* from = static_cast<const std::byte*>(buffers.inputs[copy.input]);
      switch (n_bytes_) {
        case 1:
          move<uint8_t>(copy, from, to);
          break;
        case 2:
          move<uint16_t>(copy, from, to);
          break;
        case 4:
          move<uint32_t>(copy, from, to);
          break;
        default:
          move<uint64_t>(copy, from, to);
          break;
      }
    }
  }

 private:
  // The longest axis of the outer ones is divided among the threads.
  template <typename T>
  static void move(const Copy& copy, const std::byte* source, std::byte* target) {
    const T* from = reinterpret_cast<const T*>(source) + copy.from.offset;
    T* to = reinterpret_cast<T*>(target) + copy.to.offset;
    int64_t n = 1;
    for (const int64_t size : copy.sizes) n *= size;
    if (copy.sizes.empty()) {
      *to = *from;
      return;
    }
    const auto longest =
        static_cast<size_t>(std::max_element(copy.sizes.begin(), copy.sizes.end()) - copy.sizes.begin());
    parallel_parts(copy.sizes[longest], n * 2 * static_cast<int64_t>(sizeof(T)), [&](int64_t first, int64_t last) {
      Sizes sizes = copy.sizes;
      sizes[longest] = last - first;
      const T* x = from + first * copy.from.strides[longest];
      T* y = to + first * copy.to.strides[longest];
      ops::for_each_run<2>(sizes, {copy.from.strides, copy.to.strides},
                           [&](const auto& places, const auto& steps, int64_t n_run) {
                             const T* a = x + places[0];
                             T* b = y + places[1];
                             if (steps[0] == 1 && steps[1] == 1) {
                               std::memcpy(b, a, static_cast<size_t>(n_run) * sizeof(T));
                             } else {
                               for (int64_t i = 0; i < n_run; ++i) b[i * steps[1]] = a[i * steps[0]];
                             }
                           });
    });
  }

  std::vector<Copy> copies_;
  size_t n_bytes_;
};

std::vector<int64_t> integers(const Tensor& tensor) {
  const Reader reader(tensor);
  std::vector<int64_t> result;
  for (int64_t i = 0; i < tensor.n_elements(); ++i) result.push_back(static_cast<int64_t>(reader[i]));
  return result;
}

size_t axis_in(const Shape& shape, int64_t axis) { return static_cast<size_t>(axis < 0 ? axis + shape.rank() : axis); }

Copy whole(const Shape& output) {
  return {0, 0, {0, ops::strides_of(output)}, {0, ops::strides_of(output)}, output.sizes()};
}

std::vector<Copy> slice(const Shape& input, const Shape& output, const std::vector<int64_t>& begin) {
  Copy copy = whole(output);
  copy.from.strides = ops::strides_of(input);
  for (size_t axis = 0; axis < begin.size(); ++axis) copy.from.offset += begin[axis] * copy.from.strides[axis];
  return {copy};
}

// [m0·s0, m1·s1, …] is [m0, s0, m1, s1, …] in memory, the m's repeating the input.
std::vector<Copy> tile(const Shape& input, const std::vector<int64_t>& multiples) {
  const Sizes strides = ops::strides_of(input);
  Copy copy;
  for (size_t axis = 0; axis < multiples.size(); ++axis) {
    copy.sizes.insert(copy.sizes.end(), {multiples[axis], input.sizes()[axis]});
    copy.from.strides.insert(copy.from.strides.end(), {0, strides[axis]});
  }
  copy.to.strides = ops::strides_of(Shape(copy.sizes));
  return {copy};
}

std::vector<Copy> reverse(const Shape& shape, const std::vector<int64_t>& axes) {
  Copy copy = whole(shape);
  for (const int64_t each : axes) {
    const size_t axis = axis_in(shape, each);
    copy.from.offset += (shape.sizes()[axis] - 1) * copy.from.strides[axis];
    copy.from.strides[axis] = -copy.from.strides[axis];
  }
  return {copy};
}

// Equal parts along an axis, of one input (Split, Unpack) or into one output (Pack).
std::vector<Copy> parts(Shape whole_shape, size_t axis, size_t n, bool is_joined) {
  const Sizes strides = ops::strides_of(whole_shape);
  const int64_t size = whole_shape.sizes()[axis] / static_cast<int64_t>(n);
  whole_shape[static_cast<int>(axis)] = size;
  std::vector<Copy> result;
  for (size_t i = 0; i < n; ++i) {
    const View one{0, ops::strides_of(whole_shape)}, among{static_cast<int64_t>(i) * size * strides[axis], strides};
    if (is_joined)
      result.push_back({i, 0, one, among, whole_shape.sizes()});
    else
      result.push_back({0, i, among, one, whole_shape.sizes()});
  }
  return result;
}

std::vector<Copy> copies_of(const Operation& operation, const Site& site) {
  const auto shape = [&](size_t i) { return site.shape(operation.inputs[i]); };
  const auto constant = [&](size_t i) { return site.value(operation.inputs[i]).constant; };
  const auto is_known = [&](size_t i) { return site.value(operation.inputs[i]).is_constant(); };
  const Shape& output = site.shape(operation.outputs[0]);
  const size_t n_outputs = operation.outputs.size();
  if (operation.is("Slice") && is_known(1)) return slice(shape(0), output, integers(constant(1)));
  if (operation.is("Tile") && is_known(1)) return tile(shape(0), integers(constant(1)));
  if (operation.is("ReverseV2") && is_known(1)) return reverse(shape(0), integers(constant(1)));
  if (operation.is("Split") && is_known(0))
    return parts(shape(1), axis_in(shape(1), integers(constant(0))[0]), n_outputs, false);
  const auto axis = [&](const Shape& at) { return axis_in(at, operation.node->get_or<int64_t>("axis", 0)); };
  if (operation.is("Unpack")) return parts(shape(0), axis(shape(0)), n_outputs, false);
  if (operation.is("Pack")) return parts(output, axis(output), operation.inputs.size(), true);
  return {};
}

}  // namespace

std::unique_ptr<Kernel> make_view(const Operation& operation, const Site& site) {
  if (!operation.is_plain() || operation.outputs.empty()) return nullptr;
  const size_t first = operation.is("Split") ? 1 : 0, n_read = operation.is("Pack") ? operation.inputs.size() : 1;
  const auto is_movable = [&](ValueId id) {
    const Value& value = site.value(id);
    return !value.is_held() && value.shape.is_static() && value.shape.n_elements() > 0 && dtype_size(value.dtype) <= 8;
  };
  if (operation.inputs.size() < first + n_read) return nullptr;
  for (size_t i = first; i < first + n_read; ++i) {
    if (!is_movable(operation.inputs[i]) || site.value(operation.inputs[i]).is_constant()) return nullptr;
  }
  for (const ValueId id : operation.outputs) {
    if (!is_movable(id)) return nullptr;
  }
  std::vector<Copy> copies = copies_of(operation, site);
  if (copies.empty()) return nullptr;
  auto kernel = std::make_unique<ViewKernel>(std::move(copies), dtype_size(site.value(operation.inputs[first]).dtype));
  for (size_t i = first; i < first + n_read; ++i) kernel->inputs.push_back({operation.inputs[i], {}});
  kernel->output_layouts.resize(operation.outputs.size());
  return kernel;
}

}  // namespace hoarfrost::runtime
