// Softmax, LogSoftmax, L2Loss, and FusedBatchNorm by the batch's statistics or by given ones.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

Term sum_over_last(const Term& x) {
  Builder& builder = *x.builder;
  return {&builder, builder.reduce("Sum", x, {builder.shape(x).rank() - 1}, true)};
}

// dx = y · (dy − Σ dy · y)
Gradients softmax(const Flow& flow) {
  const Term dy = flow.dy(), y = flow.y();
  return {y * (dy - sum_over_last(dy * y))};
}

// dx = dy − softmax(x) · Σ dy
Gradients log_softmax(const Flow& flow) {
  const Term dy = flow.dy();
  return {dy - flow.y().apply("Exp") * sum_over_last(dy)};
}

Gradients l2_loss(const Flow& flow) { return {flow.x() * flow.dy()}; }

std::string gradient_name(const std::string& op) {
  constexpr std::string_view kStem = "FusedBatchNorm";
  return fmt::format("{}Grad{}", kStem, op.substr(kStem.size()));
}

Gradients trained(const Flow& flow) {
  std::vector<Endpoint> inputs{flow.dy(), flow.x(0), flow.x(1), flow.y(3), flow.y(4)};
  if (flow.node.op() == "FusedBatchNormV3") inputs.push_back(flow.y(5));
  const Endpoint dx = flow.alike(gradient_name(flow.node.op()), std::move(inputs));
  return {dx, {dx.node, 1}, {dx.node, 2}};
}

// At inference the statistics are constants: y = (x − mean) · scale · rsqrt(variance + epsilon) + offset.
Gradients fused_batch_norm(const Flow& flow) {
  if (!flow.by_outputs[0]) return {};
  if (flow.node.get_or<bool>("is_training", true)) return trained(flow);
  const auto format = flow.node.get_or<std::string>("data_format", "NHWC");
  if (format != "NHWC" && format != "NDHWC") {
    throw Error(
        ErrorCode::kUnsupported, fmt::format("node `{}`", flow.node.name()),
        fmt::format("{} with data_format {} has no gradient: the model cannot be trained", flow.node.op(), format));
  }
  const Term deviation = (flow.x(4) + flow.node.get_or<float>("epsilon", 1e-4F)).apply("Rsqrt");
  const Term dy = flow.dy();
  const Shape& channels = flow.shape(1);
  return {dy * (flow.x(1) * deviation), flow.builder.unbroadcast(dy * ((flow.x(0) - flow.x(3)) * deviation), channels),
          flow.builder.unbroadcast(dy, channels)};
}

}  // namespace

std::span<const GradientSpec> normalization_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"Softmax", softmax},
      {"LogSoftmax", log_softmax},
      {"L2Loss", l2_loss},
      {"FusedBatchNorm", fused_batch_norm},
      {"FusedBatchNormV2", fused_batch_norm},
      {"FusedBatchNormV3", fused_batch_norm},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
