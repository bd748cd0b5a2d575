// Functions of each element that stand one behind the other become one operation: gelu and its kin, what
// LayerNormalization does behind its sums. Of values of two and three axes: images may lie in blocks of channels, which
// oneDNN's functions take as they are.
#include "runtime/kernels/elementwise.h"

#include <algorithm>
#include <map>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/replacements.h"

namespace hoarfrost::runtime {
namespace {

constexpr int64_t kFewestElements = 1024;  // fewer do not pay

class GroupFinder {
 public:
  explicit GroupFinder(OperationList& list) : list_(list), readers_(list) {}

  // From the last operation back, so that a group ends where somebody else reads on.
  void run() {
    for (int i = static_cast<int>(list_.operations.size()) - 1; i >= 0; --i) {
      if (taken_.contains(i) || !is_elementwise(i)) continue;
      const std::set<int> group = group_of(i);
      taken_.insert(group.begin(), group.end());
      if (group.size() > 1 || readers_.operation(i).is("Erf")) add(group);
    }
    replacements_.apply(list_);
  }

 private:
  const Value& value(ValueId id) const { return readers_.value(id); }
  const Shape& shape_of(int i) const { return value(readers_.operation(i).outputs[0]).shape; }

  std::optional<ElementOperand> operand(ValueId id, const Shape& shape) const {
    const Value& input = value(id);
    if (input.dtype != DType::kFloat32 || !input.shape.is_static()) return {};
    if (input.shape.n_elements() == 1) return ElementOperand::kScalar;
    if (input.shape == shape) return ElementOperand::kFull;
    if (input.shape.rank() == 0 || input.shape.rank() > shape.rank()) return {};
    const bool has_columns = input.shape.last() == shape.last();
    if (has_columns && input.shape.n_elements() == shape.last()) return ElementOperand::kColumn;
    Shape rows = shape;
    rows[-1] = 1;
    return input.shape == rows ? std::optional(ElementOperand::kRow) : std::nullopt;
  }

  bool is_elementwise(int i) const {
    const Operation& operation = readers_.operation(i);
    if (!operation.is_plain() || !element_function(operation.op()) || operation.outputs.size() != 1) return false;
    if (operation.node->get_or<std::string>("data_format", "NHWC").starts_with("NC")) return false;
    const Shape& shape = shape_of(i);
    const Value& output = value(operation.outputs[0]);
    if (output.dtype != DType::kFloat32 || !shape.is_static() || shape.rank() < 2 || shape.rank() > 3) return false;
    return shape.n_elements() >= kFewestElements &&
           std::ranges::all_of(operation.inputs, [&](ValueId id) { return operand(id, shape).has_value(); });
  }

  // With those before it whose results nobody else reads.
  std::set<int> group_of(int last) const {
    std::set<int> group{last};
    for (bool has_grown = true; has_grown;) {
      has_grown = false;
      for (const int member : std::set<int>(group)) {
        for (const ValueId id : readers_.operation(member).inputs) {
          const int before = readers_.producer(id);
          if (before < 0 || group.contains(before) || taken_.contains(before) ||
              group.size() == Elementwise::kMostSteps)
            continue;
          const auto& all = readers_.readers(id);
          const bool is_inner =
              !value(id).is_fetched && std::ranges::all_of(all, [&](int reader) { return group.contains(reader); });
          if (!is_inner || !is_elementwise(before) || shape_of(before) != shape_of(last)) continue;
          group.insert(before);
          has_grown = true;
        }
      }
    }
    return group;
  }

  void add(const std::set<int>& group) {
    const Operation& last = readers_.operation(*group.rbegin());
    Elementwise all;
    Operation operation;
    operation.node = last.node;
    operation.outputs = last.outputs;
    std::map<ValueId, int> ids;
    const auto id_of = [&](ValueId id) {
      const auto [found, is_new] = ids.try_emplace(id, -1 - static_cast<int>(operation.inputs.size()));
      if (is_new) {
        operation.inputs.push_back(id);
        all.inputs.push_back(*operand(id, shape_of(*group.rbegin())));
      }
      return found->second;
    };
    for (const int i : group) {
      const Operation& step = readers_.operation(i);
      const int a = id_of(step.inputs[0]);
      all.steps.push_back({*element_function(step.op()), a, id_of(step.inputs.back())});
      ids[step.outputs[0]] = static_cast<int>(all.steps.size()) - 1;
      operation.names.insert(operation.names.begin(), step.names.begin(), step.names.end());
    }
    operation.elementwise = std::make_shared<const Elementwise>(std::move(all));
    replacements_.add(std::move(operation), group, readers_);
  }

  OperationList& list_;
  Readers readers_;
  std::set<int> taken_;
  Replacements replacements_;
};

}  // namespace

void fuse_elementwise(OperationList& list) { GroupFinder(list).run(); }

}  // namespace hoarfrost::runtime
