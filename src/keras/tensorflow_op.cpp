#include "keras/tensorflow_op.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

struct Row {
  std::string_view op;
  std::string_view function;
  // The function's parameters that the inputs are, in their order; "values..." takes all that are left for one list. A
  // `!` before a name asks for a constant.
  std::string_view inputs;
  std::string_view attributes = "";  // "attribute=parameter"
};

constexpr Row kRows[] = {
    {"Abs", "math.abs", "x"},
    {"Neg", "math.negative", "x"},
    {"Square", "math.square", "x"},
    {"Sqrt", "math.sqrt", "x"},
    {"Rsqrt", "math.rsqrt", "x"},
    {"Reciprocal", "math.reciprocal", "x"},
    {"Exp", "math.exp", "x"},
    {"Expm1", "math.expm1", "x"},
    {"Log", "math.log", "x"},
    {"Log1p", "math.log1p", "x"},
    {"Sin", "math.sin", "x"},
    {"Cos", "math.cos", "x"},
    {"Tan", "math.tan", "x"},
    {"Atan", "math.atan", "x"},
    {"Tanh", "math.tanh", "x"},
    {"Floor", "math.floor", "x"},
    {"Ceil", "math.ceil", "x"},
    {"Round", "math.round", "x"},
    {"Sign", "math.sign", "x"},
    {"Erf", "math.erf", "x"},
    {"LogicalNot", "math.logical_not", "x"},
    {"IsNan", "math.is_nan", "x"},
    {"ZerosLike", "zeros_like", "input"},
    {"OnesLike", "ones_like", "input"},
    {"Relu", "nn.relu", "features"},
    {"Relu6", "nn.relu6", "features"},
    {"Elu", "nn.elu", "features"},
    {"Selu", "nn.selu", "features"},
    {"Sigmoid", "math.sigmoid", "x"},
    {"Softplus", "math.softplus", "features"},
    {"Softsign", "nn.softsign", "features"},
    {"LeakyRelu", "nn.leaky_relu", "features", "alpha=alpha"},
    {"Softmax", "nn.softmax", "logits"},
    {"LogSoftmax", "nn.log_softmax", "logits"},
    {"Identity", "identity", "input"},
    {"StopGradient", "stop_gradient", "input"},
    {"Cast", "cast", "x", "DstT=dtype"},
    {"Add", "math.add", "x y"},
    {"AddV2", "math.add", "x y"},
    {"AddN", "math.add_n", "inputs..."},
    {"BiasAdd", "nn.bias_add", "value bias", "data_format=data_format"},
    {"Sub", "math.subtract", "x y"},
    {"Mul", "math.multiply", "x y"},
    {"RealDiv", "math.divide", "x y"},
    {"DivNoNan", "math.divide_no_nan", "x y"},
    {"FloorDiv", "math.floordiv", "x y"},
    {"FloorMod", "math.floormod", "x y"},
    {"Pow", "math.pow", "x y"},
    {"Maximum", "math.maximum", "x y"},
    {"Minimum", "math.minimum", "x y"},
    {"SquaredDifference", "math.squared_difference", "x y"},
    {"Equal", "math.equal", "x y"},
    {"NotEqual", "math.not_equal", "x y"},
    {"Greater", "math.greater", "x y"},
    {"GreaterEqual", "math.greater_equal", "x y"},
    {"Less", "math.less", "x y"},
    {"LessEqual", "math.less_equal", "x y"},
    {"LogicalAnd", "math.logical_and", "x y"},
    {"LogicalOr", "math.logical_or", "x y"},
    {"SelectV2", "where", "condition x y"},
    {"ClipByValue", "clip_by_value", "t clip_value_min clip_value_max"},
    {"Sum", "math.reduce_sum", "input_tensor !axis", "keep_dims=keepdims"},
    {"Mean", "math.reduce_mean", "input_tensor !axis", "keep_dims=keepdims"},
    {"Prod", "math.reduce_prod", "input_tensor !axis", "keep_dims=keepdims"},
    {"Max", "math.reduce_max", "input_tensor !axis", "keep_dims=keepdims"},
    {"Min", "math.reduce_min", "input_tensor !axis", "keep_dims=keepdims"},
    {"Any", "math.reduce_any", "input_tensor !axis", "keep_dims=keepdims"},
    {"All", "math.reduce_all", "input_tensor !axis", "keep_dims=keepdims"},
    {"ArgMax", "math.argmax", "input !axis", "output_type=output_type"},
    {"ArgMin", "math.argmin", "input !axis", "output_type=output_type"},
    {"Cumsum", "math.cumsum", "x !axis", "exclusive=exclusive reverse=reverse"},
    {"Reshape", "reshape", "tensor !shape"},
    {"Transpose", "transpose", "a !perm"},
    {"ExpandDims", "expand_dims", "input !axis"},
    {"Squeeze", "squeeze", "input", "squeeze_dims=axis"},
    {"ConcatV2", "concat", "values... !axis"},
    {"Concat", "concat", "!axis values..."},
    {"Pack", "stack", "values...", "axis=axis"},
    {"Split", "split", "!axis value", "num_split=num_or_size_splits"},
    {"SplitV", "split", "value !num_or_size_splits !axis", "num_split="},
    {"Unpack", "unstack", "value", "num=num axis=axis"},
    {"Tile", "tile", "input !multiples"},
    {"Shape", "shape", "input", "out_type=out_type"},
    {"Pad", "pad", "tensor !paddings"},
    {"PadV2", "pad", "tensor !paddings !constant_values"},
    {"MirrorPad", "pad", "tensor !paddings", "mode=mode"},
    {"GatherV2", "gather", "params indices !axis", "batch_dims=batch_dims"},
    {"MatMul", "linalg.matmul", "a b", "transpose_a=transpose_a transpose_b=transpose_b"},
    {"BatchMatMul", "linalg.matmul", "a b", "adj_x=transpose_a adj_y=transpose_b"},
    {"BatchMatMulV2", "linalg.matmul", "a b", "adj_x=transpose_a adj_y=transpose_b"},
    {"Einsum", "einsum", "inputs...", "equation=equation"},
    {"FFT", "signal.fft", "input"},
    {"IFFT", "signal.ifft", "input"},
    {"RFFT", "signal.rfft", "input !fft_length"},
    {"IRFFT", "signal.irfft", "input !fft_length"},
    {"ComplexAbs", "math.abs", "x"},
    {"Complex", "complex", "real imag"},
    {"Real", "math.real", "input"},
    {"Imag", "math.imag", "input"},
    {"Angle", "math.angle", "input"},
    {"Conj", "math.conj", "input"},
    {"TopKV2", "math.top_k", "input !k", "sorted=sorted index_type=index_type"},
    {"ResizeBilinear", "compat.v1.image.resize_bilinear", "images !size",
     "align_corners=align_corners half_pixel_centers=half_pixel_centers"},
    {"ResizeNearestNeighbor", "compat.v1.image.resize_nearest_neighbor", "images !size",
     "align_corners=align_corners half_pixel_centers=half_pixel_centers"},
    {"DepthToSpace", "nn.depth_to_space", "input", "block_size=block_size data_format=data_format"},
    {"SpaceToDepth", "nn.space_to_depth", "input", "block_size=block_size data_format=data_format"},
    {"Slice", "slice", "input_ !begin !size"},
    {"StridedSlice", "__operators__.getitem", "tensor !begin !end !strides",
     "begin_mask=begin_mask end_mask=end_mask ellipsis_mask=ellipsis_mask new_axis_mask=new_axis_mask "
     "shrink_axis_mask=shrink_axis_mask"},
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const size_t blank = std::min(text.find(' '), text.size());
    result.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return result;
}

bool is_tensor(const Json& input) {
  return input.is_object() && (input.contains("tensor") || input.contains("complex"));
}

// Of types, counts and what TensorFlow notes for itself: they say nothing that the inputs do not.
bool is_idle(const std::string& name, const Json& value) {
  if (name.starts_with('T') || name.starts_with('_') || name == "N" || name == "SrcT" || name == "Index" ||
      name == "dtype")
    return true;
  return value.is_null() || value == false || value == 0 || value == "" || (value.is_array() && value.empty());
}

// Python's x[…] for the masks: https://www.tensorflow.org/api_docs/python/tf/strided_slice
Json slice_spec(Json& arguments, const Config& config) {
  const auto mask = [&](const char* name) {
    return arguments.contains(name) && arguments[name].is_number_integer() ? arguments[name].get<uint64_t>() : 0;
  };
  const Json &begin = arguments["begin"], &end = arguments["end"], &strides = arguments["strides"];
  if (!begin.is_array() || !end.is_array() || !strides.is_array() || begin.size() != end.size() ||
      begin.size() != strides.size() || begin.size() > 32)
    config.fail("the begin, end and strides of a StridedSlice are not lists of one length");
  Json result = Json::array();
  for (size_t i = 0; i < begin.size(); ++i) {
    const auto has = [&](const char* name) { return (mask(name) >> i & 1) != 0; };
    if (has("ellipsis_mask"))
      result.push_back({{"class_name", "__ellipsis__"}});
    else if (has("new_axis_mask"))
      result.push_back(nullptr);
    else if (has("shrink_axis_mask"))
      result.push_back(begin[i]);
    else
      result.push_back({{"start", has("begin_mask") ? Json() : begin[i]},
                        {"stop", has("end_mask") ? Json() : end[i]},
                        {"step", strides[i]}});
  }
  return result;
}

void read_inputs(const Row& row, const std::vector<Json>& inputs, FunctionCall& call, const Config& config) {
  const std::vector<std::string> names = words_of(row.inputs);
  const bool has_list = row.inputs.find("...") != std::string_view::npos;
  if (has_list ? inputs.size() < names.size() : inputs.size() != names.size())
    config.fail(fmt::format("a {} node takes {}{} inputs, found {}", row.op, names.size(), has_list ? " or more" : "",
                            inputs.size()));
  size_t next = 0;
  for (std::string name : names) {
    if (name.ends_with("...")) {
      Json list = Json::array();
      for (size_t n = inputs.size() - names.size() + 1; n > 0; --n) list.push_back(inputs[next++]);
      call.arguments[name.substr(0, name.size() - 3)] = std::move(list);
      continue;
    }
    const bool is_constant = name.starts_with('!');
    if (is_constant) name.erase(0, 1);
    const Json& input = inputs[next++];
    if (is_constant && is_tensor(input))
      config.unsupported(fmt::format("a {} node whose `{}` is computed in the graph is not converted", row.op, name));
    call.arguments[name] = input;
  }
}

}  // namespace

FunctionCall function_of(const std::string& op, const std::vector<Json>& inputs,
                         const std::map<std::string, Json>& attributes, const Config& config) {
  const auto row = std::ranges::find(kRows, op, &Row::op);
  if (row == std::end(kRows))
    config.unsupported(
        fmt::format("TensorFlow's op {} is not converted as a layer (`hoarfrost layers` lists those that are)", op));
  FunctionCall call{row->function, Json::object()};
  read_inputs(*row, inputs, call, config);
  std::map<std::string, std::string> parameters;
  for (const std::string& word : words_of(row->attributes)) {
    const size_t equals = word.find('=');
    parameters[word.substr(0, equals)] = word.substr(equals + 1);
  }
  for (const auto& [name, value] : attributes) {
    const auto known = parameters.find(name);
    if (known != parameters.end() && value != "?") {
      if (!known->second.empty()) call.arguments[known->second] = value;
    } else if (!is_idle(name, value)) {
      config.unsupported(fmt::format("a {} node with {} = {} is not converted", op, name, value.dump().substr(0, 60)));
    }
  }
  if (op == "StridedSlice")
    call.arguments = {{"tensor", call.arguments["tensor"]}, {"slice_spec", slice_spec(call.arguments, config)}};
  if (op == "Squeeze" && call.arguments.contains("axis") && call.arguments["axis"].empty())
    call.arguments.erase("axis");
  return call;
}

std::vector<std::string_view> tensorflow_ops() {
  std::vector<std::string_view> result;
  for (const Row& row : kRows) result.push_back(row.op);
  return result;
}

}  // namespace hoarfrost::keras
