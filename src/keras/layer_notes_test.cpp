#include "keras/layer_notes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "keras/layer.h"
#include "keras/layer_testing.h"

namespace hoarfrost::keras {
namespace {

// Names of the classes that Kerases export, by tools/list_keras_layers.py.
TEST(LayerNotes, SpeakOfEveryClassOfKeras) {
  std::ifstream file(std::filesystem::path(HOARFROST_GOLDEN) / "keras" / "layer_classes.json");
  const auto lists = nlohmann::json::parse(file);
  ASSERT_EQ(lists.size(), 3);
  const std::vector<LayerNote> notes = layer_notes();
  for (const auto& [version, names] : lists.items()) {
    EXPECT_GT(names.size(), 70) << version;
    for (const std::string name : names) {
      const bool is_noted = std::ranges::any_of(notes, [&](const LayerNote& note) { return note.class_name == name; });
      EXPECT_TRUE(find_layer(name) != nullptr || is_noted)
          << name << " of Keras " << version << " is in no list: layers.def or layer_notes.cpp";
    }
  }
}

TEST(LayerNotes, SayEachOnce) {
  std::set<std::string_view> seen;
  for (const LayerNote& note : layer_notes()) {
    EXPECT_TRUE(seen.insert(note.class_name).second) << note.class_name;
    EXPECT_FALSE(note.text.empty()) << note.class_name;
    const bool is_registered = find_layer(note.class_name) != nullptr;
    EXPECT_EQ(is_registered, note.kind == NoteKind::kLimited) << note.class_name;
  }
}

TEST(LayerNotes, RefusalsSayWhy) {
  EXPECT_EQ(message_of("FlaxLayer", R"({"name": "t"})"),
            "layer `t` (FlaxLayer): its meaning is another library's code, which is not in the file");
}

}  // namespace
}  // namespace hoarfrost::keras
