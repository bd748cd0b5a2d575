// A kernel that is one oneDNN primitive.
#pragma once

#include <vector>

#include "runtime/kernel.h"

namespace hoarfrost::runtime {

class PrimitiveKernel : public Kernel {
 public:
  // `attributes` had scratchpad_mode::user when the descriptor was made (user_scratchpad()).
  template <typename Descriptor>
  PrimitiveKernel(const Descriptor& descriptor, const dnnl::primitive& primitive) : primitive_(primitive) {
    implementation = descriptor.impl_info_str();
    const auto scratchpad = descriptor.scratchpad_desc();
    scratchpad_bytes = scratchpad.get_size();
    if (scratchpad_bytes > 0) add({DNNL_ARG_SCRATCHPAD, scratchpad, Source::kScratchpad, 0}, descriptor.get_engine());
  }

  // Which of oneDNN's arguments is input or output i, or a constant.
  void bind_input(int argument, size_t i, const dnnl::memory::desc& desc, const dnnl::engine& engine) {
    add({argument, desc, Source::kInput, i}, engine);
  }
  void bind_output(int argument, size_t i, const dnnl::memory::desc& desc, const dnnl::engine& engine) {
    add({argument, desc, Source::kOutput, i}, engine);
  }
  void bind_constant(int argument, const dnnl::memory& memory);

  void run(const Buffers& buffers, const dnnl::stream& stream) override;

 private:
  enum class Source { kInput, kOutput, kScratchpad };
  struct Argument {
    int argument;
    dnnl::memory::desc desc;
    Source source;
    size_t i;
  };
  struct Bound {
    dnnl::memory memory;
    Source source;
    size_t i;
    void* handle = nullptr;  // setting one that is set already is not free
  };
  void add(const Argument& argument, const dnnl::engine& engine);

  dnnl::primitive primitive_;
  std::vector<Bound> bound_;
  std::vector<dnnl::memory> constants_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

dnnl::primitive_attr user_scratchpad();

// Whether oneDNN fell to its plain loops, which are slower than ours.
bool is_ref(std::string_view implementation);

}  // namespace hoarfrost::runtime
