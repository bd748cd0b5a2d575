// From operations to a program: a kernel for each, reorders where layouts differ, memory planned.
#pragma once

#include <memory>

#include "runtime/program.h"

namespace hoarfrost::runtime {

struct CompileOptions {
  Strategy strategy;
  bool keeps_output_layouts = false;  // outputs lie as they come (Program::output_layouts), not in row-major order
  int n_threads = 1;                  // with which the program runs
  distributed::Group* group = nullptr;
};

// Throws Error{kUnsupported} naming the node for which there is no kernel.
std::unique_ptr<Program> compile(const OperationList& list, const CompileOptions& options, const dnnl::engine& engine,
                                 Weights& weights, Tuning& tuning);

}  // namespace hoarfrost::runtime
