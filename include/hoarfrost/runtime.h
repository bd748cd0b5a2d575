// Runs frozen graphs on the CPU: compiled per input shape into a plan of fused oneDNN primitives with one arena.
#pragma once

#include <hoarfrost/graph.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hoarfrost::distributed {
class Group;
}

namespace hoarfrost::runtime {

// In what convolutions and dense layers compute: their sums are float32 in both, kBFloat16 rounds what they read and
// write to 8 significant bits. All else, inputs and outputs too, stays float32.
enum class Precision { kFloat32, kBFloat16 };

// Whether this processor multiplies bfloat16 itself (AVX-512 BF16); without, it would be slower than float32.
bool has_bfloat16();

struct Options {
  int threads = 0;   // 0: as many as the process may use
  bool fuse = true;  // false: every node on its own, so that each can be looked at
  // How many runs are to come; 0: many. Trying layouts, slices and algorithms against the clock ends once it has taken
  // 3 % of their time; fewer than 50 take the usual ones.
  int64_t n_runs = 0;
  // Where what was found by the clock is kept for the next session, of this or another process; empty: nowhere. What
  // the file knows of this graph on this machine is taken without trying, whatever n_runs says.
  std::filesystem::path tuning_file = {};
  Precision precision = Precision::kFloat32;  // of programs that are fused
  // Nothing is tried against the clock: layouts and algorithms follow from shapes, processor and threads alone, so that
  // every run of every process rounds alike. For training.
  bool is_deterministic = false;
  // The processes that nodes with an attribute `group_size` over 1 work with; each runs the same graph, in step. Must
  // outlive the Session.
  distributed::Group* group = nullptr;
};

// One step of a plan, for people and for tests ("a plan must not fall to `ref`"). The steps of a body that is run slice
// by slice of the batch follow the "own:slices of N" that runs them.
struct Step {
  std::string name;            // the nodes it stands for, the last one's name first
  std::string implementation;  // oneDNN's impl_info_str, or "own:…", or "reference:OP"
  double n_flops = 0;          // floating-point operations of one run by the definition, a multiply-add counting two
  double n_bytes = 0;          // of the values that one run reads and writes, weights included
  double seconds = 0;          // of one run, from profile(); of a slice's step: of all slices, shared by the threads
  bool is_inner = false;       // within the step before that runs slices
};

// What this machine can do at most, measured on the spot by `threads` threads (0: all that the process may use):
// float32 multiply-adds on registers, and reading memory that no cache holds.
struct Peak {
  double flops_per_second = 0;
  double bytes_per_second = 0;
};
Peak measure_peak(int threads = 0);

// Called after every step of a run with the places of the outputs whose values are there since, mostly none.
using AfterStep = std::function<void(std::span<const size_t> outputs)>;

// A frozen graph, ready to run at any input shape. A new shape (another batch) compiles once and is kept; compiling
// tries layouts, slices and algorithms against the clock, so that two sessions may round differently, one never.
// Constants are views into the graph's tensors, which it keeps alive. Not for two threads at once.
class Session {
 public:
  // signature.inputs may be any endpoints, also inner ones: what stands before them is not run. Any endpoint can be an
  // output. Throws Error{kUnsupported} for an op it does not know and for a precision that this processor has not,
  // Error{kInvalidArgument} when the outputs need a variable or a Placeholder that is no input. Running throws
  // Error{kIo} for what goes wrong between the processes of a group.
  Session(const graph::Graph& frozen, const graph::Signature& signature, Options options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Outputs in the signature's order. Throws Error{kMismatch} when an input's type or shape is not the graph's.
  std::vector<Tensor> run(std::span<const Tensor> inputs);
  // The same into tensors of the outputs' types and shapes, whose memory nobody else views: nothing is allocated.
  // Throws Error{kMismatch} naming the output that has another type or shape, and Error{kUnsupported} for an output
  // whose shape is only known when it is computed.
  void run_into(std::span<const Tensor> inputs, std::span<Tensor> outputs, const AfterStep& after_step = {});
  // The plan for these input shapes (Error{kMismatch} as in run), compiled when it is not there yet.
  std::vector<Step> plan(std::span<const Shape> input_shapes);
  // The plan with the mean time of each step over the runs that fit into `seconds` (one at least).
  std::vector<Step> profile(std::span<const Tensor> inputs, double seconds);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hoarfrost::runtime
