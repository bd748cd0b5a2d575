// Data to try training on where the real sets are not at hand: generated, in the real sets' own formats. The same bytes
// on every machine: all arithmetic is of whole numbers.
#pragma once

#include <cstdint>
#include <filesystem>

namespace hoarfrost::data {

// How many examples are generated when nobody says: enough for over 95 % in the tutorials' epochs.
constexpr int64_t kGeneratedPictures = 20'000;
constexpr int64_t kGeneratedHands = 12'000;

// Ten kinds of patterns (rows, columns, checks, dots, …) of 32×32 pixels, each in two colours, at a place and with
// noise of its own: what tells them apart is how neighbouring pixels relate, so that a convolutional network learns
// them and a linear model does not. Writes CIFAR-10's binary files: data_batch_1.bin … data_batch_5.bin,
// test_batch.bin, batches.meta.txt. n_train >= 5, n_test >= 1. Throws Error{kIo | kInvalidArgument}.
void write_generated_cifar10(const std::filesystem::path& folder, int64_t n_train, int64_t n_test, uint64_t seed);

// Hands of 28×28 grey pixels: which fingers are stretched out is the label. As in Sign Language MNIST there are 24 of
// them, numbered 0 to 24 without 9 (J is a movement). Writes sign_mnist_train.csv and sign_mnist_test.csv with the
// header label,pixel1,…,pixel784. n_train and n_test >= 1. Throws Error{kIo | kInvalidArgument}.
void write_generated_sign_language(const std::filesystem::path& folder, int64_t n_train, int64_t n_test, uint64_t seed);

}  // namespace hoarfrost::data
