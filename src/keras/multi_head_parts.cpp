#include "keras/multi_head_parts.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::keras {

MultiHeadParts multi_head_parts(const MultiHead& layer, const Shapes& in) {
  MultiHeadParts parts{layer.arguments.required_input("query", in.size()),
                       layer.arguments.required_input("value", in.size()),
                       0,
                       "",
                       "",
                       "",
                       0};
  parts.key = layer.arguments.input("key", in.size()).value_or(parts.value);
  const int rank = in[parts.query].rank();
  for (const size_t part : {parts.query, parts.value, parts.key}) {
    if (in[part].rank() < 3 || in[part].rank() != rank || rank > 6) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected query, value and key of [batch, steps…, features] (3 to 6 axes), found {}",
                              in[part].to_string()));
    }
  }
  std::string steps;
  std::string key_steps;
  for (int axis = 0; axis < rank - 1; ++axis) {
    const auto is_it = [&](int64_t attended) { return attended == axis || attended + rank == axis; };
    const bool is_attended =
        axis > 0 && (layer.attention_axes.empty() || std::ranges::any_of(layer.attention_axes, is_it));
    const char letter = static_cast<char>('a' + axis);
    const char key_letter = is_attended ? static_cast<char>('A' + axis) : letter;
    parts.positions += letter;
    parts.key_positions += key_letter;
    if (is_attended) {
      steps += letter;
      key_steps += key_letter;
    } else {
      parts.scores += letter;
    }
  }
  parts.n_axes = static_cast<int>(steps.size());
  if (parts.n_axes == 0) throw Error(ErrorCode::kMismatch, "", "attention_axes name none of the input's axes");
  parts.scores += 'h' + steps + key_steps;
  return parts;
}

std::vector<int64_t> output_sizes(const MultiHead& layer, const Shape& query) {
  return layer.output_shape.empty() ? std::vector<int64_t>{query.last()} : layer.output_shape;
}

MultiHeadPlaces multi_head_places(const MultiHead& layer) {
  const size_t n = layer.use_bias ? 2 : 1;
  const size_t n_gate = layer.use_gate ? n : 0;
  return {0, n, 2 * n, 2 * n + n_gate, 3 * n + n_gate};
}

}  // namespace hoarfrost::keras
