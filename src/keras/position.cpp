#include "keras/position.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

// start, start + 1, …, one for each step of that axis, int32.
Value whole_positions(Lowering& lowering, const Value& like, int axis, int64_t start) {
  const int64_t n = like.shape[axis];
  Value end = n != kUnknown ? lowering.int_scalar("range/limit", n + start) : size_of(lowering, like, axis);
  if (n == kUnknown && start != 0)
    end = lowering.named_op("range/add", "Add", {end, lowering.int_scalar("range/add/y", start)});
  return lowering.raw_op("range", "Range",
                         {lowering.int_scalar("range/start", start), end, lowering.int_scalar("range/delta", 1)},
                         DType::kInt32, {{"Tidx", DType::kInt32}});
}

}  // namespace

int64_t parse_start_index(const Config& config) {
  const CallArguments arguments = CallArguments::parse(config, {"inputs", "start_index", "positions"});
  if (arguments.value("positions") != nullptr)
    config.unsupported("called with positions, which are not converted; start_index is");
  const Json* start = arguments.value("start_index");
  if (start == nullptr) return 0;
  if (!start->is_number_integer() || start->get<int64_t>() < 0)
    config.unsupported("called with a start_index that is no number, which is not converted");
  return start->get<int64_t>();
}

void expect_positions(const Shape& in, int64_t n_rows, int64_t start) {
  if (in[-2] != kUnknown && in[-2] + start > n_rows)
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("{} steps from position {} on, but the table has {} positions", in[-2], start, n_rows));
}

Value lower_position_rows(Lowering& lowering, const Value& table, const Value& like, int64_t start) {
  const int64_t n = like.shape[-2];
  Value rows;
  if (n == table.shape[0] && start == 0) {
    rows = table;
  } else if (n != kUnknown) {
    rows = strided_slice(lowering, table, {.begin = {start, 0}, .end = {start + n, 0}, .begin_mask = 2, .end_mask = 2});
  } else {
    rows = lowering.raw_op("Gather", "Gather", {table, whole_positions(lowering, like, like.shape.rank() - 2, start)},
                           table.dtype,
                           {{"Tparams", table.dtype}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
  }
  rows.shape = {n, table.shape[1]};
  return rows;
}

Value lower_positions(Lowering& lowering, const Value& like, int axis, int64_t start) {
  Value result = lowering.raw_op("Cast", "Cast", {whole_positions(lowering, like, axis, start)}, like.dtype,
                                 {{"SrcT", DType::kInt32}, {"DstT", like.dtype}});
  result.shape = {like.shape[axis]};
  return result;
}

Value lower_repeated(Lowering& lowering, const Value& rows, const Value& like) {
  Value result = lowering.named_op("add", "Add", {lowering.named_op("zeros_like", "ZerosLike", {like}), rows});
  result.shape = like.shape;
  return result;
}

}  // namespace hoarfrost::keras
