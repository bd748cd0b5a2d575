#include "runtime/kernels/primitive.h"

namespace hoarfrost::runtime {

void PrimitiveKernel::add(const Argument& argument, const dnnl::engine& engine) {
  bound_.push_back({dnnl::memory(argument.desc, engine, nullptr), argument.source, argument.i});
  arguments_.push_back({argument.argument, bound_.back().memory.get()});
}

void PrimitiveKernel::bind_constant(int argument, const dnnl::memory& memory) {
  constants_.push_back(memory);
  arguments_.push_back({argument, memory.get()});
}

void PrimitiveKernel::run(const Buffers& buffers, const dnnl::stream& stream) {
  for (Bound& bound : bound_) {
    void* handle = bound.source == Source::kInput    ? buffers.inputs[bound.i]
                   : bound.source == Source::kOutput ? buffers.outputs[bound.i]
                                                     : buffers.scratchpad;
    if (handle == bound.handle) continue;
    bound.memory.set_data_handle(handle);
    bound.handle = handle;
  }
  // The C function: the C++ one collects the arguments in fresh memory each time.
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive_.get(), stream.get(), static_cast<int>(arguments_.size()), arguments_.data()),
      "could not execute a primitive");
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

bool is_ref(std::string_view implementation) { return implementation.starts_with("ref"); }

}  // namespace hoarfrost::runtime
