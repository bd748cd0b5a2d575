// TensorFlow 1's tf.while_loop while a layer is lowered, node for node as TensorFlow 1.15's ops/control_flow_ops.py
// makes it: each loop variable is Enter -> Merge -> Switch -> Identity (the body) -> NextIteration -> Merge, and Switch
// -> Exit.
#pragma once

#include <string>
#include <string_view>

#include "keras/lowering.h"

namespace hoarfrost::keras {

class WhileLoop {
 public:
  // Opens the frame `SCOPE/NAME`: what is lowered from now on is its body. `first` are the variables before the first
  // round; first[0] is an int32 counter from 0 on, and the body runs while it is below `n_rounds`, an int32 number. No
  // other loop is open.
  WhileLoop(Lowering& lowering, std::string_view name, const Values& first, const Value& n_rounds);
  WhileLoop(const WhileLoop&) = delete;
  WhileLoop& operator=(const WhileLoop&) = delete;
  ~WhileLoop();

  // The variables in this round, in the order of `first`.
  [[nodiscard]] const Values& variables() const { return variables_; }
  // Closes the frame: `next` are the variables of the next round but for the counter, which is raised by one. Returns
  // the variables after the last round, the counter among them.
  Values close(const Values& next);

 private:
  Value enter(const Value& first);
  Lowering& lowering_;
  Frame frame_;
  std::string scope_before_;
  bool is_open_ = true;
  Values merges_;
  Values switches_;
  Values variables_;
};

}  // namespace hoarfrost::keras
