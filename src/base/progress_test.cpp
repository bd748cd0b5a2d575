#include "base/progress.h"

#include <gtest/gtest.h>

namespace hoarfrost {
namespace {

// As Keras 2.15's Progbar draws them.
TEST(Progress, LinesInKerasManner) {
  EXPECT_EQ(Progress::line(12, 79, 3.4, "accuracy: 0.9300"),
            "12/79 [===>..........................] - ETA: 3s - accuracy: 0.9300");
  EXPECT_EQ(Progress::line(9, 100, 75, ""), "  9/100 [=>............................] - ETA: 1:15");
  EXPECT_EQ(Progress::line(79, 79, -1, "3s"), "79/79 [==============================] - 3s");
  EXPECT_EQ(Progress::line(0, 5, 3700, ""), "0/5 [..............................] - ETA: 1:01:40");
}

TEST(Progress, PlainLinesElsewhere) {
  std::FILE* file = std::tmpfile();
  {
    Progress progress(3, true, file);
    progress.update(1, "a");  // sooner than ten seconds: nothing
    progress.finish("b");
    Progress(3, false, file).finish("c");
  }
  std::rewind(file);
  char text[200] = {};
  const size_t n = std::fread(text, 1, sizeof text, file);
  std::fclose(file);
  const std::string line(text, n);
  EXPECT_TRUE(line.starts_with("3/3 [==============================] - 0s ")) << line;
  EXPECT_TRUE(line.ends_with("ms/step - b\n")) << line;
}

}  // namespace
}  // namespace hoarfrost
