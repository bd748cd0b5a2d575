#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>

#include "passes/edit.h"

namespace hoarfrost::passes {
namespace {

constexpr int64_t kFewest = 16;       // elements of a constant that are worth a Cast
constexpr float kLargest = 65504.0F;  // of float16
constexpr int64_t kBlock = 1 << 20;   // elements that are rounded at a time

void expect_in_range(const graph::Node& node, const Tensor& value) {
  const Tensor aligned = value.aligned();  // a copy where the file does not align it, which has to outlive the loop
  for (const float x : aligned.values<float>()) {
    if (std::isfinite(x) && std::abs(x) > kLargest) {
      throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", node.name()),
                  fmt::format("it holds {:g}, and float16 reaches to 65504; leave out the pass half_weights", x));
    }
  }
}

// As float16, in memory when it is small; a large weight goes by way of a file that nobody else sees, block by block,
// so that memory does not grow with the model.
Tensor rounded(const graph::Node& node, const Tensor& value) {
  const int64_t n = value.n_elements();
  if (n <= kBlock || value.n_said() != n) {
    expect_in_range(node, value);
    Tensor half = value.cast(DType::kFloat16);
    value.release();
    return half;
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  const auto fail = [&] { throw Error(ErrorCode::kIo, "", "cannot write a temporary file for rounded weights"); };
  if (file == nullptr) fail();
  for (int64_t first = 0; first < n; first += kBlock) {
    const int64_t count = std::min(kBlock, n - first);
    const auto bytes = value.bytes().subspan(static_cast<size_t>(first) * 4, static_cast<size_t>(count) * 4);
    const Tensor part(DType::kFloat32, {count}, bytes, nullptr);
    expect_in_range(node, part);
    const Tensor half = part.cast(DType::kFloat16);
    if (std::fwrite(half.bytes().data(), 1, half.n_bytes(), file.get()) != half.n_bytes()) fail();
    value.release();
  }
  if (std::fflush(file.get()) != 0) fail();
  const auto opened = File::open(fmt::format("/proc/self/fd/{}", fileno(file.get())));
  return {DType::kFloat16, value.shape(), FileRange{opened, 0, opened->size()}};
}

int half_weights(graph::Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  std::vector<graph::Node*> weights;
  for (const auto& node : graph.nodes()) {
    const bool is_weight =
        node->op() == "Const" && node->get<DType>("dtype") == DType::kFloat32 && node->value().n_elements() >= kFewest;
    if (is_weight && !is_output(signature, *node)) weights.push_back(node.get());
  }
  std::map<graph::Endpoint, graph::Endpoint> casts;
  for (graph::Node* node : weights) {
    const Tensor value = node->value();
    become_const(*node, rounded(*node, value));
    graph::Node& cast =
        graph.add("Cast", graph.unique_name(node->name() + "/float32"), std::vector<graph::Endpoint>(1));
    cast.set("SrcT", DType::kFloat16).set("DstT", DType::kFloat32);
    casts[node->output()] = cast.output();
  }
  redirect(graph, casts);
  for (const auto& [weight, cast] : casts) cast.node->inputs[0] = weight;
  return static_cast<int>(weights.size());
}

}  // namespace

extern const Pass pass_half_weights;
const Pass pass_half_weights{
    "half_weights", "Weights are kept as float16 and cast back where they are used: half the file, 11 significant bits",
    false, half_weights};

}  // namespace hoarfrost::passes
