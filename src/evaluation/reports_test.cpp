#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <hoarfrost/report.h>

#include <nlohmann/json.hpp>

#include "evaluation/page/markup.h"
#include "evaluation/page/png.h"
#include "evaluation/reports/formats.h"
#include "evaluation/statistics.h"
#include "temporary_folder.h"

namespace hoarfrost::evaluation {
namespace {

using hoarfrost::testing_support::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Report hostile_report() {
  Statistics statistics(2, 1, 5);
  statistics.add(Tensor::of<float>({2, 2}, {0.75F, 0.25F, 0.75F, 0.25F}), std::vector<int64_t>{0, 1});
  Report report{"a \"model\".pb", "data,set.csv", "CSV", statistics.result()};
  report.evaluation.classes[0].name = "<script>alert(1)</script>";
  report.evaluation.classes[1].name = "b\xFF";  // no UTF-8
  report.evaluation.worst[0].name = "folder/a,\"b\"\n.png";
  return report;
}

std::string written(const std::string& name) {
  const TemporaryFolder folder;
  write_report(folder / name, hostile_report());
  return std::string(File::open(folder / name)->text());
}

TEST(Report, ThePageHoldsNoMarkupOfNames) {
  const std::string page = written("a.HTML");
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("b\xFF")));
  EXPECT_THAT(page, HasSubstr("a &quot;model&quot;.pb"));
}

TEST(Report, JsonIsValidWhateverTheNames) {
  const auto json = nlohmann::json::parse(written("a.json"));
  EXPECT_EQ(json["right"], 1);
  EXPECT_EQ(json["classes"][0]["name"], "<script>alert(1)</script>");
  EXPECT_EQ(json["confusion"], nlohmann::json::parse("[[1,0],[1,0]]"));
  EXPECT_EQ(json["worst"][0]["label"], 1);
}

TEST(Report, CsvQuotesByRfc4180) {
  const std::string csv = written("a.csv");
  EXPECT_THAT(csv, HasSubstr("summary,,data,\"data,set.csv\"\n"));
  EXPECT_THAT(csv, HasSubstr("mistake,1,name,\"folder/a,\"\"b\"\"\n.png\"\n"));
  EXPECT_THAT(csv, HasSubstr("confusion,1,0,1\n"));
  EXPECT_THAT(csv, Not(HasSubstr("confusion,0,1,")));  // zeros are left out
}

TEST(Report, AnUnknownEndingIsRefusedBeforeAnythingIsWritten) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_report(folder / "a.pdf", hostile_report()), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_EQ(report_format("a"), nullptr);
}

// scipy.stats.binomtest(38, 40).proportion_ci(method="wilson"), and 0 of 10 by hand: z² / (10 + z²).
TEST(Report, WilsonInterval) {
  EXPECT_NEAR(wilson_interval(38, 40).low, 0.8349613, 1e-6);
  EXPECT_NEAR(wilson_interval(38, 40).high, 0.9861793, 1e-6);
  EXPECT_EQ(wilson_interval(0, 10).low, 0);
  EXPECT_NEAR(wilson_interval(0, 10).high, 3.841458821 / 13.841458821, 1e-9);
}

TEST(Report, MostFrequentConfusionsFirst) {
  Evaluation evaluation;
  evaluation.n_classes = 3;
  evaluation.confusion = {9, 1, 0, 3, 9, 0, 1, 0, 9};
  const auto found = most_frequent_confusions(evaluation, 2);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_EQ(found[0].prediction, 0);
  EXPECT_EQ(found[1].label, 0);
}

TEST(Markup, Escapes) {
  EXPECT_EQ(page::escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(page::escaped("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xB1"), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xB1");
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(page::escaped("\xC3"), replaced);                                // cut
  EXPECT_EQ(page::escaped("\xC0\x80"), replaced + replaced);                 // overlong
  EXPECT_EQ(page::escaped("\xED\xA0\x80"), replaced + replaced + replaced);  // surrogate
  EXPECT_EQ(page::escaped("\n\x7F"), replaced + replaced);
}

TEST(Markup, ShortensByCharacters) {
  EXPECT_EQ(page::shortened("abc", 3), "abc");
  EXPECT_EQ(page::shortened("abcd", 3), "ab…");
  EXPECT_EQ(page::shortened("éééé", 3), "éé…");
}

// RFC 4648, section 10.
TEST(Markup, Base64) {
  const auto encoded = [](std::string_view text) {
    return page::base64(std::span(reinterpret_cast<const unsigned char*>(text.data()), text.size()));
  };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Png, LargePicturesBecomeMeansOfBlocks) {
  const Tensor picture = Tensor::of<uint8_t>({2, 3, 1}, {0, 10, 7, 20, 30, 9});
  const Tensor small = page::reduced(picture, 2);  // blocks of 2 × 2
  EXPECT_EQ(small.shape(), Shape({1, 2, 1}));
  EXPECT_THAT(small.values<uint8_t>(), ElementsAre(15, 8));
  EXPECT_EQ(page::reduced(picture, 3).shape(), picture.shape());
}

}  // namespace
}  // namespace hoarfrost::evaluation
