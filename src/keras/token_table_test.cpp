// A perfect hash takes each token to a place that is its own, whatever the tokens are like.
#include "keras/token_table.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace hoarfrost::keras {
namespace {

template <typename Token>
void expect_perfect(const std::vector<Token>& tokens) {
  const auto table = TokenTable<Token>::of(tokens);
  EXPECT_LE(table.places.size(), tokens.size() * 5 / 4 + 1);
  EXPECT_LE(table.factors.size(), tokens.size() / 2 + 1);
  for (size_t i = 0; i < tokens.size(); ++i) ASSERT_EQ(table.places[table.place_of(tokens[i])], i);
  // What stands on the other places belongs elsewhere, so that nothing that lands there is taken for it.
  for (size_t place = 0; place < table.places.size(); ++place) {
    const Token& there = tokens[table.places[place]];
    if (table.place_of(there) != place) {
      ASSERT_NE(table.places[table.place_of(there)], SIZE_MAX);
    }
  }
}

std::vector<std::string> words(size_t n) {
  std::vector<std::string> result;
  for (size_t i = 0; i < n; ++i) result.push_back("word " + std::to_string(i));
  return result;
}

TEST(TokenTable, IsPerfectForText) {
  for (const size_t n : {1, 2, 3, 5, 64, 257, 5000, 200000}) expect_perfect(words(n));
  expect_perfect<std::string>({""});
  expect_perfect<std::string>({"", " ", "  ", "\n", "\xc3\xbc", std::string(100, 'x'), std::string(101, 'x')});
}

TEST(TokenTable, IsPerfectForNumbers) {
  const std::vector<std::function<int64_t(int64_t)>> kinds = {
      [](int64_t i) { return i; },
      [](int64_t i) { return -i; },
      [](int64_t i) { return i * 1024; },
      [](int64_t i) { return i * 5 - 700; },
      [](int64_t i) { return i * 643 - 1; },  // as long as a list may be
      [](int64_t i) { return i * i; },
      [](int64_t i) { return i * ((int64_t{1} << 40) + 1); },
      [](int64_t i) { return i % 2 == 0 ? INT64_MIN + i : INT64_MAX - i; },
      [](int64_t i) { return i * 2147483647; },  // multiples of the first prime
  };
  for (const auto& kind : kinds) {
    for (const int64_t n : {1, 2, 257, 30000}) {
      std::vector<int64_t> numbers;
      for (int64_t i = 0; i < n; ++i) numbers.push_back(kind(i));
      SCOPED_TRACE(std::to_string(numbers.back()) + " " + std::to_string(n));
      expect_perfect(numbers);
    }
  }
}

// A hash is not the token: of two that land on one place, the comparison says which is there.
TEST(TokenTable, SendsStrangersToSomebodysPlace) {
  const auto table = TokenTable<std::string>::of(words(300));
  std::set<size_t> places;
  for (int i = 0; i < 5000; ++i) places.insert(table.place_of("stranger " + std::to_string(i)));
  EXPECT_GT(places.size(), 300U);
  EXPECT_LT(*places.rbegin(), table.places.size());
}

}  // namespace
}  // namespace hoarfrost::keras
