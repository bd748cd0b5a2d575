// Which arrays of a file are a model's inputs and outputs.
#pragma once

#include <hoarfrost/examples.h>

#include <optional>
#include <string>
#include <vector>

#include "data/array_file.h"

namespace hoarfrost::training {

struct ArrayPorts {
  std::vector<std::string> inputs;  // in the model's order
  std::vector<std::string> outputs;
};
// By the model's own names, or numbered from 0 or 1: x0, x1 … (X, in, input, x_, input_) and y0, y1 … (Y, out, output,
// target, y_, output_); a single input or output also by the names that people give it (x_train, x, images, …). nullopt
// for a model of one input and one output whose arrays have other names than the model's or numbers:
// data::find_array_names knows those. Throws Error{kInvalidArgument} naming what is missing and what there is.
std::optional<ArrayPorts> find_ports(const data::ArrayFile& file, const ModelFormat& model, data::Split split,
                                     const std::string& where);

}  // namespace hoarfrost::training
