#include "keras/multi_head.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "keras/attention_mask.h"
#include "keras/contraction.h"
#include "keras/dropout.h"

namespace hoarfrost::keras {
namespace {

// The inputs by their parts in the call, and the axes of everything as letters: batch and the query's axes are a, b, …,
// the key's own axes A, B, …, heads h, depth d, features f.
struct Parts {
  size_t query;
  size_t value;
  size_t key;
  std::string positions;      // of the query: "ab"
  std::string key_positions;  // of key and value: "aB"
  std::string scores;         // "ahbB"
  int n_axes = 0;             // over which it attends
};

Parts parts_of(const MultiHead& layer, const Shapes& in) {
  Parts parts{layer.arguments.required_input("query", in.size()),
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

// The letters of the output's own axes: 'p', 'q', …
std::string output_letters(size_t n) {
  std::string result;
  for (size_t i = 0; i < n; ++i) result += static_cast<char>('p' + i);
  return result;
}

// Where the weights of each projection begin.
struct Places {
  size_t query, key, gate, value, output;
};
Places places(const MultiHead& layer) {
  const size_t n = layer.use_bias ? 2 : 1;
  const size_t n_gate = layer.use_gate ? n : 0;
  return {0, n, 2 * n, 2 * n + n_gate, 3 * n + n_gate};
}

class Nodes {
 public:
  Nodes(const MultiHead& layer, Lowering& lowering, const Values& in) : layer_(layer), lowering_(lowering), in_(in) {
    for (const Value& x : in) shapes_.push_back(x.shape);
    parts_ = parts_of(layer, shapes_);
  }

  Values run() {
    const Places place = places(layer_);
    Value query = projected(in_[parts_.query], parts_.positions, "query", place.query);
    const Value key = repeated(projected(in_[parts_.key], parts_.key_positions, "key", place.key));
    const Value value = repeated(projected(in_[parts_.value], parts_.key_positions, "value", place.value));
    const Shape query_shape = query.shape;
    query = lowering_.named_op(
        "Mul", "Mul", {query, lowering_.scalar("Mul/y", 1 / std::sqrt(static_cast<double>(layer_.key_dim)), query)});
    query.shape = query_shape;
    Value scores = lower_contraction(lowering_, {parts_.key_positions + "hd", parts_.positions + "hd", parts_.scores},
                                     key, query, "einsum/");
    const Value mask = lower_attention_mask(lowering_, masks(), in_[parts_.query], in_[parts_.key]);
    if (mask.tensor) scores = lower_masked_scores(lowering_, scores, mask, parts_.n_axes);
    scores = softmax(scores);
    Value looks = lower_dropout(lowering_, scores,
                                layer_.dropout)[0];  // Keras gives the scores themselves, where they are asked for
    looks.shape = scores.shape;
    Value context = lower_contraction(lowering_, {parts_.scores, parts_.key_positions + "hd", parts_.positions + "hd"},
                                      looks, value, "einsum_1/");
    if (layer_.use_gate) context = gated(context, place.gate);
    const std::string out = output_letters(output_sizes(layer_, shapes_[parts_.query]).size());
    const Value bias = layer_.use_bias ? lowering_.weight(place.output + 1) : Value{};
    const Value result = lower_contraction(lowering_, {parts_.positions + "hd", "hd" + out, parts_.positions + out},
                                           context, lowering_.weight(place.output), "attention_output/", bias);
    return layer_.returns_scores ? Values{result, scores} : Values{result};
  }

 private:
  Value projected(const Value& x, const std::string& positions, const std::string& name, size_t place) {
    const Value bias = layer_.use_bias ? lowering_.weight(place + 1) : Value{};
    return lower_contraction(lowering_, {positions + "f", "fhd", positions + "hd"}, x, lowering_.weight(place),
                             name + "/", bias);
  }

  Value gated(const Value& context, size_t place) {
    const Value gate =
        lowering_.named_op("gate/Sigmoid", "Sigmoid", {projected(in_[parts_.query], parts_.positions, "gate", place)});
    Value result = lowering_.named_op("multiply", "Mul", {context, gate});
    result.shape = context.shape;
    return result;
  }

  // [batch, steps, key heads, depth]: each head as often as there are queries' heads to it.
  Value repeated(const Value& x) {
    const int64_t n = layer_.n_heads / layer_.n_key_heads;
    if (n == 1) return x;
    Value result = lowering_.named_op("repeat/ExpandDims", "ExpandDims",
                                      {x, lowering_.int_scalar("repeat/ExpandDims/dim", 3)}, {{"Tdim", DType::kInt32}});
    result =
        lowering_.named_op("repeat/Tile", "Tile", {result, lowering_.ints("repeat/Tile/multiples", {1, 1, 1, n, 1})},
                           {{"Tmultiples", DType::kInt32}});
    Shape shape = x.shape;
    shape[2] = layer_.n_heads;
    result = lowering_.reshape_like(result, x, shape);
    result.shape = shape;
    return result;
  }

  Value softmax(const Value& scores) {
    Value x = scores;
    if (parts_.n_axes > 1) {  // Softmax takes one axis: all keys in a row, and back
      x = lowering_.reshape_like(scores, scores, flat_keys(scores.shape));
    }
    Value result = lowering_.named_op("softmax/Softmax", "Softmax", {x});
    if (parts_.n_axes > 1) result = lowering_.reshape_like(result, scores, scores.shape);
    result.shape = scores.shape;
    return result;
  }

  [[nodiscard]] Shape flat_keys(const Shape& scores) const {
    Shape result;
    for (int axis = 0; axis < scores.rank() - parts_.n_axes; ++axis) result.push_back(scores[axis]);
    int64_t n = 1;
    for (int axis = scores.rank() - parts_.n_axes; axis < scores.rank(); ++axis)
      n = n == kUnknown || scores[axis] == kUnknown ? kUnknown : n * scores[axis];
    result.push_back(n);
    return result;
  }

  [[nodiscard]] Value mask_of(size_t part, std::string_view parameter) const {
    if (const auto given = layer_.arguments.input(parameter, in_.size())) return in_[*given];
    return {in_[part].mask, DType::kBool};
  }

  [[nodiscard]] AttentionMasks masks() const {
    AttentionMasks result{mask_of(parts_.query, "query_mask"),
                          mask_of(parts_.value, "value_mask"),
                          mask_of(parts_.key, "key_mask"),
                          {},
                          layer_.is_causal,
                          layer_.sliding_window};
    if (const auto given = layer_.arguments.input("attention_mask", in_.size())) result.given = in_[*given];
    const bool has_masks = result.query.tensor || result.value.tensor || result.key.tensor || layer_.is_causal ||
                           layer_.sliding_window > 0;
    if (has_masks && (in_[parts_.query].shape.rank() != 3))
      throw Error(ErrorCode::kUnsupported, "",
                  "masked attention over more than [batch, steps, features] is not converted");
    return result;
  }

  const MultiHead& layer_;
  Lowering& lowering_;
  const Values& in_;
  Shapes shapes_;
  Parts parts_;
};

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
      : layer_(layer), w_(weights), in_(in), place_(places(layer)) {
    Shapes shapes;
    for (const Array& x : in) shapes.push_back(x.shape());
    parts_ = parts_of(layer, shapes);
    query_ = shapes[parts_.query];
    n_depth_ = query_.last();
    n_rows_ = query_.n_elements() / n_depth_;
    for (size_t i = 0; i < parts_.positions.size(); ++i) {
      if (parts_.positions[i] != parts_.key_positions[i]) key_steps_.push_back(shapes[parts_.key][static_cast<int>(i)]);
    }
    rows_ = std::make_unique<Row[]>(static_cast<size_t>(n_rows_));
  }

  [[nodiscard]] const Parts& parts() const { return parts_; }
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
  Places place_;
  Parts parts_;
  Shape query_;
  Shape key_steps_;
  int64_t n_depth_ = 1;
  int64_t n_rows_ = 1;
  std::unique_ptr<Row[]> rows_;
};

}  // namespace

MultiHead MultiHead::parse_shared(const Config& config) {
  config.ignore({"seed", "flash_attention", "query_shape", "key_shape", "value_shape"});
  MultiHead result;
  result.dropout = config.get_float({"dropout"}, 0.0);
  result.use_bias = config.get_bool({"use_bias"}, true);
  result.use_gate = config.get_bool({"use_gate"}, false);
  result.sliding_window = config.get_int({"sliding_window"}, 0);
  result.arguments =
      CallArguments::parse(config, {"query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask",
                                    "return_attention_scores", "training", "use_causal_mask"});
  result.returns_scores = result.arguments.flag("return_attention_scores");
  result.is_causal = result.arguments.flag("use_causal_mask");
  return result;
}

Shapes MultiHead::infer(const Shapes& in) const {
  const Parts parts = parts_of(*this, in);
  const auto mask = arguments.input("attention_mask", in.size());
  if (mask && in[*mask].rank() > 3 + 2 * (parts.n_axes - 1))
    throw Error(
        ErrorCode::kUnsupported, "",
        fmt::format("an attention_mask of shape {}, with an axis for heads, is not converted", in[*mask].to_string()));
  Shape out(std::vector<int64_t>(in[parts.query].sizes().begin(), in[parts.query].sizes().end() - 1));
  for (const int64_t size : output_sizes(*this, in[parts.query])) out.push_back(size);
  if (!returns_scores) return {out};
  Shape scores;
  for (const char letter : parts.scores) {
    if (letter == 'h')
      scores.push_back(n_heads);
    else if (letter >= 'a')
      scores.push_back(in[parts.query][letter - 'a']);
    else
      scores.push_back(in[parts.key][letter - 'A']);
  }
  return {out, scores};
}

std::vector<WeightSpec> MultiHead::weights(const Shapes& in) const {
  const Parts parts = parts_of(*this, in);
  std::vector<WeightSpec> result;
  const auto add = [&](std::string name, Shape kernel, Shape bias, const std::string& group) {
    result.push_back({name + "/kernel", std::move(kernel), true, group});
    if (use_bias) result.push_back({name + "/bias", std::move(bias), true, group});
  };
  add("query", {in[parts.query].last(), n_heads, key_dim}, {n_heads, key_dim}, "query_dense");
  add("key", {in[parts.key].last(), n_key_heads, key_dim}, {n_key_heads, key_dim}, "key_dense");
  if (use_gate) add("gate", {in[parts.query].last(), n_heads, value_dim}, {n_heads, value_dim}, "gate_dense");
  add("value", {in[parts.value].last(), n_key_heads, value_dim}, {n_key_heads, value_dim}, "value_dense");
  Shape out{n_heads, value_dim};
  Shape out_bias;
  for (const int64_t size : output_sizes(*this, in[parts.query])) {
    out.push_back(size);
    out_bias.push_back(size);
  }
  add("attention_output", out, out_bias, "output_dense");
  return result;
}

Values MultiHead::lower(Lowering& lowering, const Values& in) const { return Nodes(*this, lowering, in).run(); }

Formulas MultiHead::reference(const Arrays& weights, const Arrays& in) const {
  Shapes shapes;
  for (const Array& x : in) shapes.push_back(x.shape());
  const Shapes out = infer(shapes);
  const auto rows = std::make_shared<Rows>(*this, weights, in);
  const Parts parts = rows->parts();
  const int64_t n_out = Shape(output_sizes(*this, shapes[parts.query])).n_elements();
  const double row_cost = static_cast<double>(n_heads * (2 * key_dim * shapes[parts.query].last() +
                                                         2 * rows->n_keys() * shapes[parts.key].last() +
                                                         value_dim * shapes[parts.value].last()));
  const auto at = [=, layer = *this, kernel = weights[places(*this).output], shape = out[0]](const Index& o) {
    const int64_t offset = o.offset(shape);
    const Row& row = rows->at(offset / n_out);
    const int64_t column = offset % n_out;
    double sum = rows->bias(places(layer).output, column);
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
