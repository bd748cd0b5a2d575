// From what a file holds to what the graph takes: preprocessing, layout and type.
#pragma once

#include <hoarfrost/data.h>

#include <array>
#include <string>
#include <vector>

#include "data/resize.h"

namespace hoarfrost::data {

// One example as the file has it.
struct RawFormat {
  Shape shape;             // static
  bool is_planes = false;  // [channels, height, width] rather than channels last
  bool is_bytes = false;   // values of 0 … 255, whatever their type
};

class Transform {
 public:
  Transform() = default;
  // For arrays whose examples are all alike. `where` begins the text of errors. Throws Error{kMismatch} for examples
  // that do not become what is wanted, saying both and which option would help.
  Transform(const Preprocessing& preprocessing, const RawFormat& raw, const ExampleFormat& wanted, std::string where);
  // For pictures of any size: those in files are resized to what is wanted, or to Keras' 256x256 where it is open.
  Transform(const Preprocessing& preprocessing, const ExampleFormat& wanted, std::string where);

  [[nodiscard]] const ExampleFormat& format() const { return format_; }
  [[nodiscard]] int64_t n_channels() const { return n_channels_; }
  [[nodiscard]] Extent extent() const { return {height_, width_}; }  // of pictures, as the graph sees them

  // raw: n examples, one after the other, of any numeric type. Gives [n, …] as format() says.
  [[nodiscard]] Tensor batch(const Tensor& raw, int64_t n) const;
  // One decoded picture; target holds format().shape.n_elements() values.
  void picture(const Picture& picture, float* target) const;
  // For who keeps examples and needs them again: batch() in two halves. keep() gives them resized and cropped, their
  // values and layout as the file has them: in bytes, in float32, or in the graph's own type where values are taken as
  // they are.
  [[nodiscard]] Tensor keep(const Tensor& raw, int64_t n) const;
  // One kept example of format().shape.n_elements() values; target holds as many of format().dtype.
  void finish(const Tensor& kept, int64_t row, std::byte* target) const;
  // One kept picture with its channels last, as RGB and not yet scaled, and what becomes of such a one.
  void pixels(const Tensor& kept, int64_t row, float* target) const;
  void finish(const float* pixels, std::byte* target) const;
  // What resizes and crops alone: its batches and pictures are float32 with their channels last.
  [[nodiscard]] Transform geometry() const;

  // x: one example. The picture it was made of, as uint8 [h, w, 1 | 3]; empty when it is none.
  [[nodiscard]] Tensor undo(const Tensor& x) const;

 private:
  void choose_values(const Preprocessing& preprocessing, bool is_bytes);
  void choose_shape(const RawFormat& raw, const Shape& wanted);
  // Whether [height, width, channels], in either layout, is what is wanted; sets the layout and the format's shape.
  bool take_picture_shape(const Extent& extent, int64_t n_channels, const Shape& wanted, bool may_be_planes);
  [[nodiscard]] Extent extent_after(const Extent& extent) const;  // resized and cropped as told
  [[nodiscard]] float value(float raw, size_t channel) const;
  [[nodiscard]] bool is_identity() const;
  [[nodiscard]] bool keeps_planes() const { return raw_.is_planes && !is_resized_; }
  void write(const float* values, std::byte* target) const;  // as format().dtype
  template <typename T>
  void convert(const T* source, bool from_planes, float* target) const;  // one example, values and layout
  template <typename T>
  void resized(const Pixels<T>& picture, float* target) const;
  template <typename T>
  void resized_part(const Pixels<T>& part, const Extent& size, float* target) const;

  Preprocessing preprocessing_;
  RawFormat raw_;
  ExampleFormat format_;
  std::string where_;
  int64_t height_ = 0;  // as the graph sees it; 0: examples are no pictures
  int64_t width_ = 0;
  int64_t n_channels_ = 1;
  bool is_resized_ = false;
  bool is_planes_ = false;  // the graph's layout
  float divide_by_ = 1;
  std::vector<float> mean_{0};  // one, or one per channel that the graph sees
  std::vector<float> std_{1};
  std::vector<std::array<float, 256>> tables_;  // one, or one per channel that the graph sees: what a byte becomes
};

}  // namespace hoarfrost::data
