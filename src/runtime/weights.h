// Constants in the layouts that kernels want, made once and shared by all programs of a session.
#pragma once

#include <hoarfrost/tensor.h>

#include <dnnl.hpp>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/arena.h"

namespace hoarfrost::runtime {

class Weights {
 public:
  explicit Weights(dnnl::engine engine) : engine_(std::move(engine)) {}

  // `source`, which lies as `from` says, as `to` wants it; when `scale` is not empty, element i of `source` is
  // multiplied by scale[i / scale_stride % its size] first.
  dnnl::memory get(const Tensor& source, const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                   std::span<const float> scale = {}, int64_t scale_stride = 1);
  // `source` as an own kernel wants it: what `pack` gives, kept under `kind`, which tells all that it depends on but
  // `source` and `scale`.
  std::shared_ptr<const Arena> packed(const Tensor& source, std::string_view kind, std::span<const float> scale,
                                      const std::function<Arena()>& pack);
  // A vector.
  dnnl::memory get(std::span<const float> values);

 private:
  struct Kept {
    Tensor source;  // alive, so that its address stays its own
    dnnl::memory memory;
  };
  dnnl::engine engine_;
  struct Packed {
    Tensor source;
    std::shared_ptr<const Arena> memory;
  };
  std::map<std::string, Kept> kept_;
  std::map<std::string, Packed> packed_;
};

}  // namespace hoarfrost::runtime
