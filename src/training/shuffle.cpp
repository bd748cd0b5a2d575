#include "training/shuffle.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "base/random_stream.h"

namespace hoarfrost::training {

// Fisher and Yates, as Durstenfeld 1964 (Algorithm 235) has it.
std::vector<int64_t> Shuffle::order(int64_t epoch) const {
  std::vector<int64_t> indices(static_cast<size_t>(n_));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  RandomStream random(seed_, static_cast<uint64_t>(epoch));
  for (int64_t i = n_ - 1; i > 0; --i)
    std::swap(indices[static_cast<size_t>(i)], indices[static_cast<size_t>(random.below(i + 1))]);
  return indices;
}

std::string Shuffle::state() const { return fmt::format(R"({{"n":{},"seed":{}}})", n_, seed_); }

Shuffle Shuffle::from_state(const std::string& state, int64_t n, const std::string& where) {
  const auto json = nlohmann::json::parse(state, nullptr, false);
  const auto is_number = [&](const char* key) { return json.contains(key) && json[key].is_number_unsigned(); };
  if (!json.is_object() || !is_number("n") || !is_number("seed"))
    throw Error(ErrorCode::kCorrupt, where,
                fmt::format("expected the state of a shuffle, found `{}`", state.substr(0, 60)));
  if (json["n"].get<uint64_t>() != static_cast<uint64_t>(n)) {
    throw Error(
        ErrorCode::kMismatch, where,
        fmt::format(
            "it was trained on {} examples, the data has {}: to go on with the same order, give it the same data",
            json["n"].get<uint64_t>(), n));
  }
  return {n, json["seed"].get<uint64_t>()};
}

}  // namespace hoarfrost::training
