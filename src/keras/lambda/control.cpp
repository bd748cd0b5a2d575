// TensorFlow's functions of functions, where constants decide what runs: tf.cond, tf.while_loop, tf.function.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/lambda/meaning.h"

namespace hoarfrost::keras {
namespace {

using Kind = python::Value::Kind;

constexpr int kMostRounds = 1000;

// Both branches are computed where the graph alone knows the predicate, a single truth: it selects one of two equal
// shapes.
python::Value cond(Meaning& meaning, const BoundArguments& a) {
  if (const auto truth = python::truth(a["pred"])) return meaning.call_back(*truth ? a["true_fn"] : a["false_fn"], {});
  const python::Value yes = meaning.call_back(a["true_fn"], {}), no = meaning.call_back(a["false_fn"], {});
  if (!a["pred"].is(Kind::kTensor) || meaning.trace().shape(a["pred"]).rank() != 0)
    refuse(fmt::format("tf.cond on {}", a["pred"].repr()));
  if (!yes.is(Kind::kTensor) || !no.is(Kind::kTensor) || meaning.trace().shape(yes) != meaning.trace().shape(no))
    refuse("tf.cond whose branches give other than one tensor of one shape");
  return meaning.operation("where", {a["pred"], yes, no});
}

// Round by round, as long as the condition is a constant.
python::Value while_loop(Meaning& meaning, const BoundArguments& a) {
  std::vector<python::Value> variables = python::elements(a["loop_vars"]);
  for (int round = 0; round <= kMostRounds; ++round) {
    const auto goes_on = python::truth(meaning.call_back(a["cond"], variables));
    if (!goes_on) refuse("tf.while_loop whose condition is no constant");
    if (!*goes_on) return python::Value::list(std::move(variables));
    const python::Value next = meaning.call_back(a["body"], variables);
    variables = next.is_sequence() ? *next.items : std::vector{next};
  }
  refuse(fmt::format("tf.while_loop of more than {} rounds", kMostRounds));
}

python::Value decorated(Meaning& /*meaning*/, const BoundArguments& a) { return a["func"]; }

struct ControlFunction {
  std::string_view name;
  std::string_view parameters;
  python::Value (*call)(Meaning&, const BoundArguments&);
};
constexpr ControlFunction kControlFunctions[] = {
    {"cond", "pred true_fn false_fn name=None", cond},
    {"while_loop",
     "cond body loop_vars shape_invariants=None parallel_iterations=10 back_prop=True swap_memory=False "
     "maximum_iterations=None name=None",
     while_loop},
    {"function", "func", decorated},
};

}  // namespace

std::optional<python::Value> call_control(Meaning& meaning, const std::string& function,
                                          const std::vector<python::Value>& arguments,
                                          const python::Keywords& keywords) {
  for (const ControlFunction& row : kControlFunctions) {
    if (row.name == function)
      return row.call(meaning, BoundArguments("tf." + function, row.parameters, arguments, keywords));
  }
  return {};
}

}  // namespace hoarfrost::keras
