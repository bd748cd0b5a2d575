// What is to be said of Keras' layer classes beside the registry: those that are read under another name, those that
// are refused and why, and what is not converted of those that are. Together with the registry it speaks of every layer
// class of Keras 1.2.2, 2.15 and 3.15.
#pragma once

#include <string_view>
#include <vector>

namespace hoarfrost::keras {

enum class NoteKind {
  kOtherName,  // an old name: `text` is today's
  kAbstract,   // a class to derive from, which no file holds by itself
  kRefused,    // `text` is the reason
  kLimited,    // converted but for `text`
};

struct LayerNote {
  std::string_view class_name;
  NoteKind kind;
  std::string_view text;
};

// All, without those refused ones that the registry has by now. Sorted by kind and name.
std::vector<LayerNote> layer_notes();
// Why a class is refused; empty where that is not known.
std::string_view refusal_of(std::string_view class_name);

}  // namespace hoarfrost::keras
