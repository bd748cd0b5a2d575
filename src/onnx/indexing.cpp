// Elements by their index.
#include "onnx/translation.h"

namespace hoarfrost::onnx {
namespace {

using graph::Node;

void gather(Translation& t, Node& node) {
  if (node.get_or<int64_t>("batch_dims", 0) != 0) refuse(node, "batch_dims");
  int64_t axis = 0;
  if (node.inputs.size() > 2) axis = t.integers(node.input(2), "axis").at(0);
  t.emit(node.output(), "Gather", {t.value(node.input(0)), t.value(node.input(1))}, {{"axis", axis}});
}

void gather_nd(Translation& t, Node& node) {
  t.emit(node.output(), "GatherND", {t.value(node.input(0)), t.as_int64(node.input(1))});
}

void one_hot(Translation& t, Node& node) {
  const std::string values = t.step("Concat",
                                    {t.step("Unsqueeze", {t.value(node.input(3)), t.integers_initializer({0})}),
                                     t.step("Unsqueeze", {t.value(node.input(2)), t.integers_initializer({0})})},
                                    {{"axis", int64_t{0}}});
  t.emit(node.output(), "OneHot", {t.value(node.input(0)), t.value(node.input(1)), values},
         {{"axis", node.get_or<int64_t>("axis", -1)}});
}

constexpr OpTranslation kOps[] = {
    {"Gather", gather}, {"GatherV2", gather}, {"GatherNd", gather_nd}, {"OneHot", one_hot}};

}  // namespace

std::span<const OpTranslation> indexing_translations() { return kOps; }

}  // namespace hoarfrost::onnx
