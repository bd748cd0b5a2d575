// What Keras' model.summary() shows: each layer's output shape and number of parameters.
#pragma once

#include <string>
#include <vector>

#include "keras/model.h"

namespace hoarfrost::keras {

struct SummaryRow {
  std::string name;
  std::string class_name;
  Shapes outputs;  // of its first call
  int64_t n_parameters = 0;
  int64_t n_trainable = 0;
  std::vector<std::string> connected_to;  // the layers whose outputs it takes, over all its calls
};

struct Summary {
  std::string name;
  std::string class_name;
  Version version;
  std::vector<SummaryRow> rows;  // one per layer; a nested model is one row
};

// Throws what infer_shapes throws.
Summary summarize(const Model& model);

}  // namespace hoarfrost::keras
