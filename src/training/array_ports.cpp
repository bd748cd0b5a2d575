#include "training/array_ports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <span>
#include <string_view>

namespace hoarfrost::training {
namespace {

using Names = std::vector<std::string>;

struct Words {
  std::string_view what;
  std::vector<std::string_view> numbered;
  std::vector<std::string_view> train;  // of one alone, the split's first
  std::vector<std::string_view> test;
  std::vector<std::string_view> whole;
};
const Words kInputs{"inputs",
                    {"x", "X", "in", "input", "x_", "input_"},
                    {"x_train", "X_train", "train_images"},
                    {"x_test", "X_test", "test_images"},
                    {"x", "X", "images", "data", "image", "features", "inputs"}};
const Words kOutputs{"outputs",
                     {"y", "Y", "out", "output", "target", "y_", "output_"},
                     {"y_train", "train_labels"},
                     {"y_test", "test_labels"},
                     {"y", "Y", "labels", "label", "targets"}};

std::optional<Names> if_all_there(const data::ArrayFile& file, Names names) {
  if (!std::ranges::all_of(names, [&](const std::string& name) { return file.has(name); })) return {};
  return names;
}

std::optional<Names> named_or_numbered(const data::ArrayFile& file, const Names& own, const Words& words) {
  if (auto found = if_all_there(file, own)) return found;
  for (const int first : {0, 1}) {
    for (const std::string_view word : words.numbered) {
      Names names;
      for (size_t i = 0; i < own.size(); ++i) names.push_back(fmt::format("{}{}", word, first + static_cast<int>(i)));
      if (auto found = if_all_there(file, std::move(names))) return found;
    }
  }
  return {};
}

std::optional<Names> single(const data::ArrayFile& file, const Words& words, data::Split split) {
  const auto& own = split == data::Split::kTrain ? words.train : words.test;
  const auto& other = split == data::Split::kTrain ? words.test : words.train;
  for (const auto* names : {&own, &words.whole, &other}) {
    for (const std::string_view name : *names) {
      if (file.has(name)) return Names{std::string(name)};
    }
  }
  return {};
}

Names expect_ports(const data::ArrayFile& file, const Names& own, const Words& words, data::Split split,
                   const std::string& where) {
  if (auto found = named_or_numbered(file, own, words)) return *found;
  if (own.size() == 1) {
    if (auto found = single(file, words, split)) return *found;
  }
  const std::string_view word = words.numbered[0];
  throw Error(ErrorCode::kInvalidArgument, where,
              fmt::format("expected arrays for the model's {} ({}), under these names or as {}; found {}", words.what,
                          fmt::join(own, ", "),
                          own.size() == 1 ? std::string(word) : fmt::format("{}0 to {}{}", word, word, own.size() - 1),
                          file.names.empty() ? "none" : fmt::format("{}", fmt::join(file.names, ", "))));
}

template <typename Format>
Names names_of(const std::vector<Format>& formats) {
  Names names;
  for (const Format& format : formats) names.push_back(format.name);
  return names;
}

}  // namespace

std::optional<ArrayPorts> find_ports(const data::ArrayFile& file, const ModelFormat& model, data::Split split,
                                     const std::string& where) {
  const Names inputs = names_of(model.inputs), outputs = names_of(model.outputs);
  if (inputs.size() == 1 && outputs.size() == 1) {
    const auto x = named_or_numbered(file, inputs, kInputs);
    const auto y = named_or_numbered(file, outputs, kOutputs);
    if (!x || !y) return {};
    return ArrayPorts{*x, *y};
  }
  return ArrayPorts{expect_ports(file, inputs, kInputs, split, where),
                    expect_ports(file, outputs, kOutputs, split, where)};
}

}  // namespace hoarfrost::training
