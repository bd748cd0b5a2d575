#include "keras/operation_notes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "keras/layer_testing.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

// Names of the Operation classes of keras.ops, by tools/list_keras_operations.py.
TEST(OperationNotes, SpeakOfEveryOperationOfKeras) {
  std::ifstream file(std::filesystem::path(HOARFROST_GOLDEN) / "keras" / "operation_classes.json");
  const auto lists = nlohmann::json::parse(file);
  ASSERT_EQ(lists.size(), 1);
  for (const auto& [version, names] : lists.items()) {
    EXPECT_GT(names.size(), 300) << version;
    for (const std::string name : names) {
      EXPECT_TRUE(find_operation_class(name) != nullptr || !refusal_of_operation(name).empty())
          << name << " of Keras " << version
          << " is in no list: operations_*.cpp, derived_*.cpp or operation_notes.cpp";
    }
  }
}

TEST(OperationNotes, SayOnlyWhatIsRefused) {
  std::set<std::string_view> seen;
  for (const OperationNote& note : operation_notes()) {
    EXPECT_TRUE(seen.insert(note.name).second) << note.name;
    EXPECT_EQ(find_operation_class(note.name), nullptr) << note.name;
    if (note.name.starts_with("tf.")) EXPECT_EQ(find_operation_function(note.name.substr(3)), nullptr) << note.name;
  }
}

TEST(OperationNotes, RefusalsSayWhy) {
  EXPECT_EQ(message_of("TFOpLambda", R"({"name": "t", "function": "map_fn"})"),
            "layer `t` (TFOpLambda): TensorFlow's function `tf.map_fn` is not converted: it takes Python functions, "
            "which the file does not hold; write out in the model what they do");
}

}  // namespace
}  // namespace hoarfrost::keras
