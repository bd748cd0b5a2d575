// What has conditions: comparisons of float32 values, logic, Cast between the types that training casts, Select and
// OneHot; and BroadcastTo, AddN and ZerosLike of float32 values.
#include <array>
#include <functional>

#include "runtime/kernel.h"
#include "runtime/kernels/broadcast_loops.h"

namespace hoarfrost::runtime {
namespace {

// out[i] = f(a[i · step], …) for i < n, the usual steps as loops of their own that vectorize.
template <typename R, typename A, typename F>
void run_one(R* out, int64_t n, const A* a, int64_t step, F f) {
  if (step == 1) {
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i * step]);
  }
}

// K operands of types Ts…, f of an element of each.
template <typename R, typename F, typename... Ts>
class ElementwiseKernel : public Kernel {
 public:
  ElementwiseKernel(const char* name, const Operation& operation, std::span<const ValueId> ids, const Site& site, F f)
      : loops_(make_loops(operation, ids, site)), f_(f) {
    implementation = name;
    for (const ValueId id : ids) inputs.push_back({id, {}});
    output_layouts.resize(operation.outputs.size());
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    auto* out = static_cast<R*>(buffers.outputs[0]);
    loops_.for_each_run([&](int64_t at, const auto& places, const auto& steps, int64_t n) {
      if constexpr (K == 1) {
        run_one(out + at, n, pointer<0>(buffers, places), steps[0], f_);
      } else if constexpr (K == 2) {
        ops::zip_run(out + at, n, pointer<0>(buffers, places), steps[0], pointer<1>(buffers, places), steps[1], f_);
      } else {
        const auto* a = pointer<0>(buffers, places);
        const auto* b = pointer<1>(buffers, places);
        const auto* c = pointer<2>(buffers, places);
        if (steps[0] == 1 && steps[1] == 1 && steps[2] == 1) {
          for (int64_t i = 0; i < n; ++i) out[at + i] = f_(a[i], b[i], c[i]);
        } else {
          for (int64_t i = 0; i < n; ++i) out[at + i] = f_(a[i * steps[0]], b[i * steps[1]], c[i * steps[2]]);
        }
      }
    });
  }

 private:
  static constexpr size_t K = sizeof...(Ts);

  static BroadcastLoops<K> make_loops(const Operation& operation, std::span<const ValueId> ids, const Site& site) {
    std::array<Shape, K> shapes;
    for (size_t k = 0; k < K; ++k) shapes[k] = site.shape(ids[k]);
    const Shape& output = site.shape(operation.outputs[0]);
    return {output, shapes, output.n_elements() * static_cast<int64_t>(sizeof(R) + (sizeof(Ts) + ...))};
  }

  template <size_t k>
  static auto pointer(const Buffers& buffers, const std::array<int64_t, K>& places) {
    using T = std::tuple_element_t<k, std::tuple<Ts...>>;
    return static_cast<const T*>(buffers.inputs[k]) + places[k];
  }

  BroadcastLoops<K> loops_;
  F f_;
};

template <typename R, typename... Ts, typename F>
std::unique_ptr<Kernel> elementwise(const char* name, const Operation& operation, std::span<const ValueId> ids,
                                    const Site& site, F f) {
  return std::make_unique<ElementwiseKernel<R, F, Ts...>>(name, operation, ids, site, f);
}

bool is_of(const Site& site, ValueId id, DType dtype) {
  return site.value(id).dtype == dtype && site.shape(id).is_static();
}

template <typename F>
std::unique_ptr<Kernel> compare(const Operation& operation, const Site& site, F f) {
  for (const ValueId id : operation.inputs) {
    if (!site.is_float(id)) return nullptr;
  }
  return elementwise<bool, float, float>("own:compare", operation, operation.inputs, site, f);
}

std::unique_ptr<Kernel> comparison(const Operation& operation, const Site& site) {
  if (operation.is("Greater")) return compare(operation, site, std::greater<>());
  if (operation.is("GreaterEqual")) return compare(operation, site, std::greater_equal<>());
  if (operation.is("Less")) return compare(operation, site, std::less<>());
  if (operation.is("LessEqual")) return compare(operation, site, std::less_equal<>());
  if (operation.is("Equal")) return compare(operation, site, std::equal_to<>());
  if (operation.is("NotEqual")) return compare(operation, site, std::not_equal_to<>());
  return nullptr;
}

std::unique_ptr<Kernel> logic(const Operation& operation, const Site& site) {
  if (operation.is("LogicalAnd"))
    return elementwise<bool, bool, bool>("own:logic", operation, operation.inputs, site,
                                         [](bool a, bool b) { return a & b; });
  if (operation.is("LogicalOr"))
    return elementwise<bool, bool, bool>("own:logic", operation, operation.inputs, site,
                                         [](bool a, bool b) { return a | b; });
  if (operation.is("LogicalNot"))
    return elementwise<bool, bool>("own:logic", operation, operation.inputs, site, [](bool a) { return !a; });
  return nullptr;
}

// To float32, where every value has one meaning; floats to integers stay with the reference.
std::unique_ptr<Kernel> cast(const Operation& operation, const Site& site) {
  if (!operation.is("Cast") || !site.is_float(operation.outputs[0])) return nullptr;
  const auto from = [&]<typename T>() {
    return elementwise<float, T>("own:cast", operation, operation.inputs, site,
                                 [](T x) { return static_cast<float>(x); });
  };
  switch (site.value(operation.inputs[0]).dtype) {
    case DType::kBool:
      return from.template operator()<bool>();
    case DType::kUInt8:
      return from.template operator()<uint8_t>();
    case DType::kInt32:
      return from.template operator()<int32_t>();
    case DType::kInt64:
      return from.template operator()<int64_t>();
    default:
      return nullptr;
  }
}

std::unique_ptr<Kernel> choice(const Operation& operation, const Site& site) {
  if (!operation.is("Select") && !operation.is("SelectV2")) return nullptr;
  const auto& in = operation.inputs;
  if (!is_of(site, in[0], DType::kBool) || !site.is_float(in[1]) || !site.is_float(in[2])) return nullptr;
  // Select's condition may be a vector over the first axis, which is no broadcasting.
  const int rank = site.shape(in[0]).rank();
  if (operation.is("Select") && rank != 0 && rank != site.shape(operation.outputs[0]).rank()) return nullptr;
  return elementwise<float, bool, float, float>("own:select", operation, in, site,
                                                [](bool c, float a, float b) { return c ? a : b; });
}

class AddNKernel : public Kernel {
 public:
  explicit AddNKernel(int64_t n) : n_(n) { implementation = "own:add_n"; }
  void run(const Buffers& buffers, const dnnl::stream&) override {
    auto* out = static_cast<float*>(buffers.outputs[0]);
    const size_t n_inputs = inputs.size();
    parallel_parts(n_, n_ * 4 * static_cast<int64_t>(n_inputs + 1), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        float sum = static_cast<const float*>(buffers.inputs[0])[i];
        for (size_t k = 1; k < n_inputs; ++k) sum += static_cast<const float*>(buffers.inputs[k])[i];
        out[i] = sum;
      }
    });
  }

 private:
  int64_t n_;
};

class ZeroKernel : public Kernel {
 public:
  explicit ZeroKernel(size_t n_bytes) : n_bytes_(n_bytes) { implementation = "own:zero"; }
  void run(const Buffers& buffers, const dnnl::stream&) override { std::memset(buffers.outputs[0], 0, n_bytes_); }

 private:
  size_t n_bytes_;
};

std::unique_ptr<Kernel> add_n(const Operation& operation, const Site& site) {
  for (const ValueId id : operation.inputs) {
    if (!site.is_float(id)) return nullptr;
  }
  auto kernel = std::make_unique<AddNKernel>(site.shape(operation.outputs[0]).n_elements());
  for (const ValueId id : operation.inputs) kernel->inputs.push_back({id, {}});
  kernel->output_layouts.resize(1);
  return kernel;
}

std::unique_ptr<Kernel> zeros(const Operation& operation, const Site& site) {
  const Value& output = site.value(operation.outputs[0]);
  if (output.is_held()) return nullptr;
  auto kernel = std::make_unique<ZeroKernel>(static_cast<size_t>(output.shape.n_elements()) * dtype_size(output.dtype));
  kernel->output_layouts.resize(1);
  return kernel;
}

// A row of `on` and `off` for each index, along the last axis.
class OneHotKernel : public Kernel {
 public:
  OneHotKernel(int64_t n, int64_t depth, float on, float off) : n_(n), depth_(depth), on_(on), off_(off) {
    implementation = "own:one_hot";
  }
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* indices = static_cast<const int32_t*>(buffers.inputs[0]);
    auto* out = static_cast<float*>(buffers.outputs[0]);
    for (int64_t i = 0; i < n_; ++i, out += depth_) {
      std::fill_n(out, depth_, off_);
      if (indices[i] >= 0 && indices[i] < depth_) out[indices[i]] = on_;
    }
  }

 private:
  int64_t n_, depth_;
  float on_, off_;
};

std::unique_ptr<Kernel> one_hot(const Operation& operation, const Site& site) {
  const auto& in = operation.inputs;
  const auto constant = [&](size_t i) { return Reader(site.value(in[i]).constant)[0]; };
  if (!is_of(site, in[0], DType::kInt32) || !site.is_float(operation.outputs[0])) return nullptr;
  const bool is_known = site.value(in[2]).is_constant() && site.value(in[3]).is_constant();
  const auto axis = operation.node->get_or<int64_t>("axis", -1);
  if (!is_known || (axis != -1 && axis != site.shape(in[0]).rank())) return nullptr;
  const Shape& shape = site.shape(operation.outputs[0]);
  auto kernel = std::make_unique<OneHotKernel>(site.shape(in[0]).n_elements(), shape.last(),
                                               static_cast<float>(constant(2)), static_cast<float>(constant(3)));
  kernel->inputs = {{in[0], {}}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace

std::unique_ptr<Kernel> make_select(const Operation& operation, const Site& site) {
  if (!operation.is_plain() || operation.outputs.size() != 1) return nullptr;
  const Value& output = site.value(operation.outputs[0]);
  if (output.is_held() || output.shape.n_elements() == 0) return nullptr;
  if (operation.is("AddN")) return add_n(operation, site);
  if (operation.is("ZerosLike")) return zeros(operation, site);
  if (operation.is("OneHot")) return one_hot(operation, site);
  if (operation.is("BroadcastTo") && site.is_float(operation.inputs[0])) {
    return elementwise<float, float>("own:broadcast", operation, std::span(operation.inputs).first(1), site,
                                     [](float x) { return x; });
  }
  for (const auto make : {comparison, logic, cast, choice}) {
    if (auto kernel = make(operation, site)) return kernel;
  }
  return nullptr;
}

}  // namespace hoarfrost::runtime
