// Which order of axes OpenCV's importer believes a value to have, as its populateNet works it out: backwards from the
// nodes that say data_format, and then forwards, node by node. What it believes of a value decides whether a Reshape
// moves the channels behind the space first.
#pragma once

#include <hoarfrost/graph.h>

#include <map>

namespace hoarfrost::targets::opencv {

enum class Layout { kUnknown, kChannelsLast, kChannelsFirst, kVolume, kPlanar };  // the importer's DataLayout

class Layouts {
 public:
  explicit Layouts(const graph::Graph& graph);
  // Of a node's outputs, once the importer has read it.
  [[nodiscard]] Layout of(const graph::Node& node) const;

 private:
  void look_back(const std::vector<graph::Node*>& order);
  [[nodiscard]] Layout predicted(const graph::Node& node) const;
  [[nodiscard]] Layout read(const graph::Node& node, Layout predicted) const;

  std::map<const graph::Node*, Layout> layouts_;
};

}  // namespace hoarfrost::targets::opencv
