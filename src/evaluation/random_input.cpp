#include "evaluation/random_input.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "evaluation/sample.h"
#include "ops/op.h"

namespace hoarfrost::evaluation {
namespace {

using graph::Endpoint;

constexpr std::array<int64_t, 11> kSizes{8, 16, 32, 48, 64, 96, 128, 192, 224, 256, 331};
constexpr int64_t kDefaultIndices = 10;  // of whole numbers that index nothing
constexpr double kZeros = 0.05;
constexpr double kZeroSteps = 0.15;

// Ops through which an index stays an index.
const std::set<std::string, std::less<>> kKeepIndices{"Cast",         "Identity",  "Reshape", "ExpandDims", "Squeeze",
                                                      "StridedSlice", "Transpose", "Split",   "ConcatV2",   "Pack",
                                                      "Unpack",       "Slice",     "Tile"};

// Of matrices that have an inverse: no rows of zeros.
const std::set<std::string, std::less<>> kWithInverse{"MatrixInverse", "MatrixSolve", "MatrixTriangularSolve"};

bool works(const graph::Graph& graph, const graph::Signature& signature, const std::vector<Shape>& shapes,
           std::string& trouble) {
  std::map<Endpoint, Shape> given;
  for (size_t i = 0; i < shapes.size(); ++i) given[signature.inputs[i]] = shapes[i];
  try {
    for (const auto& [endpoint, known] : ops::infer(graph, given)) {
      if (!known.shape.has_rank()) continue;
      if (std::ranges::any_of(known.shape.sizes(), [](int64_t size) { return size == 0 || size < kUnknown; })) {
        trouble = fmt::format("node `{}` would be of shape {}", endpoint.node->name(), known.shape.to_string());
        return false;
      }
    }
    return true;
  } catch (const Error& error) {
    trouble = error.what();
    return false;
  }
}

// All shapes, where a node takes rows of a table that is no constant; none otherwise, or where they cannot be told.
ops::KnownMap computed_tables(const graph::Graph& graph, const graph::Signature& signature,
                              const std::vector<Shape>& shapes) {
  const bool has_one = std::ranges::any_of(graph.nodes(), [](const auto& node) {
    return node->op() == "GatherNd" || ((node->op() == "GatherV2" || node->op() == "Gather") && !node->inputs.empty() &&
                                        node->inputs[0].node->op() != "Const");
  });
  std::map<Endpoint, Shape> given;
  for (size_t i = 0; i < shapes.size(); ++i) given[signature.inputs[i]] = shapes[i];
  try {
    return has_one ? ops::infer(graph, given) : ops::KnownMap();
  } catch (const Error&) {
    return {};
  }
}

using Uses = std::map<Endpoint, std::vector<graph::Node*>>;

Uses uses_of(const graph::Graph& graph) {
  Uses uses;
  for (const auto& node : graph.nodes()) {
    for (const Endpoint& input : node->inputs) uses[input].push_back(node.get());
  }
  return uses;
}

// The first size of the table, when the node takes rows of one; of a table that is computed, what `sizes` knows.
std::optional<int64_t> n_table_rows(const graph::Node& node, const Endpoint& indices, const ops::KnownMap& sizes) {
  if (node.op() == "GatherNd" && node.inputs.size() > 1 && node.inputs[1] == indices) {
    const auto table = sizes.find(node.inputs[0]), places = sizes.find(indices);
    if (table == sizes.end() || places == sizes.end() || !places->second.shape.has_rank()) return std::nullopt;
    const std::vector<int64_t>& of = table->second.shape.sizes();
    const auto depth = places->second.shape.rank() > 0 ? places->second.shape.last() : 0;
    if (depth < 1 || depth > static_cast<int64_t>(of.size())) return std::nullopt;
    return *std::min_element(of.begin(), of.begin() + depth);
  }
  if (node.op() != "GatherV2" && node.op() != "Gather" && node.op() != "ResourceGather") return std::nullopt;
  if (node.inputs.size() < 2 || node.inputs[1] != indices) return std::nullopt;
  const graph::Node* table = node.inputs[0].node;
  while (table->op() == "Identity" || table->op() == "ReadVariableOp") table = table->input(0).node;
  if (table->op() == "Const" && table->value().shape().rank() > 0) return table->value().shape()[0];
  const auto found = sizes.find(node.inputs[0]);
  if (found == sizes.end() || !found->second.shape.has_rank() || found->second.shape.rank() == 0) return std::nullopt;
  const graph::Node* axis = node.inputs.size() > 2 ? node.inputs[2].node : nullptr;
  const bool has_axis = axis != nullptr && axis->op() == "Const" && axis->value().dtype() == DType::kInt32;
  const int along = has_axis ? axis->value().values<int32_t>()[0] : 0;
  const int rank = found->second.shape.rank();
  return along >= -rank && along < rank ? std::optional(found->second.shape[along]) : std::nullopt;
}

// The smallest table that the input indexes, however it gets there; nullopt when it indexes none.
std::optional<int64_t> n_indices(const Uses& uses, const Endpoint& input, const ops::KnownMap& sizes) {
  std::optional<int64_t> smallest;
  std::set<Endpoint> seen;
  std::vector<Endpoint> open{input};
  while (!open.empty()) {
    const Endpoint endpoint = open.back();
    open.pop_back();
    const auto found = uses.find(endpoint);
    if (!seen.insert(endpoint).second || found == uses.end()) continue;
    for (graph::Node* node : found->second) {
      if (const auto n = n_table_rows(*node, endpoint, sizes)) smallest = std::min(smallest.value_or(*n), *n);
      if (!kKeepIndices.contains(node->op())) continue;
      for (int o = 0; o < (node->op() == "Split" || node->op() == "Unpack" ? 16 : 1); ++o) open.push_back({node, o});
    }
  }
  return smallest;
}

// What the input is compared with, however it gets there: tokens of vocabularies.
struct Tokens {
  std::vector<std::string> texts;
  std::vector<int64_t> numbers;
  bool are_words = false;  // of a text that is split
};

// Ops through which text stays the text of tokens.
const std::set<std::string, std::less<>> kKeepText{"StringLower",   "StaticRegexReplace", "RegexReplace",
                                                   "SparseToDense", "StringJoin",         "GatherNd"};

void add_tokens(const Endpoint& compared, Tokens& tokens) {
  const graph::Node* node = compared.node;
  if (node->op() == "Gather" || node->op() == "GatherV2") node = node->input(0).node;  // a perfect hash
  if (node->op() != "Const") return;
  const Tensor& value = node->value();
  if (value.dtype() == DType::kString)
    tokens.texts.insert(tokens.texts.end(), value.strings().begin(), value.strings().end());
  if (value.dtype() != DType::kInt64 && value.dtype() != DType::kInt32) return;
  const Tensor whole = value.cast(DType::kInt64).aligned();
  const auto numbers = whole.values<int64_t>();
  tokens.numbers.insert(tokens.numbers.end(), numbers.begin(), numbers.end());
}

Tokens compared_tokens(const Uses& uses, const Endpoint& input) {
  Tokens tokens;
  std::set<Endpoint> seen;
  std::vector<Endpoint> open{input};
  while (!open.empty()) {
    const Endpoint endpoint = open.back();
    open.pop_back();
    const auto found = uses.find(endpoint);
    if (!seen.insert(endpoint).second || found == uses.end()) continue;
    for (graph::Node* node : found->second) {
      if (kKeepIndices.contains(node->op()) || kKeepText.contains(node->op())) open.push_back({node, 0});
      if (node->op() == "StringSplit") {
        open.push_back({node, 1});
        tokens.are_words = true;
      }
      if (node->op() != "Equal") continue;
      for (const Endpoint& other : node->inputs) add_tokens(other, tokens);
    }
  }
  return tokens;
}

constexpr int kOwnWords = 20;  // of a text that is compared with nothing
constexpr int kStrangers = 4;  // beside a vocabulary

std::string random_word(Random& random) {
  constexpr std::string_view kLetters[] = {"a", "e", "n", "r", "s", "t", "B", "7", "\xc3\xbc", "\xe6\x97\xa5"};
  std::string word;
  for (int64_t n = random.below(random.below(4) == 0 ? 80 : 12); n >= 0; --n)
    word += kLetters[random.below(static_cast<int64_t>(std::size(kLetters)))];
  return word;
}

const std::string& one_of(const std::vector<std::string>& texts, Random& random) {
  return texts[static_cast<size_t>(random.below(static_cast<int64_t>(texts.size())))];
}

// Of the tokens, and now and then another. Words make sentences, as people write them.
Tensor random_texts(const Shape& shape, Random& random, Tokens tokens) {
  constexpr int64_t kLongestSentence = 24;
  std::vector<std::string>& texts = tokens.texts;
  for (int n = texts.empty() ? kOwnWords : kStrangers; n > 0; --n) texts.push_back(random_word(random));
  const size_t n_others = std::max<size_t>(texts.size() / 8, 1);
  for (size_t i = 0; i < n_others; ++i) texts.insert(texts.end(), {"", "?", "none of them"});
  std::vector<std::string> values(static_cast<size_t>(shape.n_elements()));
  for (std::string& value : values) {
    value = one_of(texts, random);
    if (!tokens.are_words) continue;
    for (int64_t n = random.below(kLongestSentence); n > 0; --n) {
      std::string word = one_of(texts, random);
      if (random.below(4) == 0 && !word.empty() && word[0] >= 'a' && word[0] <= 'z')
        word[0] = static_cast<char>(word[0] - 'a' + 'A');
      value += (random.below(5) == 0 ? ", " : " ") + word;
    }
  }
  return {shape, std::move(values)};
}

// The same of numbers, which may be any of 64 bits.
Tensor random_numbers(const Shape& shape, Random& random, const std::vector<int64_t>& numbers) {
  Tensor tensor(DType::kInt64, shape);
  for (int64_t& value : tensor.mutable_values<int64_t>()) {
    value = numbers[static_cast<size_t>(random.below(static_cast<int64_t>(numbers.size())))];
    if (random.below(4) == 0) value = random.below(100) - kDefaultIndices;
  }
  return tensor;
}

Tensor random_floats(const Shape& shape, Random& random, double spread, bool has_zeros) {
  Tensor tensor(DType::kFloat64, shape);
  const auto values = tensor.mutable_values<double>();
  const int64_t n_examples = shape.rank() > 1 ? std::max<int64_t>(shape[0], 1) : 1;
  const size_t n_example = std::max<size_t>(values.size() / static_cast<size_t>(n_examples), 1);
  for (size_t i = 0; i < values.size(); ++i) {
    const bool is_spread = n_examples > 1 ? i / n_example % 2 == 1 : random.below(4) == 0;
    values[i] = random.uniform() < kZeros && has_zeros ? 0 : random.normal() * (is_spread ? spread : 1);
  }
  // Steps of zeros: Masking leaves them out.
  const size_t n_step = shape.rank() > 2 ? static_cast<size_t>(shape.last()) : values.size() + 1;
  for (size_t first = 0; first + n_step <= values.size(); first += n_step) {
    if (random.uniform() < kZeroSteps && has_zeros) std::ranges::fill(values.subspan(first, n_step), 0);
  }
  return tensor;
}

Tensor random_indices(const Shape& shape, Random& random, int64_t n) {
  Tensor tensor(DType::kFloat64, shape);
  for (double& value : tensor.mutable_values<double>())
    value = random.uniform() < kZeroSteps ? 0 : static_cast<double>(random.below(std::max<int64_t>(n, 1)));
  return tensor;
}

}  // namespace

std::vector<Shape> input_shapes(const graph::Graph& graph, const graph::Signature& signature, int64_t batch) {
  std::vector<Shape> wanted;
  bool is_open = false;
  for (const Endpoint& input : signature.inputs) {
    Shape shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    if (!shape.has_rank())
      throw Error(ErrorCode::kUnsupported, fmt::format("input `{}`", input.name()),
                  "its rank is unknown; give --input-shape");
    if (shape.rank() > 0 && shape[0] == kUnknown) shape[0] = batch;
    is_open |= !shape.is_static();
    wanted.push_back(shape);
  }
  if (!is_open) return wanted;
  std::string trouble;
  for (const int64_t size : kSizes) {
    std::vector<Shape> shapes = wanted;
    for (Shape& shape : shapes) {
      for (int axis = 0; axis < shape.rank(); ++axis) shape[axis] = shape[axis] == kUnknown ? size : shape[axis];
    }
    if (works(graph, signature, shapes, trouble)) return shapes;
  }
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("no sizes for the inputs' unknown axes work ({}); give --input-shape", trouble));
}

std::vector<Tensor> random_inputs(const graph::Graph& graph, const graph::Signature& signature,
                                  const std::vector<Shape>& shapes, uint64_t seed, double spread) {
  const Uses uses = uses_of(graph);
  const ops::KnownMap sizes = computed_tables(graph, signature, shapes);
  const bool has_zeros =
      std::ranges::none_of(graph.nodes(), [](const auto& node) { return kWithInverse.contains(node->op()); });
  Random random(seed);
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const DType dtype = signature.inputs[i].node->get_or<DType>("dtype", DType::kFloat32);
    Tokens tokens = compared_tokens(uses, signature.inputs[i]);
    if (dtype == DType::kString) {
      inputs.push_back(random_texts(shapes[i], random, std::move(tokens)));
      continue;
    }
    const auto n = n_indices(uses, signature.inputs[i], sizes);
    if (!n && (dtype == DType::kInt64 || dtype == DType::kInt32) && !tokens.numbers.empty()) {
      inputs.push_back(random_numbers(shapes[i], random, tokens.numbers).cast(dtype));
      continue;
    }
    const bool is_float =
        dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
    const int64_t n_default = dtype == DType::kBool ? 2 : dtype == DType::kUInt8 ? 256 : kDefaultIndices;
    const Tensor values = is_float && !n ? random_floats(shapes[i], random, spread, has_zeros)
                                         : random_indices(shapes[i], random, n.value_or(n_default));
    inputs.push_back(values.cast(dtype));
  }
  return inputs;
}

Trial try_random_inputs(const graph::Graph& graph, const graph::Signature& signature, const std::vector<Shape>& shapes,
                        uint64_t seed, const std::function<std::vector<Tensor>(std::vector<Tensor>&)>& run) {
  constexpr double kSpread = 8;  // of the odd examples' values
  const auto is_finite = [](const Tensor& tensor) {
    return tensor.dtype() != DType::kFloat32 ||
           std::ranges::all_of(tensor.values<float>(), [](float value) { return std::isfinite(value); });
  };
  Trial trial;
  for (const double spread : {kSpread, 1.0}) {
    trial.inputs = random_inputs(graph, signature, shapes, seed, spread);
    trial.outputs = run(trial.inputs);
    if (std::ranges::all_of(trial.outputs, is_finite)) break;
  }
  return trial;
}

}  // namespace hoarfrost::evaluation
