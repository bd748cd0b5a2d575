#include "runtime/tuning.h"

#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <filesystem>

#include "runtime/testing_graph.h"
#include "temporary_folder.h"

namespace hoarfrost::runtime {
namespace {

using Ints = std::vector<int64_t>;
using testing_support::TemporaryFolder;
namespace fs = std::filesystem;

TEST(Tuning, KeepsWhatWasDecidedForTheSameFingerprintAlone) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "graph.tuning";
  Tuning first(file, "machine A");
  EXPECT_TRUE(first.decided("winograd", [] { return true; }));
  first.keep("program", "blocked 4 2");
  first.write();
  Tuning same(file, "machine A");
  EXPECT_TRUE(same.decided("winograd", [] { return false; }));
  EXPECT_EQ(same.find("program"), "blocked 4 2");
  Tuning other(file, "machine B");
  EXPECT_FALSE(other.decided("winograd", [] { return false; }));
}

TEST(Tuning, LeavesForeignFilesAlone) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "thesis.txt";
  write_file(file, "Chapter 1\n");
  try {
    const Tuning tuning(file, "machine A");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), file.string() +
                                             ": expected a file that --tuning wrote (its first line is "
                                             "`hoarfrost tuning 1`); name another file");
  }
}

TEST(Tuning, ASessionTakesItsPlanFromTheFileAndNothingUnreasonable) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "graph.tuning";
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto c =
      b.op("Conv2D", "conv", {x, b.weights({3, 3, 16, 16})}, {{"strides", Ints{1, 1, 1, 1}}, {"padding", "SAME"}});
  const auto y = b.op("MaxPool", "pool", {b.op("Relu", "relu", {c})},
                      {{"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", "VALID"}});
  const Shape shape{12, 8, 8, 16};
  const auto first_step = [&] {
    Session session(b.graph, {{x}, {y}}, {.threads = 2, .tuning_file = file});
    return session.plan(std::span(&shape, 1)).at(0).implementation;
  };
  const std::string chosen = first_step();
  EXPECT_EQ(first_step(), chosen);
  const std::string key = "program for " + shape.to_string() + " by 2";
  for (const char* choice : {"blocked 3 2", "plain 6 1"}) {
    Tuning tuning(file, fingerprint_of(b.graph));
    tuning.keep(key, choice);
    tuning.write();
    EXPECT_EQ(first_step(), std::string("own:slices of ") + choice[std::string(choice).find(' ') + 1]);
  }
  for (const char* choice : {"blocked 3 1000000", "blocked -4 2", "nonsense", ""}) {
    Tuning tuning(file, fingerprint_of(b.graph));
    tuning.keep(key, choice);
    tuning.write();
    EXPECT_NO_THROW(first_step()) << choice;
  }
}

}  // namespace
}  // namespace hoarfrost::runtime
