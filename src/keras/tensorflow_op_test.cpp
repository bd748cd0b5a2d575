// TensorFlowOpLayer: the bytes are those of NodeDef.SerializeToString() of TensorFlow 2.15, as TensorFlow 2.0's Keras
// put them into JSON.
#include "keras/tensorflow_op.h"

#include <gmock/gmock.h>

#include "keras/complex_call.h"
#include "keras/layer_testing.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TensorFlowOp, ReadsProtobufsBytes) {
  const auto mean = layer_of("TensorFlowOpLayer", R"({"name": "Mean", "constants": {"1": [1]}, "node_def":
      "\n\u0004Mean\u0012\u0004Mean\u001a\u0001a\u001a\u0016Mean/reduction_indices*\u0007\n\u0001T\u0012\u00020\u0001*\u000f\n\tkeep_dims\u0012\u0002(\u0001*\n\n\u0004Tidx\u0012\u00020\u0003"})");
  EXPECT_EQ(mean->infer({{2, 4}}).at(0), Shape({2, 1}));
  EXPECT_THAT(ops_of(*mean, {2, 4}), ElementsAre("Mean layer/Mean"));
  const auto squeeze = layer_of("TensorFlowOpLayer", R"({"name": "Squeeze", "constants": {}, "node_def":
      "\n\u0007Squeeze\u0012\u0007Squeeze\u001a\nExpandDims*\u0007\n\u0001T\u0012\u00020\u0001*\u0015\n\fsqueeze_dims\u0012\u0005\n\u0003\u001a\u0001\u0001"})");
  EXPECT_EQ(squeeze->infer({{1, 1, 4}}).at(0), Shape({1, 4}));
  const auto leaky = layer_of("TensorFlowOpLayer", R"({"name": "LeakyRelu", "constants": {}, "node_def":
      "\n\tLeakyRelu\u0012\tLeakyRelu\u001a\u0001a*\u0007\n\u0001T\u0012\u00020\u0001*\u000e\n\u0005alpha\u0012\u0005%\u0000\u0000\u0000@"})");
  EXPECT_THAT(answer(*leaky, {1, 3}), are_near({-4, 1.5, -0.5 * 2}));  // of -2, 1.5 and -0.5, with alpha 2
}

TEST(TensorFlowOp, RefusesByName) {
  const auto message = [](const std::string& node, const std::string& constants) {
    return keras::message_of("TensorFlowOpLayer",
                             R"({"name": "it", "constants": )" + constants + R"(, "node_def": )" + node + "}");
  };
  EXPECT_THAT(message(R"({"name": "f", "op": "FFT2D", "input": ["x"], "attr": {}})", "{}"),
              HasSubstr("TensorFlow's op FFT2D is not converted"));
  EXPECT_THAT(message(R"({"name": "s", "op": "Sum", "input": ["x", "y"], "attr": {}})", "{}"),
              HasSubstr("a Sum node whose `axis` is computed"));
  EXPECT_THAT(
      message(R"({"name": "c", "op": "Cumsum", "input": ["x", "y"], "attr": {"odd": {"b": true}}})", R"({"1": 0})"),
      HasSubstr("a Cumsum node with odd = true"));
  EXPECT_THAT(message(R"({"name": "a", "op": "AddV2", "input": ["x"], "attr": {}})", "{}"),
              HasSubstr("takes 2 inputs, found 1"));
  EXPECT_THAT(message(R"("\u0007\u0001")", "{}"), HasSubstr("no NodeDef"));
  EXPECT_THAT(message(R"({"name": "c", "op": "Cast", "input": ["x"], "attr": {"DstT": {"type": "DT_STRING"}}})", "{}"),
              HasSubstr("string"));
}

TEST(TensorFlowOp, EveryOpHasItsFunction) {
  for (const std::string_view op : tensorflow_ops()) {
    const Json config{{"name", "it"}};
    std::string function;
    for (size_t n = 1; n < 6 && function.empty(); ++n) {
      try {
        function = function_of(std::string(op), std::vector<Json>(n, Json::array({0})), {},
                               Config(config, "TensorFlowOpLayer", {2, 15}))
                       .function;
      } catch (const Error&) {  // another number of inputs
      }
    }
    const Json call{{"name", "it"}};
    EXPECT_TRUE(find_operation_function(function) != nullptr ||
                is_complex_call(function, Config(call, "TensorFlowOpLayer", {2, 15})))
        << op << " is said to be " << function;
  }
}

}  // namespace
}  // namespace hoarfrost::keras
