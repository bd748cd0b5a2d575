#include "keras/channels_first.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

// Where a tensor of this rank has its channels: behind the batch, or behind batch and time; -1 where it has no space.
int channel_axis(int rank, int n_spatial_axes) {
  if (rank == n_spatial_axes + 2) return 1;
  return rank == n_spatial_axes + 3 ? 2 : -1;
}

// The order that moves axis `from` to `to`: result axis i is order[i].
std::vector<int64_t> moved(int rank, int from, int to) {
  std::vector<int64_t> order;
  for (int axis = 0; axis < rank; ++axis) {
    if (axis != from) order.push_back(axis);
  }
  order.insert(order.begin() + to, from);
  return order;
}

Shape permuted(const Shape& shape, const std::vector<int64_t>& order) {
  Shape result;
  for (const int64_t axis : order) result.push_back(shape[static_cast<int>(axis)]);
  return result;
}

class ChannelsFirst final : public Layer {
 public:
  ChannelsFirst(std::shared_ptr<const Layer> layer, int n_spatial_axes, bool flattens)
      : layer_(std::move(layer)), n_spatial_axes_(n_spatial_axes), flattens_(flattens) {}

  [[nodiscard]] Shapes infer(const Shapes& in) const override {
    Shapes out = layer_->infer(last(in));
    for (Shape& shape : out) {
      if (const int axis = axis_of(shape); axis > 0 && !flattens_)
        shape = permuted(shape, moved(shape.rank(), shape.rank() - 1, axis));
    }
    return out;
  }

  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const override { return layer_->weights(last(in)); }

  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const override {
    Values inner;
    Shapes shapes;
    for (const Value& x : in) {
      inner.push_back(transposed(lowering, x, moved_last(x.shape)));
      shapes.push_back(inner.back().shape);
    }
    Values out = layer_->lower(lowering, inner);
    const Shapes out_shapes = layer_->infer(shapes);
    for (size_t i = 0; i < out.size(); ++i) {
      out[i].shape = out_shapes.at(i);
      const int axis = axis_of(out[i].shape);
      if (axis > 0 && !flattens_)
        out[i] = transposed(lowering, out[i], moved(out[i].shape.rank(), out[i].shape.rank() - 1, axis));
    }
    return out;
  }

  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const override {
    Arrays inner;
    for (const Array& x : in) {
      const auto order = moved_last(x.shape());
      inner.push_back(order.empty() ? x : x.transposed(order));
    }
    Formulas out = layer_->reference(weights, inner);
    for (Formula& formula : out) {
      const int axis = axis_of(formula.shape);
      if (axis < 0 || flattens_) continue;
      const int rank = formula.shape.rank();
      formula.shape = permuted(formula.shape, moved(rank, rank - 1, axis));
      formula.at = [at = formula.at, axis, rank](const Index& o) {
        Index i;
        for (int a = 0; a < rank; ++a) {
          if (a != axis) i.push_back(o[a]);
        }
        i.push_back(o[axis]);
        return at(i);
      };
    }
    return out;
  }

  [[nodiscard]] bool passes_mask() const override { return layer_->passes_mask(); }
  [[nodiscard]] bool autocasts() const override { return layer_->autocasts(); }

 private:
  // Flatten has no number of spatial axes: all behind the channels are space.
  [[nodiscard]] int axis_of(const Shape& shape) const {
    if (flattens_) return shape.rank() > 2 ? 1 : -1;
    return channel_axis(shape.rank(), n_spatial_axes_);
  }

  [[nodiscard]] std::vector<int64_t> moved_last(const Shape& shape) const {
    const int axis = axis_of(shape);
    return axis < 0 ? std::vector<int64_t>{} : moved(shape.rank(), axis, shape.rank() - 1);
  }

  [[nodiscard]] Shapes last(const Shapes& in) const {
    Shapes result;
    for (const Shape& shape : in) {
      const auto order = moved_last(shape);
      if (order.empty()) {
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("expected channels first, before {} axes of space, found {}", n_spatial_axes_,
                                shape.to_string()));
      }
      result.push_back(permuted(shape, order));
    }
    return result;
  }

  static Value transposed(Lowering& lowering, const Value& x, const std::vector<int64_t>& order) {
    Value y = lowering.named_op("transpose", "Transpose", {x, lowering.ints("transpose/perm", order)},
                                {{"Tperm", DType::kInt32}});
    y.shape = permuted(x.shape, order);
    y.mask = x.mask;
    return y;
  }

  std::shared_ptr<const Layer> layer_;
  int n_spatial_axes_;
  bool flattens_;
};

// How many axes of space a class is over, by its name; 0 for another.
int spatial_axes(std::string_view class_name) {
  if (class_name == "Flatten") return 1;
  if (class_name == "SpatialPyramidPooling2D") return 0;  // whose bins have one axis: it turns them itself
  if (class_name == "Resizing" || class_name == "CenterCrop" || class_name == "RandomCrop" ||
      class_name == "ContrastLimitedAdaptiveHistogramEqualization")
    return 2;
  bool is_over_space = false;
  for (const auto* part :
       {"Conv1D", "Conv2D", "Conv3D", "Convolution", "Pool", "UpSampling", "ZeroPadding", "Cropping", "ConvLSTM"}) {
    is_over_space = is_over_space || class_name.find(part) != std::string_view::npos;
  }
  const size_t d = class_name.find('D', class_name.find_first_of("123"));
  if (!is_over_space || d == std::string_view::npos || d == 0) return 0;
  return class_name[d - 1] - '0';
}

}  // namespace

bool is_channels_first(const Config& config) {
  const std::string_view class_name = std::string_view(config.class_name()).substr(config.class_name().rfind('>') + 1);
  if (spatial_axes(class_name) == 0) return false;
  for (const auto* key : {"data_format", "dim_ordering"}) {
    const auto found = config.json().find(key);
    if (found != config.json().end() && found->is_string() && (*found == "channels_first" || *found == "th"))
      return true;
  }
  return false;
}

std::shared_ptr<const Layer> channels_first(std::shared_ptr<const Layer> layer, const Config& config) {
  const std::string_view class_name = std::string_view(config.class_name()).substr(config.class_name().rfind('>') + 1);
  return std::make_shared<ChannelsFirst>(std::move(layer), spatial_axes(class_name), class_name == "Flatten");
}

}  // namespace hoarfrost::keras
