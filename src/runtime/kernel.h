// One step's work, and how kernels are found: makers stand in kernels.def in the order in which they are asked,
// oneDNN's and the own loops first, TensorFlow's reference last.
#pragma once

#include <hoarfrost/runtime.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "runtime/layout.h"
#include "runtime/operation.h"
#include "runtime/tuning.h"
#include "runtime/weights.h"

namespace hoarfrost::runtime {

// Where a step finds its values. A held value's pointer is that of its Tensor.
struct Buffers {
  void* const* inputs = nullptr;   // as Kernel::inputs names them
  void* const* outputs = nullptr;  // as the operation names them
  void* scratchpad = nullptr;
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  // Computes; allocates nothing in own kernels.
  virtual void run(const Buffers& buffers, const dnnl::stream& stream) = 0;
  // The steps of the programs that it runs, for a kernel that runs some; and whether those are timed.
  virtual std::vector<Step> inner_steps() const { return {}; }
  virtual void set_timing(bool) {}

  struct Use {
    ValueId value;
    Layout layout;  // as this kernel wants to read it
  };
  std::vector<Use> inputs;  // what is read when it runs; constants it has taken in already are not among them
  std::vector<Layout> output_layouts;  // one per output of the operation
  std::string implementation;          // oneDNN's impl_info_str, "own:…" or "reference:OP"
  size_t scratchpad_bytes = 0;
  int in_place_input = -1;  // output 0 is computed in the memory of this input (whose layout is its own)
  bool is_alias = false;    // output 0 *is* input 0's memory; run does nothing
};

// How a program is to be laid out; compiling tries some and keeps the fastest.
struct Strategy {
  bool prefers_blocked = false;  // oneDNN's channel blocks between convolutions, instead of nhwc
  bool tries_algorithms = true;  // Winograd against direct convolution, by the clock
  bool uses_bfloat16 = false;    // in convolutions and dense layers, and between them
};

// What a maker knows of the place where its kernel will stand.
struct Site {
  const OperationList& list;
  const std::vector<Layout>& layouts;  // of every value that is there already
  const Strategy& strategy;
  const dnnl::engine& engine;
  Weights& weights;
  Tuning& tuning;
  distributed::Group* group = nullptr;  // runtime::Options::group

  [[nodiscard]] const Value& value(ValueId id) const { return list.values[static_cast<size_t>(id)]; }
  [[nodiscard]] const Layout& layout(ValueId id) const { return layouts[static_cast<size_t>(id)]; }
  [[nodiscard]] const Shape& shape(ValueId id) const { return value(id).shape; }
  [[nodiscard]] bool is_float(ValueId id) const {
    return value(id).dtype == DType::kFloat32 && value(id).shape.is_static();
  }
};

// A maker gives nullptr when the operation is none of its own.
using MakeKernel = std::unique_ptr<Kernel> (*)(const Operation& operation, const Site& site);

// The processes that the node's attribute `group_size` asks for; nullptr where it has none, or 1. Throws
// Error{kInvalidArgument} where the program runs in a group of another size.
distributed::Group* group_of(const graph::Node& node, const Site& site);

// The first maker's that has one. Throws Error{kUnsupported} when none has.
std::unique_ptr<Kernel> make_kernel(const Operation& operation, const Site& site);

}  // namespace hoarfrost::runtime
