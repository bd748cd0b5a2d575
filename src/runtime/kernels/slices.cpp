// A body of operations run slice by slice of the batch, each thread with a program of its own.
#include <fmt/format.h>
#include <omp.h>

#include <atomic>
#include <exception>

#include "runtime/compile.h"
#include "runtime/slice.h"

namespace hoarfrost::runtime {
namespace {

class SlicesKernel : public Kernel {
 public:
  SlicesKernel(const Operation& operation, const Site& site) : n_threads_(omp_get_max_threads()) {
    const OperationList& body = *operation.body;
    const int64_t batch = site.shape(operation.inputs[0])[0];
    const int64_t n_images = body.values[static_cast<size_t>(body.inputs[0])].shape[0];
    n_slices_ = (batch + n_images - 1) / n_images;
    n_slices_as_whole_ = static_cast<double>(batch) / static_cast<double>(n_images);
    const auto compiled = [&](const OperationList& list) {
      return compile(list, {site.strategy, true, 1}, site.engine, site.weights, site.tuning);
    };
    for (int i = 0; i < n_threads_; ++i) programs_.push_back(compiled(body));
    if (batch % n_images != 0) rest_ = compiled(with_batch(body, batch % n_images));
    implementation = fmt::format("own:slices of {}", n_images);
    const auto n_bytes = [&](ValueId id, const Layout& layout) {
      return layout ? layout->get_size() : static_cast<size_t>(site.shape(id).n_elements()) * sizeof(float);
    };
    for (const ValueId id : operation.inputs) {
      inputs.push_back({id, {}});
      input_steps_.push_back(n_bytes(id, {}) / static_cast<size_t>(batch) * static_cast<size_t>(n_images));
    }
    for (size_t i = 0; i < operation.outputs.size(); ++i) {
      const Layout& layout = programs_[0]->output_layouts()[i];
      output_layouts.push_back(layout ? Layout(with_batch(*layout, batch)) : Layout());
      output_steps_.push_back(n_bytes(operation.outputs[i], output_layouts[i]) / static_cast<size_t>(batch) *
                              static_cast<size_t>(n_images));
    }
    for (int i = 0; i < n_threads_; ++i) {
      input_pointers_.emplace_back(input_steps_.size());
      output_pointers_.emplace_back(output_steps_.size());
    }
  }

  // As of the whole batch: the slices' work together, their time shared by the threads.
  std::vector<Step> inner_steps() const override {
    std::vector<Step> result = programs_[0]->steps();
    const std::vector<Step> rest = rest_ != nullptr ? rest_->steps() : std::vector<Step>();
    for (size_t i = 0; i < result.size(); ++i) {
      if (rest.size() == result.size()) result[i].seconds += rest[i].seconds;
      for (size_t thread = 1; thread < programs_.size(); ++thread)
        result[i].seconds += programs_[thread]->steps()[i].seconds;
      result[i].seconds /= n_threads_;
      result[i].n_flops *= n_slices_as_whole_;
      result[i].n_bytes *= n_slices_as_whole_;
    }
    return result;
  }

  void set_timing(bool is_on) override {
    for (auto& program : programs_) program->set_timing(is_on);
    if (rest_ != nullptr) rest_->set_timing(is_on);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::atomic<int64_t> next = 0;
    std::exception_ptr error;
#pragma omp parallel num_threads(n_threads_)
    {
      try {
        for (int64_t slice = next++; slice < n_slices_; slice = next++)
          run_slice(buffers, slice, static_cast<size_t>(omp_get_thread_num()));
      } catch (...) {
#pragma omp critical(hoarfrost_slices)
        error = std::current_exception();
      }
    }
    if (error) std::rethrow_exception(error);
  }

 private:
  void run_slice(const Buffers& buffers, int64_t slice, size_t thread) {
    auto& from = input_pointers_[thread];
    auto& to = output_pointers_[thread];
    const auto at = static_cast<size_t>(slice);
    for (size_t i = 0; i < from.size(); ++i)
      from[i] = static_cast<std::byte*>(buffers.inputs[i]) + at * input_steps_[i];
    for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::byte*>(buffers.outputs[i]) + at * output_steps_[i];
    Program& program = rest_ != nullptr && slice == n_slices_ - 1 ? *rest_ : *programs_[thread];
    program.run(from, to);
  }

  int n_threads_;
  int64_t n_slices_ = 0;
  double n_slices_as_whole_ = 0;                    // the last one may be smaller
  std::vector<std::unique_ptr<Program>> programs_;  // one per thread
  std::unique_ptr<Program> rest_;                   // for the last slice when it is smaller
  std::vector<size_t> input_steps_;                 // bytes from one slice to the next
  std::vector<size_t> output_steps_;
  std::vector<std::vector<void*>> input_pointers_;  // by thread
  std::vector<std::vector<void*>> output_pointers_;
};

}  // namespace

std::unique_ptr<Kernel> make_slices(const Operation& operation, const Site& site) {
  if (operation.body == nullptr) return nullptr;
  return std::make_unique<SlicesKernel>(operation, site);
}

}  // namespace hoarfrost::runtime
