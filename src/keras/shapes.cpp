#include "keras/shapes.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <map>

namespace hoarfrost::keras {
namespace {

using Results = std::map<std::pair<size_t, size_t>, Shapes>;  // by layer and call

// given, with what it leaves open taken from declared.
Shape completed(const Shape& given, const Shape& declared) {
  if (!given.has_rank()) return declared;
  Shape result = given;
  if (!declared.has_rank() || declared.rank() != given.rank()) return result;
  for (int axis = 0; axis < result.rank(); ++axis) {
    if (result[axis] == kUnknown) result[axis] = declared[axis];
  }
  return result;
}

const Shape& shape_of(const Model& model, const TensorRef& ref, const Results& results) {
  const auto found = results.find({ref.layer, ref.call});
  const ModelLayer& layer = model.layers[ref.layer];
  if (found == results.end())
    throw Error(ErrorCode::kCorrupt, place_of(layer),
                "is never computed: its inputs depend on themselves, or on an input the model has not");
  if (ref.output >= found->second.size())
    throw Error(ErrorCode::kCorrupt, place_of(layer),
                fmt::format("output {} is used, the layer gives {}", ref.output, found->second.size()));
  return found->second[ref.output];
}

Shapes infer_call(const ModelLayer& layer, const Call& call, const Shapes& in, const CallVisitor& visit) {
  try {
    if (layer.model) {
      if (in.size() != layer.model->inputs.size())
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("expected {} inputs, found {}", layer.model->inputs.size(), in.size()));
      return infer_shapes(*layer.model, in, visit);
    }
    for (const Shape& shape : in) {
      if (!shape.has_rank()) {
        throw Error(ErrorCode::kInvalidArgument, "",
                    "the file does not say the model's input shape; give it with --input-shape");
      }
    }
    Shapes out = layer_in(layer, call).infer(in);
    visit(layer, in, out);
    return out;
  } catch (Error& error) {
    if (!std::string_view(error.what()).starts_with("layer `")) error.within(place_of(layer));
    throw;
  }
}

}  // namespace

Shapes input_shapes(const Model& model) {
  Shapes result;
  for (const TensorRef& ref : model.inputs) result.push_back(model.layers[ref.layer].input_shape);
  return result;
}

Shapes infer_shapes(const Model& model, const Shapes& inputs, const CallVisitor& visit) {
  Results results;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const TensorRef& ref = model.inputs[i];
    results[{ref.layer, ref.call}] = {completed(inputs.at(i), model.layers[ref.layer].input_shape)};
  }
  for (const auto& [l, c] : call_order(model)) {
    Shapes in;
    for (const TensorRef& ref : model.layers[l].calls[c].inputs) in.push_back(shape_of(model, ref, results));
    results[{l, c}] = infer_call(model.layers[l], model.layers[l].calls[c], in, visit);
  }
  Shapes outputs;
  for (const TensorRef& ref : model.outputs) outputs.push_back(shape_of(model, ref, results));
  return outputs;
}

Shapes shapes_of(const Arrays& in) {
  Shapes shapes;
  for (const Array& x : in) shapes.push_back(x.shape());
  return shapes;
}

Shapes shapes_of(const Values& in) {
  Shapes shapes;
  for (const Value& x : in) shapes.push_back(x.shape);
  return shapes;
}

}  // namespace hoarfrost::keras
