// Arithmetic as TensorFlow does it on every type: integers wrap, and division follows the op's own rounding.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace hoarfrost::ops {

// uint64_t for integers (so that narrow types do not overflow int either), T for floats.
template <typename T>
using Wrapping = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;

template <typename T>
T wrapping_sum(T a, T b) {
  return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
}
template <typename T>
T wrapping_difference(T a, T b) {
  return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
}
template <typename T>
T wrapping_product(T a, T b) {
  return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
}

// Toward zero for integers. b is not 0 there.
template <typename T>
T quotient(T a, T b) {
  if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    if (b == static_cast<T>(-1)) return wrapping_difference(T{0}, a);  // the one quotient that may not fit
  }
  return static_cast<T>(a / b);
}

// Toward minus infinity. b is not 0 for integers.
template <typename T>
T floor_quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::floor(a / b);
  } else {
    const T q = quotient(a, b);
    return (a < 0) != (b < 0) && wrapping_product(q, b) != a ? static_cast<T>(q - 1) : q;
  }
}

// What is left of a, of a's sign.
template <typename T>
T remainder_of(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(a, b);
  else
    return wrapping_difference(a, wrapping_product(quotient(a, b), b));
}

// a - floor_quotient(a, b) * b, of b's sign.
template <typename T>
T floor_remainder(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    const T remainder = std::fmod(a, b);
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
  } else {
    return wrapping_difference(a, wrapping_product(floor_quotient(a, b), b));
  }
}

// Integers by squaring; b is not negative there.
template <typename T>
T power(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(std::pow(static_cast<double>(a), static_cast<double>(b)));
  } else {
    T result = 1;
    for (T exponent = b; exponent > 0; exponent = static_cast<T>(exponent >> 1)) {
      if ((exponent & 1) != 0) result = wrapping_product(result, a);
      a = wrapping_product(a, a);
    }
    return result;
  }
}

}  // namespace hoarfrost::ops
