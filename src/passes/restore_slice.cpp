#include "passes/restore_slice.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstring>
#include <sstream>

namespace hoarfrost::passes {
namespace {

struct Extent {
  int64_t start = 0;
  int64_t length = 0;
};

[[noreturn]] void corrupt(std::string_view spec) {
  throw Error(ErrorCode::kCorrupt, "", fmt::format("`{}` names no slice; expected such as \"10 4 0,5:-\"", spec));
}

std::vector<Extent> parse(const Shape& whole, std::string_view spec) {
  std::istringstream text{std::string(spec)};
  std::vector<int64_t> sizes(static_cast<size_t>(whole.rank()));
  for (auto& size : sizes) {
    if (!(text >> size)) corrupt(spec);
  }
  if (Shape(sizes) != whole) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("`{}` is a slice of another shape than {}", spec, whole.to_string()));
  }
  std::vector<Extent> extents;
  for (const int64_t size : sizes) {
    Extent extent{0, size};
    char separator = ' ';
    if (!extents.empty() && !(text >> separator && separator == ':')) corrupt(spec);
    if ((text >> std::ws).peek() == '-') {
      text.get();
    } else if (!(text >> extent.start >> separator >> extent.length) || separator != ',') {
      corrupt(spec);
    }
    if (extent.start < 0 || extent.length < 0 || extent.start > size || extent.length > size - extent.start)
      corrupt(spec);
    extents.push_back(extent);
  }
  return extents;
}

}  // namespace

Tensor restore_slice(const Tensor& whole, std::string_view spec) {
  const auto extents = parse(whole.shape(), spec);
  Shape shape;
  for (const Extent& extent : extents) shape.push_back(extent.length);
  Tensor part(whole.dtype(), shape);
  if (part.n_bytes() == 0) return part;
  const auto source = whole.bytes();
  const auto target = part.mutable_bytes();
  const size_t n_element = dtype_size(whole.dtype());
  const uint64_t row_bytes = (extents.empty() ? 1 : static_cast<uint64_t>(extents.back().length)) * n_element;
  std::vector<int64_t> index(extents.size(), 0);
  for (uint64_t done = 0; done < target.size(); done += row_bytes) {
    uint64_t place = 0;
    for (size_t a = 0; a < extents.size(); ++a) {
      place =
          place * static_cast<uint64_t>(whole.shape().sizes()[a]) + static_cast<uint64_t>(extents[a].start + index[a]);
    }
    std::memcpy(target.data() + done, source.data() + place * n_element, row_bytes);
    for (size_t a = extents.size(); a-- > 0;) {
      if (a + 1 == extents.size()) continue;  // the row itself
      if (++index[a] < extents[a].length) break;
      index[a] = 0;
    }
  }
  return part;
}

}  // namespace hoarfrost::passes
