#include "runtime/compile.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "runtime/cost.h"
#include "runtime/kernels/primitive.h"
#include "runtime/threads.h"

namespace hoarfrost::runtime {
namespace {

// One value into other memory, or into another layout.
class CopyKernel : public Kernel {
 public:
  explicit CopyKernel(size_t n_bytes) : n_bytes_(n_bytes) { implementation = "own:copy"; }
  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::memcpy(buffers.outputs[0], buffers.inputs[0], n_bytes_);
  }

 private:
  size_t n_bytes_;
};

class CopyTensorKernel : public Kernel {
 public:
  CopyTensorKernel() { implementation = "own:copy"; }
  void run(const Buffers& buffers, const dnnl::stream&) override {
    *static_cast<Tensor*>(buffers.outputs[0]) = *static_cast<const Tensor*>(buffers.inputs[0]);
  }
};

std::unique_ptr<Kernel> make_reorder(const Shape& shape, const Layout& from, const Layout& to,
                                     const dnnl::engine& engine) {
  const auto source = describe(shape, from);
  const auto target = describe(shape, to);
  const dnnl::reorder::primitive_desc descriptor(engine, source, engine, target, user_scratchpad());
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::reorder(descriptor));
  kernel->bind_input(DNNL_ARG_FROM, 0, source, engine);
  kernel->bind_output(DNNL_ARG_TO, 0, target, engine);
  return kernel;
}

}  // namespace

class Compiler {
 public:
  Compiler(const OperationList& list, const CompileOptions& options, const dnnl::engine& engine, Weights& weights,
           Tuning& tuning)
      : list_(list),
        options_(options),
        engine_(engine),
        weights_(weights),
        tuning_(tuning),
        layouts_(list.values.size()),
        places_(list.values.size()),
        n_reads_left_(list.values.size(), 0) {
    program_->stream_ = dnnl::stream(engine);
    program_->n_threads_ = options.n_threads;
    for (const auto& operation : list.operations) {
      for (const ValueId id : operation.reads()) ++n_reads_left_[static_cast<size_t>(id)];
    }
    for (size_t i = 0; i < list.inputs.size(); ++i) {
      places_[static_cast<size_t>(list.inputs[i])].push_back({{}, add_buffer({.kind = Kind::kInput, .i = i})});
    }
  }

  std::unique_ptr<Program> compile() {
    for (const auto& operation : list_.operations) add(operation);
    for (size_t i = 0; i < list_.outputs.size(); ++i) give(i, list_.outputs[i]);
    program_->allocate();
    program_->resolve();
    program_->find_completed();
    return std::move(program_);
  }

 private:
  using Kind = Program::Buffer::Kind;

  // A value may lie in several layouts at once; the first place is where its own step put it.
  struct Place {
    Layout layout;
    int buffer;
  };

  const Value& value(ValueId id) const { return list_.values[static_cast<size_t>(id)]; }
  Program::Buffer& buffer(int i) { return program_->buffers_[static_cast<size_t>(i)]; }

  int add_buffer(Program::Buffer buffer) {
    buffer.first_step = buffer.last_step = program_->steps_.size();
    program_->buffers_.push_back(buffer);
    return static_cast<int>(program_->buffers_.size()) - 1;
  }

  size_t n_bytes(ValueId id, const Layout& layout) const {
    if (layout) return layout->get_size();
    return static_cast<size_t>(value(id).shape.n_elements()) * dtype_size(value(id).dtype);
  }

  int new_buffer(ValueId id, const Layout& layout) {
    if (value(id).is_held()) return add_buffer({.kind = Kind::kHeld});
    return add_buffer({.n_bytes = n_bytes(id, layout)});
  }

  void add_step(Step description, std::unique_ptr<Kernel> kernel, std::vector<int> inputs, std::vector<int> outputs) {
    description.implementation = kernel->implementation;
    for (const auto* buffers : {&inputs, &outputs}) {
      for (const int i : *buffers) buffer(i).last_step = program_->steps_.size();
    }
    program_->steps_.push_back(
        {std::move(description), std::move(kernel), std::move(inputs), std::move(outputs), {}, {}, {}});
  }

  int constant_buffer(ValueId id, const Layout& layout) {
    const Value& constant = value(id);
    if (constant.is_held()) {
      const int result = add_buffer({.kind = Kind::kHeld});
      program_->held_.resize(program_->buffers_.size());
      program_->held_.back() = constant.constant;
      return result;
    }
    if (layout) {
      program_->reordered_.push_back(weights_.get(constant.constant, row_major(constant.shape), *layout));
      return add_buffer({.kind = Kind::kFixed, .fixed = program_->reordered_.back().get_data_handle()});
    }
    program_->constants_.push_back(constant.constant.aligned());
    return add_buffer(
        {.kind = Kind::kFixed, .fixed = const_cast<std::byte*>(program_->constants_.back().bytes().data())});
  }

  // The buffer in which the value lies in that layout, by a reorder where it does not yet.
  int buffer_as(ValueId id, const Layout& layout, const std::string& reader) {
    auto& places = places_[static_cast<size_t>(id)];
    for (const Place& place : places) {
      if (place.layout == layout) return place.buffer;
    }
    int result = 0;
    if (value(id).is_constant()) {
      result = constant_buffer(id, layout);
    } else {
      const Place source = places.at(0);
      result = new_buffer(id, layout);
      add_step({fmt::format("reorder for {}", reader), {}},
               make_reorder(value(id).shape, source.layout, layout, engine_), {source.buffer}, {result});
      program_->steps_.back().description.n_bytes =
          static_cast<double>(n_bytes(id, source.layout) + n_bytes(id, layout));
    }
    places.push_back({layout, result});
    return result;
  }

  int copied(int source, size_t bytes, const std::string& name) {
    const bool is_held = buffer(source).kind == Kind::kHeld;
    const int result = is_held ? add_buffer({.kind = Kind::kHeld}) : add_buffer({.n_bytes = bytes});
    auto kernel =
        is_held ? std::unique_ptr<Kernel>(std::make_unique<CopyTensorKernel>()) : std::make_unique<CopyKernel>(bytes);
    add_step({fmt::format("copy for {}", name), {}}, std::move(kernel), {source}, {result});
    return result;
  }

  // Whether nobody but this one read of `id` needs the buffer any more.
  bool may_overwrite(ValueId id, int which, const std::vector<int>& reads) {
    if (buffer(which).kind != Kind::kArena || std::ranges::count(reads, which) != 1) return false;
    for (size_t other = 0; other < places_.size(); ++other) {
      const bool is_there =
          std::ranges::any_of(places_[other], [&](const Place& place) { return place.buffer == which; });
      const int n_own_reads = static_cast<ValueId>(other) == id ? 1 : 0;
      if (is_there && (list_.values[other].is_fetched || n_reads_left_[other] > n_own_reads)) return false;
    }
    return true;
  }

  void add(const Operation& operation) {
    std::unique_ptr<Kernel> kernel =
        make_kernel(operation, {list_, layouts_, options_.strategy, engine_, weights_, tuning_, options_.group});
    if (kernel->output_layouts.size() != operation.outputs.size()) {
      throw std::logic_error(fmt::format("{}: {} outputs, its kernel says where {} lie", operation.names.front(),
                                         operation.outputs.size(), kernel->output_layouts.size()));
    }
    std::vector<int> inputs;
    for (const auto& use : kernel->inputs) inputs.push_back(buffer_as(use.value, use.layout, operation.names.front()));
    std::vector<int> outputs;
    for (size_t i = 0; i < operation.outputs.size(); ++i) {
      outputs.push_back(output_buffer(operation, *kernel, i, inputs));
      const auto id = static_cast<size_t>(operation.outputs[i]);
      layouts_[id] = kernel->output_layouts[i];
      places_[id] = {{layouts_[id], outputs.back()}};
    }
    const bool is_alias = kernel->is_alias;
    if (!is_alias) {
      Step description{fmt::format("{}", fmt::join(operation.names, " + ")), {}};
      description.n_flops = n_flops(operation, list_);
      description.n_bytes = runtime::n_bytes(operation, list_);
      add_step(std::move(description), std::move(kernel), std::move(inputs), std::move(outputs));
    }
    for (const ValueId id : operation.reads()) --n_reads_left_[static_cast<size_t>(id)];
  }

  int output_buffer(const Operation& operation, const Kernel& kernel, size_t i, std::vector<int>& inputs) {
    const ValueId id = operation.outputs[i];
    if (i == 0 && kernel.is_alias) return inputs[0];
    if (i == 0 && kernel.in_place_input >= 0) {
      const auto in_place = static_cast<size_t>(kernel.in_place_input);
      if (!may_overwrite(kernel.inputs[in_place].value, inputs[in_place], inputs)) {
        inputs[in_place] = copied(inputs[in_place], n_bytes(id, kernel.output_layouts[i]), operation.names.front());
      }
      return inputs[in_place];
    }
    return new_buffer(id, kernel.output_layouts[i]);
  }

  // Output i is value `id`: its buffer becomes the caller's memory, where nobody else's claims stand against it.
  void give(size_t i, ValueId id) {
    const Layout layout = options_.keeps_output_layouts ? layouts_[static_cast<size_t>(id)] : Layout{};
    int given = buffer_as(id, layout, "the output");
    if (buffer(given).kind != Kind::kArena)
      given = copied(given, value(id).is_held() ? 0 : n_bytes(id, layout), "the output");
    buffer(given).kind = Kind::kOutput;
    buffer(given).i = i;
    program_->outputs_.push_back(value(id));
    program_->output_layouts_.push_back(layout);
  }

  const OperationList& list_;
  const CompileOptions& options_;
  const dnnl::engine& engine_;
  Weights& weights_;
  Tuning& tuning_;
  std::unique_ptr<Program> program_ = std::make_unique<Program>();
  std::vector<Layout> layouts_;
  std::vector<std::vector<Place>> places_;
  std::vector<int> n_reads_left_;
};

std::unique_ptr<Program> compile(const OperationList& list, const CompileOptions& options, const dnnl::engine& engine,
                                 Weights& weights, Tuning& tuning) {
  const ThreadCount threads(options.n_threads);  // primitives are made for as many threads as they will run on
  return Compiler(list, options, engine, weights, tuning).compile();
}

}  // namespace hoarfrost::runtime
