// The options by which commands take labelled data and its preprocessing, and how it is opened.
#pragma once

#include <hoarfrost/data.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hoarfrost::cli {

struct DataSource {
  std::filesystem::path path;  // empty: the example images that come with the program
  bool train_split = false;
  bool is_strict = false;
  bool save_preprocessing = false;
  std::string label_column;
  std::filesystem::path labels;
  std::filesystem::path classes;
  // Preprocessing, as it was typed; empty where nothing was.
  std::string preset;
  std::string scale;
  std::vector<double> mean;
  std::vector<double> std;
  std::string resize;
  std::string interpolation;
  bool crop_to_aspect_ratio = false;
  std::string crop;
  std::string channel_order;
};

// --data and all that goes with it. --strict is left out for a command that has one already.
void add_data_options(CLI::App& app, DataSource& source);

// What was saved beside the graph, changed by what was typed. Throws Error{kInvalidArgument} naming the option.
data::Preprocessing preprocessing(const DataSource& source, const std::filesystem::path& graph);

// How the data is opened: what was typed, and the preprocessing. A note says where that comes from. threads: as in
// open_data.
data::OpenOptions open_options(const DataSource& source, const std::filesystem::path& graph, int threads);

// Opens the data for that graph; notes say what a person should know, and where its preprocessing comes from. With
// save_preprocessing, writes the preprocessing beside the graph once the data is open. threads: 0 for all that the
// process may use.
data::DataSet open_data(const DataSource& source, const data::ExampleFormat& format, const std::filesystem::path& graph,
                        int threads = 0);

// After the last example: which pictures were left out.
void note_skipped(const data::DataSet& examples);

}  // namespace hoarfrost::cli
