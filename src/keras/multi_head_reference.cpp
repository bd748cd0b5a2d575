#include <algorithm>
#include <cmath>
#include <mutex>

#include "keras/attention_mask.h"
#include "keras/multi_head_parts.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

// One query's attention, by head.
struct Row {
  std::once_flag once;
  std::vector<std::vector<double>> scores;   // [heads][keys]
  std::vector<std::vector<double>> context;  // [heads][value_dim]
};

// The attention of each query, computed when its first element is asked for. A query's scores are (W_k q)·x, so that a
// key costs no more than its features.
class Rows {
 public:
  Rows(const MultiHead& layer, const Arrays& weights, const Arrays& in)
      : layer_(layer), w_(weights), in_(in), place_(multi_head_places(layer)) {
    const Shapes shapes = shapes_of(in);
    parts_ = multi_head_parts(layer, shapes);
    query_ = shapes[parts_.query];
    n_depth_ = query_.last();
    n_rows_ = query_.n_elements() / n_depth_;
    for (size_t i = 0; i < parts_.positions.size(); ++i) {
      if (parts_.positions[i] != parts_.key_positions[i]) key_steps_.push_back(shapes[parts_.key][static_cast<int>(i)]);
    }
    rows_ = std::make_unique<Row[]>(static_cast<size_t>(n_rows_));
  }

  [[nodiscard]] const MultiHeadParts& parts() const { return parts_; }
  [[nodiscard]] int64_t n_keys() const { return key_steps_.n_elements(); }
  const Row& at(int64_t number) {
    Row& row = rows_[static_cast<size_t>(number)];
    std::call_once(row.once, [&] { compute(row, number); });
    return row;
  }
  [[nodiscard]] double bias(size_t place, int64_t offset) const {
    return layer_.use_bias ? w_[place + 1].at_offset(offset) : 0;
  }

 private:
  void compute(Row& row, int64_t number) {
    const std::vector<bool> is_seen = visible(number);
    for (int64_t h = 0; h < layer_.n_heads; ++h) {
      const int64_t key_head = h / (layer_.n_heads / layer_.n_key_heads);
      if (layer_.sees_nothing && std::ranges::find(is_seen, true) == is_seen.end()) {
        row.scores.emplace_back(is_seen.size());
        row.context.emplace_back(static_cast<size_t>(layer_.value_dim));
        continue;
      }
      row.scores.push_back(masked_softmax(scores(number, h, key_head), is_seen));
      row.context.push_back(context(number, row.scores.back(), h, key_head));
    }
  }

  // x_number·W[:, head] + b[head]
  [[nodiscard]] std::vector<double> projected(int64_t number, size_t place, int64_t head, int64_t n_heads,
                                              int64_t size) const {
    std::vector<double> result(static_cast<size_t>(size));
    for (int64_t k = 0; k < size; ++k) {
      double sum = bias(place, head * size + k);
      for (int64_t d = 0; d < n_depth_; ++d)
        sum +=
            in_[parts_.query].at_offset(number * n_depth_ + d) * w_[place].at_offset((d * n_heads + head) * size + k);
      result[static_cast<size_t>(k)] = sum;
    }
    return result;
  }

  [[nodiscard]] std::vector<double> scores(int64_t number, int64_t head, int64_t key_head) const {
    const int64_t size = layer_.key_dim;
    const std::vector<double> q = projected(number, place_.query, head, layer_.n_heads, size);
    const Array& keys = in_[parts_.key];
    const int64_t n_features = keys.shape().last();
    double of_bias = 0;
    for (int64_t k = 0; k < size; ++k) of_bias += q[static_cast<size_t>(k)] * bias(place_.key, key_head * size + k);
    std::vector<double> seen_from_key(static_cast<size_t>(n_features));
    for (int64_t d = 0; d < n_features; ++d) {
      for (int64_t k = 0; k < size; ++k)
        seen_from_key[static_cast<size_t>(d)] +=
            q[static_cast<size_t>(k)] * w_[place_.key].at_offset((d * layer_.n_key_heads + key_head) * size + k);
    }
    std::vector<double> result;
    for (int64_t s = 0; s < n_keys(); ++s) {
      const int64_t at = key_row(keys.shape(), number, s) * n_features;
      double sum = of_bias;
      for (int64_t d = 0; d < n_features; ++d) sum += seen_from_key[static_cast<size_t>(d)] * keys.at_offset(at + d);
      result.push_back(sum / std::sqrt(static_cast<double>(size)));
    }
    return result;
  }

  [[nodiscard]] std::vector<double> context(int64_t number, const std::vector<double>& probabilities, int64_t head,
                                            int64_t key_head) const {
    const Array& values = in_[parts_.value];
    const int64_t n_features = values.shape().last();
    std::vector<double> mean(static_cast<size_t>(n_features));
    for (int64_t s = 0; s < n_keys(); ++s) {
      const int64_t at = key_row(values.shape(), number, s) * n_features;
      for (int64_t d = 0; d < n_features; ++d)
        mean[static_cast<size_t>(d)] += probabilities[static_cast<size_t>(s)] * values.at_offset(at + d);
    }
    const int64_t size = layer_.value_dim;
    std::vector<double> result(static_cast<size_t>(size));
    for (int64_t v = 0; v < size; ++v) {
      double sum = bias(place_.value, key_head * size + v);
      for (int64_t d = 0; d < n_features; ++d)
        sum +=
            mean[static_cast<size_t>(d)] * w_[place_.value].at_offset((d * layer_.n_key_heads + key_head) * size + v);
      result[static_cast<size_t>(v)] = sum;
    }
    if (!layer_.use_gate) return result;
    const std::vector<double> gate = projected(number, place_.gate, head, layer_.n_heads, size);
    for (size_t v = 0; v < result.size(); ++v) result[v] /= 1 + std::exp(-gate[v]);
    return result;
  }

  // The row of [batch, S…, features] at key `s` for that query: their batch and other axes are the query's.
  [[nodiscard]] int64_t key_row(const Shape& shape, int64_t number, int64_t s) const {
    Index position = query_position(number);
    const Index step = Index::at_offset(key_steps_, s);
    int n = 0;
    for (size_t i = 0; i < parts_.positions.size(); ++i) {
      if (parts_.positions[i] != parts_.key_positions[i]) position[static_cast<int>(i)] = step[n++];
    }
    return position.offset(shape);  // of the leading axes alone
  }

  [[nodiscard]] Index query_position(int64_t number) const {
    return Index::at_offset(Shape(std::vector<int64_t>(query_.sizes().begin(), query_.sizes().end() - 1)), number);
  }

  [[nodiscard]] std::vector<bool> visible(int64_t number) const {
    const Index query = query_position(number);
    const auto mask = [&](size_t part, std::string_view parameter) -> std::shared_ptr<const Array> {
      if (const auto given = layer_.arguments.input(parameter, in_.size())) return std::make_shared<Array>(in_[*given]);
      return in_[part].mask;
    };
    const auto of_query = mask(parts_.query, "query_mask");
    const auto of_value = mask(parts_.value, "value_mask");
    const auto of_key = mask(parts_.key, "key_mask");
    const auto given = layer_.arguments.input("attention_mask", in_.size());
    std::vector<bool> result;
    for (int64_t s = 0; s < n_keys(); ++s) {
      bool is_seen = of_query == nullptr || (*of_query)[{query[0], query[1]}] != 0;
      for (const auto& of : {of_value, of_key}) is_seen = is_seen && (of == nullptr || (*of)[{query[0], s}] != 0);
      if (layer_.is_causal) is_seen = is_seen && s <= query[1];
      if (layer_.sliding_window > 0) is_seen = is_seen && std::abs(s - query[1]) < layer_.sliding_window;
      if (given) is_seen = is_seen && is_given(in_[*given], query, s);
      result.push_back(is_seen);
    }
    return result;
  }

  // The call's mask ends in the axes T and S; before them it may have batch and others, or nothing. A mask by head is
  // met in its first head.
  [[nodiscard]] bool is_given(const Array& mask, const Index& query, int64_t s) const {
    Index position;
    const int rank = mask.shape().rank();
    const int n_front = rank - 2 * parts_.n_axes;
    if (n_front > 0) position.push_back(mask.size(0) == 1 ? 0 : query[0]);
    for (int i = 1; i < n_front; ++i) position.push_back(0);
    for (size_t i = 0; i < parts_.positions.size(); ++i) {
      if (parts_.positions[i] != parts_.key_positions[i])
        position.push_back(mask.size(position.rank()) == 1 ? 0 : query[static_cast<int>(i)]);
    }
    const Index step = Index::at_offset(key_steps_, s);
    for (int i = 0; i < step.rank(); ++i) position.push_back(mask.size(position.rank()) == 1 ? 0 : step[i]);
    return mask[position] != 0;
  }

  MultiHead layer_;
  Arrays w_;
  Arrays in_;
  MultiHeadPlaces place_;
  MultiHeadParts parts_;
  Shape query_;
  Shape key_steps_;
  int64_t n_depth_ = 1;
  int64_t n_rows_ = 1;
  std::unique_ptr<Row[]> rows_;
};

}  // namespace

Formulas MultiHead::reference(const Arrays& weights, const Arrays& in) const {
  const Shapes shapes = shapes_of(in);
  const Shapes out = infer(shapes);
  const auto rows = std::make_shared<Rows>(*this, weights, in);
  const MultiHeadParts parts = rows->parts();
  const int64_t n_out = Shape(output_sizes(*this, shapes[parts.query])).n_elements();
  const double row_cost = static_cast<double>(n_heads * (2 * key_dim * shapes[parts.query].last() +
                                                         2 * rows->n_keys() * shapes[parts.key].last() +
                                                         value_dim * shapes[parts.value].last()));
  const auto at = [=, layer = *this, kernel = weights[multi_head_places(*this).output],
                   shape = out[0]](const Index& o) {
    const int64_t offset = o.offset(shape);
    const Row& row = rows->at(offset / n_out);
    const int64_t column = offset % n_out;
    double sum = rows->bias(multi_head_places(layer).output, column);
    for (int64_t h = 0; h < layer.n_heads; ++h) {
      for (int64_t v = 0; v < layer.value_dim; ++v)
        sum += row.context[static_cast<size_t>(h)][static_cast<size_t>(v)] *
               kernel.at_offset((h * layer.value_dim + v) * n_out + column);
    }
    return sum;
  };
  // A query's work serves all its elements that are asked for; a sample asks for few of them.
  Formulas result{{out[0], at, row_cost / 8 + static_cast<double>(n_heads * value_dim)}};
  if (!returns_scores) return result;
  const auto score = [=, query = shapes[parts.query], key = shapes[parts.key]](const Index& o) {
    int64_t number = 0;
    for (size_t i = 0; i < parts.positions.size(); ++i)
      number = number * query[static_cast<int>(i)] + o[static_cast<int>(parts.scores.find(parts.positions[i]))];
    int64_t s = 0;
    for (size_t i = 0; i < parts.positions.size(); ++i) {
      if (parts.positions[i] != parts.key_positions[i])
        s = s * key[static_cast<int>(i)] + o[static_cast<int>(parts.scores.find(parts.key_positions[i]))];
    }
    return rows->at(number)
        .scores[static_cast<size_t>(o[static_cast<int>(parts.scores.find('h'))])][static_cast<size_t>(s)];
  };
  result.push_back({out[1], score, row_cost / 8});
  return result;
}

}  // namespace hoarfrost::keras
