// CRC-32C (Castagnoli, RFC 3720 appendix B.4) and the masking that LevelDB tables and TensorFlow checkpoints put over
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hoarfrost {

// The CRC of `bytes` appended to data whose CRC is `crc` (0 for none).
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);

// LevelDB's mask: a CRC stored inside data that is itself checksummed must not look like one.
constexpr uint32_t mask_crc32c(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }
constexpr uint32_t unmask_crc32c(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

}  // namespace hoarfrost
