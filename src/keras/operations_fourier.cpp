// Fourier transforms of the last axis, or the last two. A complex tensor is two, its real and its imaginary part, as
// Keras 3 has it; a transform is a matrix product with cosines and sines, which every program runs. Keras 3.15's
// keras.ops, TensorFlow 2.15's tf.signal.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "keras/contraction.h"
#include "keras/frame_transform.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/shapes.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

constexpr int64_t kMost = 1 << 22;  // elements of a matrix: 17 MB

// X[f] = Σ x[t] · exp(∓2πi · t · f / n), of what a complex tensor's two parts hold, or a real one.
//   kForward: f from 0 to n − 1; kInverse: with the other sign, divided by n;
//   kReal: of a real tensor, f from 0 to n / 2; kRealInverse: back, X being its own mirror image.
struct Fourier {
  enum class Kind { kForward, kInverse, kReal, kRealInverse } kind;
  std::optional<int64_t> length;  // n, where it is not the axis' own: what is more is cut off, what is less is zero
  int axis = -1;                  // or -2, without a length

  Shapes infer(const Shapes& in) const {
    Shape out = in.at(0);
    const int64_t n = length_for(out);
    if (in.size() > 1 && in[1].rank() != out.rank())
      throw Error(ErrorCode::kMismatch, "", "a real and an imaginary part of other shapes");
    out[axis] = kind == Kind::kReal ? n / 2 + 1 : n;
    if (n_in(in[0]) * out[axis] > kMost)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("a Fourier transform of {} by {} elements is not converted", in[0][axis], out[axis]));
    if (kind == Kind::kRealInverse) return {out};
    return {out, out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape out = infer({in[0].shape})[0];
    const auto product = [&](const Value& x, bool is_sine, double sign) {
      const int64_t rows = n_in(in[0].shape), columns = out[axis];
      Tensor matrix(DType::kFloat32, {rows, columns});
      const auto values = matrix.mutable_values<float>();
      for (int64_t i = 0; i < rows * columns; ++i)
        values[static_cast<size_t>(i)] =
            static_cast<float>(sign * factor(i / columns, i % columns, is_sine, length_for(in[0].shape)));
      const Value weights = lowering.constant(is_sine ? "sines" : "cosines", matrix.cast(x.dtype));
      std::string from = std::string("abcdefgh").substr(0, static_cast<size_t>(out.rank())), to = from;
      from[static_cast<size_t>(out.rank() + axis)] = 'y';
      to[static_cast<size_t>(out.rank() + axis)] = 'z';
      Value y = lower_contraction(lowering, {from, "yz", to}, cut(lowering, x), weights);
      y.shape = out;
      return y;
    };
    const double sign = kind == Kind::kForward || kind == Kind::kReal ? 1 : -1;
    const bool is_complex = in.size() > 1;
    Value real = product(in[0], false, 1);
    if (is_complex) real = lowering.op("Add", {real, product(in[1], true, sign)});
    real.shape = out;
    if (kind == Kind::kRealInverse) return {real};
    Value imaginary = product(in[0], true, -sign);
    if (is_complex) imaginary = lowering.op("Add", {product(in[1], false, 1), imaginary});
    imaginary.shape = out;
    return {real, imaginary};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shapes shapes = shapes_of(in);
    const Shapes outs = infer(shapes);
    const int64_t n = length_for(shapes[0]), rows = n_in(shapes[0]);
    const double sign = kind == Kind::kForward || kind == Kind::kReal ? 1 : -1;
    const auto part = [=, what = *this](bool is_imaginary) {
      return [=](const Index& o) {
        double sum = 0;
        for (int64_t t = 0; t < rows; ++t) {
          const Index i = o.with(-1, t);
          const double cosine = what.factor(t, o[-1], false, n), sine = what.factor(t, o[-1], true, n);
          const double real = in[0][i], imaginary = in.size() > 1 ? in[1][i] : 0;
          sum += is_imaginary ? imaginary * cosine - sign * real * sine : real * cosine + sign * imaginary * sine;
        }
        return sum;
      };
    };
    Formulas result;
    for (size_t k = 0; k < outs.size(); ++k) result.push_back({outs[k], part(k == 1), 4.0 * static_cast<double>(rows)});
    return result;
  }

  // What x[t] is multiplied by for X[f]: cosine or sine, scaled where it is the way back.
  [[nodiscard]] double factor(int64_t t, int64_t f, bool is_sine, int64_t n) const {
    const double angle = 2 * std::numbers::pi * static_cast<double>(t * f % n) / static_cast<double>(n);
    double result = is_sine ? std::sin(angle) : std::cos(angle);
    if (kind == Kind::kInverse || kind == Kind::kRealInverse) result /= static_cast<double>(n);
    const bool is_mirrored = kind == Kind::kRealInverse && t != 0 && 2 * t != n;
    return is_mirrored ? 2 * result : result;
  }

 private:
  [[nodiscard]] int64_t length_for(const Shape& in) const {
    if (in.rank() < -axis || in[axis] < 1)
      throw Error(ErrorCode::kUnsupported, "",
                  "a Fourier transform along an axis of unknown size is not converted; give --input-shape");
    if (length) return *length;
    return kind == Kind::kRealInverse ? 2 * (in[axis] - 1) : in[axis];
  }
  // Elements of the input's axis that count.
  [[nodiscard]] int64_t n_in(const Shape& in) const {
    const int64_t n = length_for(in);
    return std::min(in[axis], kind == Kind::kRealInverse ? n / 2 + 1 : n);
  }
  Value cut(Lowering& lowering, const Value& x) const {
    const int64_t n = n_in(x.shape);
    if (n == x.shape[axis]) return x;
    const auto rank = static_cast<size_t>(x.shape.rank());
    std::vector<int64_t> end(rank, 0);
    end.back() = n;
    const int64_t others = (int64_t{1} << (rank - 1)) - 1;
    Value result = strided_slice(
        lowering, x, {.begin = std::vector<int64_t>(rank, 0), .end = end, .begin_mask = others, .end_mask = others});
    result.shape = x.shape;
    result.shape[-1] = n;
    return result;
  }
};
std::shared_ptr<const Layer> parse_fourier(OperationCall& call, std::string_view name) {
  const auto kind = name == "FFT"    ? Fourier::Kind::kForward
                    : name == "IFFT" ? Fourier::Kind::kInverse
                    : name == "RFFT" ? Fourier::Kind::kReal
                                     : Fourier::Kind::kRealInverse;
  call.operands(0, {"x", "input", "input_tensor"});
  std::optional<std::vector<int64_t>> length = call.integers(1, {"fft_length"});
  if (length && (length->size() != 1 || length->front() < 1 || length->front() > kMost))
    call.config().unsupported("a Fourier transform of other than one length is not converted");
  const size_t n = call.all().size();
  if (n > 2 || (n == 2 && kind == Fourier::Kind::kReal))
    call.config().fail("expected a real and an imaginary part, or a real tensor");
  return make_operation(Fourier{kind, length ? std::optional(length->front()) : std::nullopt});
}

// One transform behind the other: X[f, g] = ΣΣ x[s, t] · exp(∓2πi · (s · f / m + t · g / n)).
struct Fourier2 {
  Fourier::Kind kind;

  Shapes infer(const Shapes& in) const { return along(-2).infer(along(-1).infer(in)); }
  Values lower(Lowering& lowering, const Values& in) const {
    return along(-2).lower(lowering, along(-1).lower(lowering, in));
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = infer(shapes_of(in))[0];
    const double sign = kind == Fourier::Kind::kForward ? -1 : 1;
    const auto part = [=, rows = along(-2), columns = along(-1)](bool is_imaginary) {
      return [=](const Index& o) {
        double sum = 0;
        for (int64_t s = 0; s < out[-2]; ++s) {
          const double c = rows.factor(s, o[-2], false, out[-2]), d = sign * rows.factor(s, o[-2], true, out[-2]);
          for (int64_t t = 0; t < out[-1]; ++t) {
            const Index i = o.with(-2, s).with(-1, t);
            const double a = columns.factor(t, o[-1], false, out[-1]);
            const double b = sign * columns.factor(t, o[-1], true, out[-1]);
            const double cosine = a * c - b * d, sine = a * d + b * c;
            sum += is_imaginary ? in[0][i] * sine + in[1][i] * cosine : in[0][i] * cosine - in[1][i] * sine;
          }
        }
        return sum;
      };
    };
    const double cost = 4.0 * static_cast<double>(out[-1] + out[-2]);
    return {{out, part(false), cost}, {out, part(true), cost}};
  }

 private:
  [[nodiscard]] Fourier along(int axis) const { return {kind, {}, axis}; }
};
std::shared_ptr<const Layer> parse_fourier2(OperationCall& call, std::string_view name) {
  call.operands(0, {"x"});
  if (call.all().size() != 2) call.config().fail("expected a real and an imaginary part");
  return make_operation(Fourier2{name == "FFT2" ? Fourier::Kind::kForward : Fourier::Kind::kInverse});
}

struct Frames {
  FrameTransform transform;

  Shapes infer(const Shapes& in) const {
    const Shape out = transform.infer(in.at(0));
    return {out, out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const auto [real, imaginary] = transform.lower(lowering, in[0]);
    return {real, imaginary};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = transform.infer(in[0].shape());
    const auto cost = static_cast<double>(transform.window.size());
    return {{out, [=, x = in[0], t = transform](const Index& o) { return t.element(x, o, 0); }, cost},
            {out, [=, x = in[0], t = transform](const Index& o) { return t.element(x, o, 1); }, cost}};
  }
};

// Keras 3's stft: the window in the middle of the frame. TensorFlow's: at its beginning.
std::shared_ptr<const Layer> parse_frames(OperationCall& call, std::string_view /*name*/) {
  const bool is_3 = call.is_keras3();
  call.operand(0, {"x", "signals"});
  const auto length = call.integer(1, {"sequence_length", "frame_length"});
  const auto step = call.integer(2, {"sequence_stride", "frame_step"});
  if (!length || !step || *length < 1 || *step < 1) call.config().fail("stft does not say how long its frames are");
  int64_t n_fft = 1;
  while (n_fft < *length && n_fft < (1 << 20)) n_fft *= 2;
  n_fft = call.integer(3, {"fft_length"}).value_or(n_fft);
  if (n_fft > FrameTransform::kLargest || n_fft < 2)
    call.config().unsupported(
        fmt::format("an fft_length of {} is not converted; up to {} is", n_fft, FrameTransform::kLargest));
  if (*length > n_fft) call.config().unsupported("a frame longer than fft_length is not converted");
  FrameTransform transform{
      n_fft, *step, {}, is_3 && call.flag(5, {"center"}, true), !is_3 && call.flag(5, {"pad_end"})};
  std::vector<double> window(static_cast<size_t>(*length), 1);
  const Json* given = call.find(4, {"window", "window_fn"});
  if (given != nullptr || !is_3) {
    const std::string name = given == nullptr || !given->is_string() ? "hann" : given->get<std::string>();
    const auto known =
        window_named(name.starts_with("tf.signal.") ? name.substr(10, name.find("_window") - 10) : name, *length);
    if (!known || (given != nullptr && !given->is_string()))
      call.config().unsupported(
          fmt::format("the window {} is not converted; there are hann and hamming", given->dump().substr(0, 60)));
    window = *known;
  }
  if (is_3) {
    window.insert(window.begin(), static_cast<size_t>((n_fft - *length) / 2), 0);
    window.resize(static_cast<size_t>(n_fft), 0);
  }
  transform.window = std::move(window);
  return make_operation(Frames{std::move(transform)});
}

}  // namespace

std::span<const OperationSpec> fourier_operations() {
  // TensorFlow's functions are not called as they stand here, for they give complex tensors: complex_call.h.
  static constexpr OperationSpec kOperations[] = {
      {"FFT", "signal.fft compat.v1.spectral.fft", parse_fourier},
      {"IFFT", "signal.ifft compat.v1.spectral.ifft", parse_fourier},
      {"RFFT", "signal.rfft compat.v1.spectral.rfft", parse_fourier},
      {"IRFFT", "signal.irfft compat.v1.spectral.irfft", parse_fourier},
      {"FFT2", "", parse_fourier2},
      {"IFFT2", "", parse_fourier2},
      {"STFT", "signal.stft", parse_frames},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
