// The order in which Keras 3 runs a functional model's calls. Keras 3.15: ops/function.py, map_graph.
#include <algorithm>
#include <map>
#include <set>

#include "keras/model.h"

namespace hoarfrost::keras {
namespace {

using Place = std::pair<size_t, size_t>;  // layer and call

class RunOrder {
 public:
  explicit RunOrder(const Model& model) : model_(model) {}

  std::vector<Place> run() {
    for (const TensorRef& ref : model_.outputs) visit({ref.layer, ref.call});
    std::ranges::for_each(finished_.rbegin(), finished_.rend(), [&](const Place& place) { measure(place); });
    std::ranges::stable_sort(met_, std::greater(), [&](const Place& place) { return depths_.at(place); });
    return met_;
  }

 private:
  // What the call takes; a model's inputs take nothing.
  [[nodiscard]] std::vector<Place> parents(const Place& place) const {
    std::vector<Place> result;
    const bool is_input =
        std::ranges::any_of(model_.inputs, [&](const TensorRef& ref) { return Place(ref.layer, ref.call) == place; });
    if (is_input || place.second >= model_.layers[place.first].calls.size()) return result;
    const Call& call = model_.layers[place.first].calls[place.second];
    for (const auto* refs : {&call.inputs, &call.masks}) {
      for (const TensorRef& ref : *refs) result.emplace_back(ref.layer, ref.call);
    }
    return result;
  }

  // Each place behind those that it hangs on. The stack holds a place and how many of its parents have been gone to.
  void visit(const Place& output) {
    std::vector<std::pair<Place, size_t>> stack{{output, 0}};
    seen_.insert(output);
    if (is_finished_.contains(output)) return;
    while (!stack.empty()) {
      const Place place = stack.back().first;
      const std::vector<Place> above = parents(place);
      if (stack.back().second == above.size()) {
        if (is_finished_.insert(place).second) finished_.push_back(place);
        stack.pop_back();
        continue;
      }
      const Place next = above[stack.back().second++];
      if (seen_.insert(next).second) stack.emplace_back(next, 0);
    }
  }

  // How many calls lie between a place and the outputs, at the most; a layer's later calls lie no nearer than those
  // that were met before.
  void measure(const Place& place) {
    const int depth = std::max(depth_of(place), layer_depths_[place.first]);
    layer_depths_[place.first] = depth;
    depths_[place] = depth;
    for (const Place& parent : parents(place)) {
      const int before = depth_of(parent);
      depths_[parent] = std::max(depth + 1, before);
    }
  }

  int depth_of(const Place& place) {
    const auto [found, is_new] = depths_.emplace(place, 0);
    if (is_new) met_.push_back(place);
    return found->second;
  }

  const Model& model_;
  std::set<Place> seen_, is_finished_;
  std::vector<Place> finished_;
  std::map<Place, int> depths_;
  std::map<size_t, int> layer_depths_;
  std::vector<Place> met_;
};

}  // namespace

std::vector<std::pair<size_t, size_t>> run_order(const Model& model) {
  const std::vector<Place> listed = call_order(model);
  std::set<Place> left(listed.begin(), listed.end());
  std::vector<Place> result;
  for (const Place& place : RunOrder(model).run()) {
    if (left.erase(place) > 0) result.push_back(place);
  }
  // What no output hangs on, behind.
  std::ranges::copy_if(listed, std::back_inserter(result), [&](const Place& place) { return left.contains(place); });
  return result;
}

}  // namespace hoarfrost::keras
