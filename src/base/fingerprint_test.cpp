// Against TensorFlow 2.15.1: tf.strings.to_hash_bucket_fast, to_hash_bucket_strong and tf.sparse.cross_hashed.
#include "base/fingerprint.h"

#include <gtest/gtest.h>

#include <string>

namespace hoarfrost {
namespace {

constexpr uint64_t kBuckets = (uint64_t{1} << 61U) - 1, kFewer = uint64_t{1} << 31U;

// Character i is number 7 i + n of these, so that no two parts are alike.
std::string text_of(size_t n) {
  std::string text;
  for (size_t i = 0; i < n; ++i) text += "abcdefghijklmnopqrstuvwxyz0123456789"[(i * 7 + n) % 36];
  return text;
}

struct Row {
  size_t n;
  uint64_t fast, fast_of_fewer, strong;
};
// Every branch of FarmHash, and a last word of SipHash with and without bytes.
constexpr Row kRows[] = {
    {0, 1936946117179621459, 797982799, 1784960963399707469},
    {1, 266381024408695067, 1590227222, 562528735075291370},
    {2, 2061148166519885248, 1188924860, 261209826405716907},
    {3, 1699300669993470450, 1099647467, 972435646703081321},
    {4, 617514146912340684, 1249708746, 446252544866088803},
    {7, 2180354941203463246, 1521695816, 1368675247328677918},
    {8, 2097514632174200459, 1642948232, 1723109076481741287},
    {9, 610622684346600477, 541477912, 1501699980140926055},
    {15, 1671435921719449665, 2062178369, 1449993778522844611},
    {16, 1081553030309694922, 828067274, 1764700076339971752},
    {17, 828700368590837768, 924293121, 392192861801560311},
    {31, 549871285310240500, 1226487533, 2096282177561767925},
    {32, 299014310649049091, 1761521664, 1994730264209015186},
    {33, 1445952249180458841, 1586761557, 1493579812416581673},
    {63, 1232770824047661994, 1892914085, 303220492298160986},
    {64, 2095084502655184810, 1127231402, 1895552210403002888},
    {65, 680800909289222650, 1760719353, 2285109641831364016},
    {127, 819868311468217767, 732534181, 611054409217220716},
    {128, 1298934138571794960, 204679696, 1704112242815171669},
    {129, 1535186102255975162, 1360362229, 93893946443006502},
    {200, 1652072811091511711, 2016463258, 866710361971900136},
};

TEST(Fingerprint, IsTensorFlowsFastHash) {
  for (const Row& row : kRows) {
    EXPECT_EQ(fingerprint64(text_of(row.n)) % kBuckets, row.fast) << row.n;
    EXPECT_EQ(fingerprint64(text_of(row.n)) % kFewer, row.fast_of_fewer) << row.n;
  }
  EXPECT_EQ(fingerprint64("gr\xc3\xbcn, blau") % kBuckets, 474072066869681595U);
}

TEST(Fingerprint, IsTensorFlowsStrongHash) {
  for (const Row& row : kRows)
    EXPECT_EQ(sip_hash64({0xdecafcaffeU, 77}, text_of(row.n)) % kBuckets, row.strong) << row.n;
}

// tf.sparse.cross_hashed of [["a"], ["grün"]] and [[5], [-1]]: its default key, then the columns.
TEST(Fingerprint, ConcatenatesAsTensorFlow) {
  const auto crossed = [](std::string_view text, int64_t number) {
    const uint64_t one = concatenated_fingerprints(0xdecafcaffeU, fingerprint64(text));
    return concatenated_fingerprints(one, static_cast<uint64_t>(number)) % (uint64_t{1} << 62U);
  };
  EXPECT_EQ(crossed("a", 5), 1019146045564160463U);
  EXPECT_EQ(crossed("gr\xc3\xbcn", -1), 2128802824614182851U);
}

}  // namespace
}  // namespace hoarfrost
