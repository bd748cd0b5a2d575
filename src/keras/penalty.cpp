#include "keras/penalty.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

// A number, or Keras 2.15's {"class_name": "__numpy__" …} and the like, which hold one.
double number(const Json& config, const char* key, double fallback) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return fallback;
  if (found->is_number()) return found->get<double>();
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("regularizer: expected a number for `{}`, found {}", key, found->dump()));
}

}  // namespace

Penalty penalty_of(const Json& regularizer) {
  constexpr double kDefault = 0.01;
  const bool is_name = regularizer.is_string();
  std::string name = is_name ? regularizer.get<std::string>() : "";
  for (const char* key : {"class_name", "name"}) {
    if (name.empty() && regularizer.is_object() && regularizer.contains(key) && regularizer.at(key).is_string())
      name = regularizer.at(key).get<std::string>();
  }
  name = name.substr(name.rfind('>') + 1);
  const Json empty = Json::object();
  const Json& config = is_name ? empty : regularizer.contains("config") ? regularizer.at("config") : regularizer;
  // Keras 2.15's L1 and L2 alone default to 0.01, L1L2 to 0; the names "l1", "l2" and "l1_l2" make 0.01.
  if (name == "L1" || name == "l1") return {number(config, "l1", kDefault), 0};
  if (name == "L2" || name == "l2") return {0, number(config, "l2", kDefault)};
  if (name == "l1_l2") return {number(config, "l1", kDefault), number(config, "l2", kDefault)};
  if (name == "L1L2") return {number(config, "l1", 0), number(config, "l2", 0)};
  if (name == "L1L2Regularizer" || name == "L1Regularizer" || name == "L2Regularizer" || name == "WeightRegularizer" ||
      name == "ActivityRegularizer")
    return {number(config, "l1", 0), number(config, "l2", 0)};
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("the regularizer `{}` is not known: training knows L1, L2 and L1L2", name));
}

void add_activity_loss(Lowering& lowering, const Value& x, const Penalty& penalty) {
  if (penalty.is_zero()) return;
  std::vector<int64_t> inner;
  for (int axis = 1; axis < x.shape.rank(); ++axis) inner.push_back(axis);
  const auto sum = [&](std::string_view op, double factor) {
    const Value each = lowering.named_op("regularizer/" + std::string(op), op, {x});
    const Value total = lowering.named_op("regularizer/Sum", "Sum", {each, lowering.ints("regularizer/axes", inner)},
                                          {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    return lowering.named_op("regularizer/mul", "Mul", {total, lowering.scalar("regularizer/factor", factor, x)});
  };
  const Value both = lowering.named_op("regularizer/add", "Add", {sum("Abs", penalty.l1), sum("Square", penalty.l2)});
  lowering.add_loss(lowering.named_op("regularizer/Mean", "Mean", {both, lowering.ints("regularizer/batch", {0})},
                                      {{"keep_dims", false}, {"Tidx", DType::kInt32}}));
}

}  // namespace hoarfrost::keras
