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

// A negative index has a row of off_value alone, where ONNX counts it from the end: the depth is past the end in both.
void one_hot(Translation& t, Node& node) {
  const std::string values = t.step("Concat",
                                    {t.step("Unsqueeze", {t.value(node.input(3)), t.integers_initializer({0})}),
                                     t.step("Unsqueeze", {t.value(node.input(2)), t.integers_initializer({0})})},
                                    {{"axis", int64_t{0}}});
  const std::string index = t.as_int64(node.input(0));
  const std::string depth = t.step("Reshape", {t.as_int64(node.input(1)), t.integers_initializer({1})});
  const std::string is_none = t.step("Less", {index, t.integers_initializer({0})});
  t.emit(node.output(), "OneHot", {t.step("Where", {is_none, depth, index}), depth, values},
         {{"axis", node.get_or<int64_t>("axis", -1)}});
}

// Numbers added where their indices say. A negative one, which drops its number and in ONNX counts from the end, goes
// to a place behind the last.
void segment_sum(Translation& t, Node& node) {
  if (t.opset() < 16) refuse(node, "which ONNX says from opset 16 on");
  const Shape data = t.shape(node.input(0)), ids = t.shape(node.input(1));
  if (!data.has_rank() || !ids.has_rank() || data.rank() != 1 || ids.rank() != 1) refuse(node, "sums of rows");
  const DType dtype = t.known(node.input(0)).dtype;
  const std::string n = t.step("Reshape", {t.as_int64(node.input(2)), t.integers_initializer({1})});
  const std::string index = t.as_int64(node.input(1));
  const std::string is_none = t.step("Less", {index, t.integers_initializer({0})});
  const std::string place = t.step("Where", {is_none, n, index});
  const std::string zeros = t.step("Expand", {t.scalar(dtype, 0), t.step("Add", {n, t.integers_initializer({1})})});
  const std::string sums = t.step("ScatterElements", {zeros, place, t.value(node.input(0))},
                                  {{"axis", int64_t{0}}, {"reduction", std::string("add")}});
  t.emit(node.output(), "Slice", {sums, t.integers_initializer({0}), n, t.integers_initializer({0})});
}

constexpr OpTranslation kOps[] = {{"Gather", gather},
                                  {"GatherV2", gather},
                                  {"GatherNd", gather_nd},
                                  {"OneHot", one_hot},
                                  {"UnsortedSegmentSum", segment_sum}};

}  // namespace

std::span<const OpTranslation> indexing_translations() { return kOps; }

}  // namespace hoarfrost::onnx
