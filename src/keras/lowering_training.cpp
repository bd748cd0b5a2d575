// What layers lower to in training alone: random numbers, statistics over processes, and new values of their weights.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

Value shape_of(Lowering& lowering, const Value& x) {
  return lowering.raw_op("Shape", "Shape", {x}, DType::kInt32, {{"T", x.dtype}, {"out_type", DType::kInt32}});
}

}  // namespace

// Each generator adds its own number to the step's seed, so that no two give the same numbers.
Value Lowering::random(std::string_view op, const Value& shape) {
  if (!random_seed_) {
    graph::Node& node = graph_->add("Placeholder", unique_name("random_seed"));
    node.set("dtype", DType::kInt64).set("shape", Shape{2});
    random_seed_ = node.output();
  }
  const Value number = constant("random/number", Tensor::vector(std::vector<int64_t>{0, ++n_generators_}));
  const Value seed = named_op("random/seed", "Add", {{random_seed_, DType::kInt64}, number});
  return raw_op(fmt::format("random/{}", op), op, {shape, seed}, DType::kFloat32,
                {{"T", DType::kInt32}, {"Tseed", DType::kInt64}, {"dtype", DType::kFloat32}});
}

Value Lowering::random_uniform(const Value& x, const Shape& noise_shape) {
  Value shape = shape_of(*this, x);
  if (noise_shape.has_rank()) {
    // min(noise, shape) with the unknown ones as large as can be: 1 where it repeats, else x's own size.
    std::vector<int64_t> sizes = noise_shape.sizes();
    for (int64_t& size : sizes) size = size == kUnknown ? INT32_MAX : size;
    shape = raw_op("random/shape", "Minimum", {shape, ints("random/noise_shape", sizes)}, DType::kInt32,
                   {{"T", DType::kInt32}});
  }
  const Value numbers = random("StatelessRandomUniform", shape);
  return x.dtype == DType::kFloat32
             ? numbers
             : raw_op("random/Cast", "Cast", {numbers}, x.dtype, {{"SrcT", DType::kFloat32}, {"DstT", x.dtype}});
}

Value Lowering::random_normal(const Value& x) {
  const Value numbers = random("StatelessRandomNormal", shape_of(*this, x));
  return x.dtype == DType::kFloat32
             ? numbers
             : raw_op("random/Cast", "Cast", {numbers}, x.dtype, {{"SrcT", DType::kFloat32}, {"DstT", x.dtype}});
}

// Σ of mean · share: each process' part weighs as many examples as it has, and may have none.
Value Lowering::mean_over_group(const Value& x) {
  if (group_size_ == 1) return x;
  if (!batch_share_) {
    graph::Node& node = graph_->add("Placeholder", unique_name("batch_share"));
    node.set("dtype", DType::kFloat32).set("shape", Shape{});
    batch_share_ = node.output();
  }
  const Value part = named_op("moments/part", "Mul", {x, {batch_share_, DType::kFloat32, Shape{}, {}}});
  return named_op("moments/CollectiveReduce", "CollectiveReduce", {part},
                  {{"group_size", int64_t{group_size_}},
                   {"group_key", int64_t{1}},
                   {"merge_op", std::string("Add")},
                   {"final_op", std::string("Id")},
                   {"subdiv_offsets", std::vector<int64_t>{0}}});
}

// A weight is read through an Identity on its variable.
void Lowering::expect_inference(std::string_view message) const {
  if (is_training()) throw Error(ErrorCode::kUnsupported, "", std::string(message));
}

void Lowering::update(size_t i, const Value& value) {
  updates_.emplace_back(weight(i).tensor.node->input(0).node->name(), value.tensor);
}

}  // namespace hoarfrost::keras
