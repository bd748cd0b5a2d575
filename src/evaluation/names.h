// What the data set says of classes and examples, beside the numbers.
#pragma once

#include <hoarfrost/data.h>
#include <hoarfrost/statistics.h>

#include "evaluation/statistics.h"

namespace hoarfrost::evaluation {

// Throws Error{kMismatch} when the data set names another number of classes than the network tells apart.
void expect_names_fit(const data::DataSet& examples, int64_t n_classes);

// Names the classes, the worst mistakes and the first example whose outputs are NaN.
void add_names(Evaluation& evaluation, const Statistics& statistics, const data::DataSet& examples);

}  // namespace hoarfrost::evaluation
