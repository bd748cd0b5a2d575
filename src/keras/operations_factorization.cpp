// Qr: a matrix, the last two axes, as orthogonal columns times an upper triangle: TensorFlow 1's Qr. TensorFlow 2.15's
// tf.linalg.qr, Keras 3.15's keras.ops.qr, whose signs are the same over every backend: Householder's (Golub and Van
// Loan, Matrix computations, 5.2).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

using Column = std::vector<double>;

struct Qr {
  bool is_complete = false;

  Shapes infer(const Shapes& in) const {
    const Shape& x = in.at(0);
    if (x.rank() < 2 || x[-1] == kUnknown || x[-2] == kUnknown)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("qr of {} is not converted; matrices of known size are", x.to_string()));
    Shape q = x, r = x;
    q[-1] = r[-2] = is_complete ? x[-2] : std::min(x[-1], x[-2]);
    return {q, r};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const DType dtype = in[0].dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
    const Value first = lowering.op("Qr", {cast_to(lowering, in[0], dtype)}, {{"full_matrices", is_complete}});
    return {first, {first.tensor.node->output(1), dtype}};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shapes out = infer({in[0].shape()});
    const auto q = [x = in[0]](const Index& o) {
      const auto mirrors = mirrors_of(x, o);
      Column unit(static_cast<size_t>(x.size(-2)));
      unit[static_cast<size_t>(o[-1])] = 1;
      for (auto mirror = mirrors.rbegin(); mirror != mirrors.rend(); ++mirror) reflect(*mirror, unit);
      return unit[static_cast<size_t>(o[-2])];
    };
    const auto r = [x = in[0]](const Index& o) {
      if (o[-2] > o[-1]) return 0.0;
      Column column = column_of(x, o, o[-1]);
      for (const Column& mirror : mirrors_of(x, o)) reflect(mirror, column);
      return column[static_cast<size_t>(o[-2])];
    };
    const double cost = static_cast<double>(in[0].size(-1)) * static_cast<double>(in[0].size(-2)) * 8;
    return {{out[0], q, cost}, {out[1], r, cost}};
  }

 private:
  // Column k of the matrix that holds the element at `o`.
  static Column column_of(const Array& x, const Index& o, int64_t k) {
    Column result;
    for (int64_t row = 0; row < x.size(-2); ++row) result.push_back(x[o.with(-1, k).with(-2, row)]);
    return result;
  }

  // The unit vectors at right angles to the mirrors, in which each column in its turn becomes one along its own axis,
  // turned away from where its element there pointed; 0 for a column that is along it already.
  static std::vector<Column> mirrors_of(const Array& x, const Index& o) {
    std::vector<Column> result;
    for (int64_t k = 0; k < std::min(x.size(-1), x.size(-2)); ++k) {
      Column column = column_of(x, o, k);
      for (const Column& mirror : result) reflect(mirror, column);
      const auto at = static_cast<size_t>(k);
      std::fill_n(column.begin(), k, 0.0);
      const bool is_along = std::all_of(column.begin() + k + 1, column.end(), [](double value) { return value == 0; });
      column[at] += std::copysign(length(column), column[at] < 0 ? -1.0 : 1.0);
      const double norm = is_along ? 0 : length(column);
      for (double& value : column) value = norm == 0 ? 0 : value / norm;
      result.push_back(std::move(column));
    }
    return result;
  }

  static double length(const Column& column) {
    double sum = 0;
    for (const double value : column) sum += value * value;
    return std::sqrt(sum);
  }

  static void reflect(const Column& mirror, Column& column) {
    double sum = 0;
    for (size_t i = 0; i < column.size(); ++i) sum += mirror[i] * column[i];
    for (size_t i = 0; i < column.size(); ++i) column[i] -= 2 * sum * mirror[i];
  }
};

std::shared_ptr<const Layer> parse_qr(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "input", "tensor"});
  const std::string mode = call.is_keras3() ? call.text(9, {"mode"}, "reduced") : "reduced";
  if (mode != "reduced" && mode != "complete") call.config().fail(fmt::format("qr of mode `{}`", mode));
  return make_operation(Qr{mode == "complete" || (!call.is_keras3() && call.flag(1, {"full_matrices"}))});
}

}  // namespace

std::span<const OperationSpec> factorization_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Qr", "linalg.qr qr compat.v1.qr", parse_qr},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
