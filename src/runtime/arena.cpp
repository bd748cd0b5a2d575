#include "runtime/arena.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>
#include <vector>

namespace hoarfrost::runtime {
namespace {

size_t round_up(size_t n_bytes) { return (n_bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool are_together(const Lifetime& a, const Lifetime& b) {
  return a.first_step <= b.last_step && b.first_step <= a.last_step;
}

// The lowest offset at which `lifetime` meets none of `placed`, which are sorted by offset.
size_t lowest_gap(const Lifetime& lifetime, std::span<const Lifetime* const> placed) {
  size_t offset = 0;
  for (const Lifetime* other : placed) {
    if (!are_together(lifetime, *other)) continue;
    if (offset + round_up(lifetime.n_bytes) <= other->offset) break;
    offset = std::max(offset, other->offset + round_up(other->n_bytes));
  }
  return offset;
}

}  // namespace

size_t plan_arena(std::span<Lifetime> lifetimes) {
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return lifetimes[a].n_bytes > lifetimes[b].n_bytes; });
  std::vector<const Lifetime*> placed;
  size_t n_bytes = 0;
  for (const size_t i : order) {
    Lifetime& lifetime = lifetimes[i];
    lifetime.offset = lowest_gap(lifetime, placed);
    n_bytes = std::max(n_bytes, lifetime.offset + round_up(lifetime.n_bytes));
    placed.insert(std::ranges::upper_bound(placed, lifetime.offset, {}, [](const Lifetime* l) { return l->offset; }),
                  &lifetime);
  }
  return n_bytes;
}

Arena::Arena(size_t n_bytes)
    : memory_(static_cast<std::byte*>(::operator new (std::max<size_t>(n_bytes, 1), std::align_val_t{kAlignment}))) {
  std::memset(memory_.get(), 0, n_bytes);
}

void Arena::Delete::operator()(std::byte* memory) const { ::operator delete (memory, std::align_val_t{kAlignment}); }

}  // namespace hoarfrost::runtime
