// TensorArrays: arrays of tensors that loops read and write (TensorFlow 1.0's *V3 ops). The handle is the array itself,
// the flow a number without meaning that says after which writes something happens. Here the flow also tells what is
// known of an element: Known::sizes of a flow is its shape (empty: nothing is known), and those of a handle are how
// many elements there are.
#include <algorithm>
#include <cstring>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

constexpr int64_t kMostElements = 1 << 20;  // as many as a loop has rounds: interpret.h

struct TensorArray {
  DType dtype = DType::kInvalid;
  Shape element = Shape::unknown_rank();  // as the attribute says
  int64_t n = 0;
  bool is_dynamic = false;
  std::vector<Tensor> elements;  // as many as have been written so far
};

// By its deleter a tensor's owner is known for a TensorArray.
struct Deleter {
  void operator()(TensorArray* array) const { delete array; }
};

TensorArray& array_of(const Node& node, Tensors inputs, size_t n_inputs) {
  need_inputs(node, inputs.size(), n_inputs);
  const auto& owner = inputs[0].owner();
  if (inputs[0].dtype() != DType::kResource || owner == nullptr || std::get_deleter<Deleter>(owner) == nullptr) {
    mismatch(node, "expected the handle of a TensorArray as the first input");
  }
  return *static_cast<TensorArray*>(const_cast<void*>(owner.get()));
}

Tensor flow() { return Tensor::scalar(0.0F); }

void need_handle(const Node& node, Knowns inputs, size_t n_inputs) {
  need_inputs(node, inputs.size(), n_inputs);
  need_type(node, inputs[0], DType::kResource);
}

Known flow_of(std::vector<int64_t> element) { return {DType::kFloat32, {}, {}, std::move(element)}; }

Shape element_of(const Known& flow) { return flow.sizes.empty() ? Shape::unknown_rank() : Shape(flow.sizes); }

std::vector<int64_t> with_elements_of(const Known& flow, const Shape& shape) {
  if (!shape.has_rank() || shape.rank() == 0) return flow.sizes;
  return flow.sizes.empty() ? shape.sizes() : either(flow, flow_of(shape.sizes())).sizes;
}

int64_t count(const Node& node, const Tensor& size) {
  if (size.dtype() != DType::kInt32 || size.n_elements() != 1) mismatch(node, "expected one int32 as its size");
  const int64_t n = size.values<int32_t>()[0];
  if (n < 0 || n > kMostElements) mismatch(node, "expected 0 to {} elements, found {}", kMostElements, n);
  return n;
}

std::vector<Known> infer_array(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  need_type(node, inputs[0], DType::kInt32);
  const Shape element = node.get_or<Shape>("element_shape", Shape::unknown_rank());
  Known handle = of_type(DType::kResource, {});
  if (const auto n = integer(node, inputs[0]); n && !node.get_or<bool>("dynamic_size", false)) handle.sizes = {*n};
  // What is open in the attribute the elements will tell.
  return {handle, flow_of(element.is_static() ? element.sizes() : std::vector<int64_t>{})};
}

std::vector<Tensor> make_array(const Node& node, Tensors inputs) {
  need_inputs(node, inputs.size(), 1);
  std::shared_ptr<TensorArray> array(new TensorArray, Deleter{});
  array->dtype = node.type("dtype");
  array->element = node.get_or<Shape>("element_shape", Shape::unknown_rank());
  array->n = count(node, inputs[0]);
  array->is_dynamic = node.get_or<bool>("dynamic_size", false);
  return {Tensor(DType::kResource, {}, {}, std::move(array)), flow()};
}

std::vector<Known> infer_write(const Node& node, Knowns inputs) {
  need_handle(node, inputs, 4);
  return {flow_of(with_elements_of(inputs[3], inputs[2].shape))};
}

void put(const Node& node, TensorArray& array, int64_t i, Tensor element) {
  if (element.dtype() != array.dtype)
    mismatch(node, "expected {} elements, found {}", dtype_name(array.dtype), dtype_name(element.dtype()));
  if (i < 0 || i >= (array.is_dynamic ? kMostElements : array.n))
    mismatch(node, "expected a place below {}, found {}", array.n, i);
  array.n = std::max(array.n, i + 1);
  if (static_cast<int64_t>(array.elements.size()) <= i) array.elements.resize(static_cast<size_t>(i) + 1);
  array.elements[static_cast<size_t>(i)] = std::move(element);
}

// What is written may be memory that is used again: it is copied.
Tensor copy_of(const Tensor& tensor) {
  if (dtype_size(tensor.dtype()) == 0) return tensor;
  Tensor result(tensor.dtype(), tensor.shape());
  if (tensor.n_bytes() > 0) std::memcpy(result.mutable_bytes().data(), tensor.bytes().data(), tensor.n_bytes());
  return result;
}

int64_t place_of(const Node& node, const Tensor& index) {
  if (index.dtype() != DType::kInt32 || index.n_elements() != 1) mismatch(node, "expected one int32 as a place");
  return index.values<int32_t>()[0];
}

std::vector<Tensor> write(const Node& node, Tensors inputs) {
  TensorArray& array = array_of(node, inputs, 4);
  put(node, array, place_of(node, inputs[1]), copy_of(inputs[2]));
  return {flow()};
}

std::vector<Known> infer_read(const Node& node, Knowns inputs) {
  need_handle(node, inputs, 3);
  return {of_type(node.type("dtype"), element_of(inputs[2]))};
}

Tensor get(const Node& node, const TensorArray& array, int64_t i) {
  if (i < 0 || i >= array.n) mismatch(node, "expected a place below {}, found {}", array.n, i);
  if (i < static_cast<int64_t>(array.elements.size()) && !array.elements[static_cast<size_t>(i)].empty())
    return array.elements[static_cast<size_t>(i)];
  if (!array.element.is_static()) mismatch(node, "element {} is read before it is written", i);
  return allocate(node, of_type(array.dtype, array.element));
}

std::vector<Tensor> read(const Node& node, Tensors inputs) {
  const TensorArray& array = array_of(node, inputs, 3);
  return {get(node, array, place_of(node, inputs[1]))};
}

std::vector<Known> infer_scatter(const Node& node, Knowns inputs) {
  need_handle(node, inputs, 4);
  const Shape& shape = inputs[2].shape;
  if (!shape.has_rank() || shape.rank() == 0) return {flow_of(inputs[3].sizes)};
  return {flow_of(
      with_elements_of(inputs[3], Shape(std::vector<int64_t>(shape.sizes().begin() + 1, shape.sizes().end()))))};
}

std::vector<Tensor> scatter(const Node& node, Tensors inputs) {
  TensorArray& array = array_of(node, inputs, 4);
  const Tensor& value = inputs[2];
  if (value.shape().rank() == 0 || inputs[1].dtype() != DType::kInt32 || inputs[1].n_elements() != value.shape()[0]) {
    mismatch(node, "expected a place for each of the elements, found {} places for {}", inputs[1].shape().to_string(),
             value.shape().to_string());
  }
  const Shape element(std::vector<int64_t>(value.shape().sizes().begin() + 1, value.shape().sizes().end()));
  const auto all = std::make_shared<Tensor>(copy_of(value));
  const size_t n_bytes = static_cast<size_t>(element.n_elements()) * dtype_size(value.dtype());
  const auto places = inputs[1].values<int32_t>();
  for (size_t i = 0; i < places.size(); ++i) {
    put(node, array, places[i], Tensor(value.dtype(), element, all->bytes().subspan(i * n_bytes, n_bytes), all));
  }
  return {flow()};
}

std::vector<Known> infer_gather(const Node& node, Knowns inputs) {
  need_handle(node, inputs, 3);
  Shape element = element_of(inputs[2]);
  if (!element.has_rank()) element = node.get_or<Shape>("element_shape", Shape::unknown_rank());
  if (!element.has_rank()) return {of_type(node.type("dtype"), element)};
  Shape shape{shape_of_rank(node, inputs, 1, 1)[0]};
  for (const int64_t size : element.sizes()) shape.push_back(size);
  return {of_type(node.type("dtype"), shape)};
}

std::vector<Tensor> gather(const Node& node, Tensors inputs) {
  const TensorArray& array = array_of(node, inputs, 3);
  if (inputs[1].dtype() != DType::kInt32) mismatch(node, "expected int32 places");
  const auto places = inputs[1].values<int32_t>();
  std::vector<Tensor> elements;
  for (const int32_t place : places) elements.push_back(get(node, array, place).aligned());
  Shape element = elements.empty() ? node.get_or<Shape>("element_shape", array.element) : elements[0].shape();
  Shape shape{static_cast<int64_t>(places.size())};
  for (const int64_t size : element.sizes()) shape.push_back(elements.empty() && size < 0 ? 0 : size);
  Tensor result = allocate(node, of_type(array.dtype, shape));
  std::byte* target = result.mutable_bytes().data();
  for (const Tensor& part : elements) {
    if (part.shape() != element)
      mismatch(node, "expected elements of one shape, found {} and {}", element.to_string(), part.shape().to_string());
    if (part.n_bytes() > 0) std::memcpy(target, part.bytes().data(), part.n_bytes());
    target += part.n_bytes();
  }
  return {result};
}

std::vector<Known> infer_size(const Node& node, Knowns inputs) {
  need_handle(node, inputs, 2);
  Known result = of_type(DType::kInt32, {});
  if (inputs[0].sizes.size() == 1) result.value = Tensor::scalar(static_cast<int32_t>(inputs[0].sizes[0]));
  return {result};
}

std::vector<Tensor> size(const Node& node, Tensors inputs) {
  return {Tensor::scalar(static_cast<int32_t>(array_of(node, inputs, 2).n))};
}

}  // namespace

std::span<const OpSpec> tensor_array_ops() {
  static constexpr OpSpec kOps[] = {
      {"TensorArrayV3", infer_array, make_array},    {"TensorArrayWriteV3", infer_write, write},
      {"TensorArrayReadV3", infer_read, read},       {"TensorArrayScatterV3", infer_scatter, scatter},
      {"TensorArrayGatherV3", infer_gather, gather}, {"TensorArraySizeV3", infer_size, size},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
