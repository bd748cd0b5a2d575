// ConvLSTM's cell (Shi et al. 2015, without peepholes): an LSTM whose products are convolutions; gates i, f, c, o in
// the kernels' last axis, as Keras 2.15's rnn/base_conv_lstm.py has them. The states' convolution is SAME with
// stride 1.
#include <fmt/format.h>

#include <algorithm>

#include "keras/convolution.h"
#include "keras/lowering.h"
#include "keras/recurrent_cell.h"
#include "keras/recurrent_dropout.h"

namespace hoarfrost::keras {
namespace {

class ConvLstmCell final : public Cell {
 public:
  ConvLstmCell(int64_t filters, Window window, bool use_bias, Activation activation, Activation recurrent_activation,
               RecurrentDropout dropout)
      : filters_(filters),
        window_(std::move(window)),
        use_bias_(use_bias),
        activation_(std::move(activation)),
        recurrent_activation_(std::move(recurrent_activation)),
        dropout_(dropout) {
    recurrent_ = {window_.size, std::vector<int64_t>(window_.rank(), 1), std::vector<int64_t>(window_.rank(), 1),
                  Padding::kSame};
  }

  [[nodiscard]] std::string name() const override { return "conv_lstm_cell"; }
  [[nodiscard]] Shapes states(const Shape& x) const override { return {slid(x, filters_), slid(x, filters_)}; }
  [[nodiscard]] Shape projected(const Shape& x) const override { return slid(x, 4 * filters_); }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(4 * slid(x, filters_).n_elements() * window_.n_cells() * (x.last() + filters_));
  }

  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    std::vector<WeightSpec> result{{"kernel", kernel(x.last())}, {"recurrent_kernel", kernel(filters_)}};
    if (use_bias_) result.push_back({"bias", {4 * filters_}});
    return result;
  }

  // Shi's cell draws a mask for each gate, whatever `implementation` says.
  Values masks(Lowering& lowering, const Values& w, const Shape& x, const Value& batch) const override {
    Values result = dropout_.masks(lowering, batch, x, slid(x, filters_));
    if (dropout_.n_recurrent_masks() == 0) return result;
    const Values kernels = kernels_for(lowering, w[1], dropout_.n_recurrent_masks());
    result.insert(result.end(), kernels.begin(), kernels.end());
    return result;
  }
  [[nodiscard]] size_t n_input_masks() const override { return dropout_.n_input_masks(); }
  [[nodiscard]] size_t n_masks() const override { return dropout_.n_input_masks() + 2 * dropout_.n_recurrent_masks(); }

  Value project(Lowering& lowering, const Values& w, const Values& xs) const override {
    Value y = products(lowering, xs, kernels_for(lowering, w[0], xs.size()), [&](const Value& x, const Value& kernel) {
      return lower_dilated(lowering, "convolution", x, window_, [&](const Value& v, const std::string& padding) {
        return lower_conv(lowering, "convolution", v, kernel, window_.strides, padding);
      });
    });
    if (use_bias_) y = bias_add(lowering, y, w[2]);
    return y;
  }

  Value step(Lowering& lowering, const Values& w, const Values& masks, const Value& projected,
             Values& states) const override {
    const auto n = static_cast<std::ptrdiff_t>(masks.empty() ? 0 : dropout_.n_recurrent_masks());
    const auto own = masks.begin() + (n == 0 ? 0 : static_cast<std::ptrdiff_t>(dropout_.n_input_masks()));
    const Values kernels = n == 0 ? Values{w[1]} : Values(own + n, own + 2 * n);
    const Value recurrent = products(
        lowering, masked(lowering, states[0], {own, own + n}), kernels, [&](const Value& x, const Value& kernel) {
          return lower_conv(lowering, "convolution", x, kernel, recurrent_.strides, "SAME");
        });
    const Value z = lowering.named_op("add", "Add", {projected, recurrent});
    const Value first = lowering.raw_op("split", "Split", {lowering.int_scalar("split/split_dim", -1), z}, z.dtype,
                                        {{"T", z.dtype}, {"num_split", int64_t{4}}});
    Values gates;
    for (int i = 0; i < 4; ++i) {
      Value part{first.tensor.node->output(i), z.dtype, states[0].shape, {}};
      gates.push_back((i == 2 ? activation_ : recurrent_activation_).lower(lowering, part));
    }
    const Value kept = lowering.named_op("mul", "Mul", {gates[1], states[1]});
    const Value added = lowering.named_op("mul", "Mul", {gates[0], gates[2]});
    const Shape shape = states[0].shape;
    states[1] = lowering.named_op("add", "Add", {kept, added});
    states[1].shape = shape;
    states[0] = lowering.named_op("mul", "Mul", {gates[3], activation_.lower(lowering, states[1])});
    states[0].shape = shape;
    return states[0];
  }

  Doubles step(const std::vector<Doubles>& w, const Shape& x_shape, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const Shape state = slid(x_shape, filters_);
    Doubles z = convolved(window_, x, x_shape, w[0]);
    z = sum(std::move(z), convolved(recurrent_, states[0], state, w[1]));
    const auto n = static_cast<size_t>(filters_);
    std::vector<Doubles> gates(4, Doubles(states[0].size()));
    for (size_t i = 0; i < states[0].size(); ++i) {
      for (size_t g = 0; g < 4; ++g)
        gates[g][i] = z[i / n * 4 * n + g * n + i % n] + (use_bias_ ? w[2][g * n + i % n] : 0);
    }
    for (size_t g = 0; g < 4; ++g)
      gates[g] = apply(g == 2 ? activation_ : recurrent_activation_, std::move(gates[g]), state);
    for (size_t i = 0; i < states[1].size(); ++i) states[1][i] = gates[1][i] * states[1][i] + gates[0][i] * gates[2][i];
    states[0] = apply(activation_, states[1], state);
    for (size_t i = 0; i < states[0].size(); ++i) states[0][i] *= gates[3][i];
    return states[0];
  }

 private:
  [[nodiscard]] Shape slid(const Shape& x, int64_t channels) const {
    const Shape out = slide(window_, batched(kUnknown, x), channels);
    return Shape(std::vector<int64_t>(out.sizes().begin() + 1, out.sizes().end()));
  }

  [[nodiscard]] Shape kernel(int64_t channels) const {
    Shape result(window_.size);
    result.push_back(channels);
    result.push_back(4 * filters_);
    return result;
  }

  // Of one example; all four gates' channels.
  [[nodiscard]] Doubles convolved(const Window& window, const Doubles& x, const Shape& x_shape,
                                  const Doubles& kernel) const {
    const Shape in = batched(1, x_shape);
    const Shape out = slide(window, in, 4 * filters_);
    const int64_t depth = x_shape.last();
    Doubles result(static_cast<size_t>(out.n_elements()));
    for (int64_t o = 0; o < out.n_elements(); ++o) {
      const Index index = Index::at_offset(out, o);
      for_each_cell(window, in, index, [&](const Index& position, int64_t cell) {
        const int64_t first = position.with(-1, 0).offset(in);
        for (int64_t k = 0; k < depth; ++k) {
          result[static_cast<size_t>(o)] += x[static_cast<size_t>(first + k)] *
                                            kernel[static_cast<size_t>((cell * depth + k) * 4 * filters_ + index[-1])];
        }
      });
    }
    return result;
  }

  int64_t filters_;
  Window window_;
  Window recurrent_;
  bool use_bias_;
  Activation activation_;
  Activation recurrent_activation_;
  RecurrentDropout dropout_;
};

CellPtr parse(const Config& config, size_t rank) {
  config.ignore({"unit_forget_bias", "rank", "seed", "implementation"});
  const int64_t filters = config.get_int({"filters", "nb_filter"});
  if (filters < 1) config.fail(fmt::format("`filters` must be positive, found {}", filters));
  Window window = parse_kernel(config, rank);
  if (config.version().is_theano && std::ranges::any_of(window.size, [](int64_t size) { return size % 2 == 0; })) {
    config.unsupported(
        "an even kernel, trained on Theano, whose zeros lie elsewhere than TensorFlow's; not converted for this layer");
  }
  return std::make_shared<ConvLstmCell>(
      filters, std::move(window), config.get_bool({"use_bias"}, true), Activation::parse(config, "activation", "tanh"),
      Activation::parse(config, "recurrent_activation", "hard_sigmoid"), RecurrentDropout::parse(config, 4));
}

}  // namespace

CellPtr parse_conv_lstm1d_cell(const Config& config) { return parse(config, 1); }
CellPtr parse_conv_lstm2d_cell(const Config& config) { return parse(config, 2); }
CellPtr parse_conv_lstm3d_cell(const Config& config) { return parse(config, 3); }
CellPtr parse_conv_lstm_cell(const Config& config) {
  return parse(config, static_cast<size_t>(
                           config.get_int({"rank"}, static_cast<int64_t>(config.get_list({"kernel_size"}).size()))));
}

}  // namespace hoarfrost::keras
