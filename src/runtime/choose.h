// The fastest program for a list of operations, found by trying.
#pragma once

#include "runtime/compile.h"

namespace hoarfrost::runtime {

struct ChooseOptions {
  bool fuse = true;
  int64_t n_runs = 0;  // to come; 0: many
  int n_threads = 1;
  bool uses_bfloat16 = false;
  bool is_deterministic = false;  // nothing is tried
  distributed::Group* group = nullptr;
};

std::unique_ptr<Program> choose_program(OperationList list, const ChooseOptions& options, const dnnl::engine& engine,
                                        Weights& weights, Tuning& tuning);

}  // namespace hoarfrost::runtime
