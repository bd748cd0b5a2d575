// usage: answers MODEL ANSWERS.npz FROZEN.pb RTOL ATOL
// Freezes the model into FROZEN.pb, reads that back and runs it on in0, in1, …: the results must be Keras' out0, out1,
// …
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>
#include <hoarfrost/tensorflow.h>

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

namespace {

hoarfrost::graph::Signature freeze(const std::string& model_path, const std::string& frozen_path,
                                   hoarfrost::graph::Graph& frozen) {
  hoarfrost::keras::Lowered model = hoarfrost::keras::lower(*hoarfrost::keras::load(model_path));
  hoarfrost::passes::FreezeOptions options;
  for (const auto& output : model.signature.outputs) options.outputs.push_back(output.node->name());
  hoarfrost::passes::freeze(model.graph, model.variables, options);
  hoarfrost::tensorflow::write_graph(model.graph, frozen_path);

  frozen = hoarfrost::tensorflow::read_graph(frozen_path);
  hoarfrost::graph::Signature signature;
  for (const auto& input : model.signature.inputs)
    signature.inputs.push_back(hoarfrost::graph::resolve(frozen, input.name()));
  for (const auto& output : model.signature.outputs)
    signature.outputs.push_back(hoarfrost::graph::resolve(frozen, output.name()));
  return signature;
}

bool is_near(const hoarfrost::Tensor& found, const hoarfrost::Tensor& expected, double rtol, double atol) {
  if (found.shape() != expected.shape()) return false;
  const auto a = found.values<float>();
  const auto b = expected.values<float>();
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= atol + rtol * std::abs(b[i]))) return false;
  }
  return true;
}

hoarfrost::Tensor array(const hoarfrost::data::NamedTensors& arrays, const std::string& name) {
  const hoarfrost::Tensor* found = hoarfrost::data::find(arrays, name);
  if (found == nullptr)
    throw hoarfrost::Error(hoarfrost::ErrorCode::kInvalidArgument, name, "the answers have no such array");
  return found->aligned();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 6) return 2;
  const auto answers = hoarfrost::data::read_npz(argv[2]);
  hoarfrost::graph::Graph frozen;
  const auto signature = freeze(argv[1], argv[3], frozen);
  std::vector<hoarfrost::Tensor> inputs;
  for (size_t i = 0; i < signature.inputs.size(); ++i) inputs.push_back(array(answers, "in" + std::to_string(i)));
  const auto outputs = hoarfrost::runtime::Session(frozen, signature).run(inputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (is_near(outputs[i], array(answers, "out" + std::to_string(i)), std::stod(argv[4]), std::stod(argv[5])))
      continue;
    std::cerr << "out" << i << " is not Keras' answer\n";
    return 1;
  }
  std::cout << outputs.size() << " outputs are Keras' answers\n";
  return 0;
} catch (const hoarfrost::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
