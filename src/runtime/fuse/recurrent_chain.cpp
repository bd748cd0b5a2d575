#include "runtime/fuse/recurrent_chain.h"

#include <algorithm>

#include "runtime/fuse/pattern.h"

namespace hoarfrost::runtime {
namespace {

class Linker {
 public:
  Linker(const Readers& readers, const std::vector<RecurrentStep>& steps) : readers_(readers), steps_(steps) {}

  RecurrentChain link() {
    chain_.is_masked = !steps_[0].h_selections.empty();
    if (chain_.is_masked) chain_.masked_rows = masked_rows();
    chain_.h = steps_[0].h_before;
    chain_.c = steps_[0].c_before;
    for (size_t i = 0; i < steps_.size(); ++i) {
      const RecurrentStep& step = steps_[i];
      if (i > 0) need_next(step, steps_[i - 1]);
      chain_.operations.insert(step.operations.begin(), step.operations.end());
      if (!chain_.is_masked)
        take(step);
      else if (i + 1 < steps_.size())
        select(step, steps_[i + 1].h_before);
      else
        select_last(step);
    }
    return std::move(chain_);
  }

 private:
  void need_next(const RecurrentStep& step, const RecurrentStep& before) const {
    need(step.cell == before.cell && step.gates == before.gates && step.activation == before.activation);
    need(step.h_before == chain_.h && step.c_before == chain_.c);
    need(step.kernel >= 0 && step.kernel == steps_[1].kernel && step.bias == steps_[1].bias);
    need(step.candidate_kernel == before.candidate_kernel);
    need(before.kernel < 0 || (before.kernel == step.kernel && before.bias == step.bias));
    need(!chain_.is_masked || !step.h_selections.empty());
  }

  void take(const RecurrentStep& step) {
    chain_.h = step.h;
    chain_.c = step.c;
    chain_.shown.push_back(step.h);
  }

  // -1: a step's h_before that has become a constant.
  [[nodiscard]] bool are_zeros(ValueId id) const { return id < 0 || readers_.are_zeros(id); }

  // Behind the first step what is kept is no constant. In the first, zeros that are not the state were shown before.
  [[nodiscard]] MaskedRows masked_rows() const {
    const auto is_hidden = [&](const Selection& selection) { return are_zeros(selection.otherwise); };
    const auto has_hidden = [&](const RecurrentStep& step) {
      return std::ranges::any_of(step.h_selections, is_hidden);
    };
    if (std::any_of(steps_.begin() + 1, steps_.end(), has_hidden)) return MaskedRows::kZeros;
    const bool begins_at_zeros = are_zeros(steps_[0].h_before);
    return !begins_at_zeros && has_hidden(steps_[0]) ? MaskedRows::kShownBefore : MaskedRows::kState;
  }

  [[nodiscard]] bool is_h_before(ValueId id) const {
    return id == chain_.h || (chain_.shown.empty() && are_zeros(chain_.h) && are_zeros(id));
  }

  [[nodiscard]] bool is_shown_before(ValueId id) const {
    if (chain_.masked_rows == MaskedRows::kZeros) return are_zeros(id);
    if (chain_.shown.empty()) return chain_.masked_rows == MaskedRows::kShownBefore ? are_zeros(id) : is_h_before(id);
    // What is shown is the state itself, where they began alike.
    return id == chain_.shown.back() || (chain_.masked_rows == MaskedRows::kState && id == chain_.h);
  }

  void select_c(const RecurrentStep& step) {
    if (step.cell != RecurrentCell::kLstm) return;
    if (step.c_selection) {
      need(step.c_selection->otherwise == chain_.c);
      chain_.operations.insert(step.c_selection->operation);
    }
    chain_.c = step.c_selection ? step.c_selection->value : -1;
  }

  // The Select that the next step reads, and the one that is shown, which may be one.
  void select(const RecurrentStep& step, ValueId next) {
    const Selection* kept = nullptr;
    const Selection* shown = nullptr;
    for (const Selection& selection : step.h_selections) {
      chain_.operations.insert(selection.operation);
      const Selection*& role = selection.value == next ? kept : shown;
      need(role == nullptr);
      role = &selection;
    }
    need(kept != nullptr && is_h_before(kept->otherwise));
    if (shown == nullptr) shown = kept;
    need(is_shown_before(shown->otherwise));
    select_c(step);
    chain_.h = kept->value;
    chain_.shown.push_back(shown->value);
  }

  // What keeps the state is h; the other is shown, and the same where they began alike.
  void select_last(const RecurrentStep& step) {
    ValueId h = -1;
    ValueId shown = -1;
    for (const Selection& selection : step.h_selections) {
      chain_.operations.insert(selection.operation);
      ValueId& role = is_h_before(selection.otherwise) && h < 0 ? h : shown;
      need(role < 0 && (&role == &h || is_shown_before(selection.otherwise)));
      role = selection.value;
    }
    select_c(step);
    const bool are_alike = chain_.masked_rows == MaskedRows::kState;
    if (are_alike && h >= 0 && shown >= 0) chain_.h_twin = shown;
    if (are_alike && h < 0) h = shown;
    if (are_alike && shown < 0) shown = h;
    chain_.h = h;
    chain_.shown.push_back(shown);
  }

  const Readers& readers_;
  const std::vector<RecurrentStep>& steps_;
  RecurrentChain chain_;
};

}  // namespace

std::optional<RecurrentChain> RecurrentChain::of(const Readers& readers, const std::vector<RecurrentStep>& steps) {
  try {
    return Linker(readers, steps).link();
  } catch (const NoMatch&) {
    return {};
  }
}

}  // namespace hoarfrost::runtime
