// Operations that are a few others, each a row that says it in the language of --lambda (docs/lambda.md).
#pragma once

#include <span>
#include <string_view>

namespace hoarfrost::keras {

struct DerivedRow {
  std::string_view name;       // Keras 3's class, or one that no Keras has
  std::string_view functions;  // TensorFlow's
  // In their order, "x|input axis=-1": other names of the parameter are given behind |, and what stands where it is not
  // given behind =; where ? comes before that, None is a value of its own. One with ! before it must have that value.
  std::string_view parameters;
  std::string_view steps;  // "name = expression; …; expression", of the parameters and of the steps before
};

std::span<const DerivedRow> derived_number_rows();
std::span<const DerivedRow> derived_array_rows();
std::span<const DerivedRow> derived_statistics_rows();
std::span<const DerivedRow> derived_linear_rows();
std::span<const DerivedRow> derived_image_rows();
std::span<const DerivedRow> derived_network_rows();
std::span<const DerivedRow> derived_loss_rows();
std::span<const DerivedRow> derived_signal_rows();
std::span<const DerivedRow> derived_sampling_rows();

}  // namespace hoarfrost::keras
