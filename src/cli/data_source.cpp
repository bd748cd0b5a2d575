#include "cli/data_source.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <charconv>
#include <cmath>

#include "cli/examples.h"
#include "cli/report.h"

namespace hoarfrost::cli {
namespace {

// "0.5" or "1/255": what each value is multiplied by. Gives what it is divided by, exactly for the second spelling.
double divisor_of(const std::string& scale) {
  const auto number = [&](std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value == 0) {
      throw Error(ErrorCode::kInvalidArgument, "--scale",
                  fmt::format("expected a number other than 0, such as 1/255 or 0.5, found `{}`", scale));
    }
    return value;
  };
  const size_t slash = scale.find('/');
  if (slash == std::string::npos) return 1 / number(scale);
  return number(std::string_view(scale).substr(slash + 1)) / number(std::string_view(scale).substr(0, slash));
}

template <typename Set>
void set_option(std::string_view name, bool is_given, std::string& given, const Set& set) {
  if (!is_given) return;
  given += (given.empty() ? "" : ", ") + std::string(name);
  try {
    set();
  } catch (Error& error) {
    if (!std::string_view(error.what()).starts_with(name)) error.within(name);
    throw;
  }
}

// Gives the names of the options that were typed.
std::string apply(const DataSource& source, data::Preprocessing& target) {
  std::string given;
  set_option("--preset", !source.preset.empty(), given, [&] { target.set_preset(source.preset); });
  set_option("--scale", !source.scale.empty(), given, [&] { target.divide_by = divisor_of(source.scale); });
  set_option("--mean", !source.mean.empty(), given, [&] { target.mean = source.mean; });
  set_option("--std", !source.std.empty(), given, [&] {
    for (const double value : source.std) {
      if (value == 0) throw Error(ErrorCode::kInvalidArgument, "", "expected numbers other than 0");
    }
    target.std = source.std;
  });
  set_option("--resize", !source.resize.empty(), given, [&] { target.resize = data::extent_from_text(source.resize); });
  set_option("--interpolation", !source.interpolation.empty(), given,
             [&] { target.interpolation = data::interpolation_from_name(source.interpolation); });
  set_option("--crop-to-aspect-ratio", source.crop_to_aspect_ratio, given, [&] { target.crop_to_aspect_ratio = true; });
  set_option("--crop", !source.crop.empty(), given, [&] { target.crop = data::extent_from_text(source.crop); });
  set_option("--channel-order", !source.channel_order.empty(), given, [&] {
    if (source.channel_order != "rgb" && source.channel_order != "bgr")
      throw Error(ErrorCode::kInvalidArgument, "",
                  fmt::format("expected rgb or bgr, found `{}`", source.channel_order));
    target.channel_order = source.channel_order == "rgb" ? data::ChannelOrder::kRgb : data::ChannelOrder::kBgr;
  });
  return given;
}

struct Merged {
  data::Preprocessing preprocessing;
  std::string note;  // that something saved is used; "" when nothing is
};

// What was saved beside the graph, changed by what was typed.
Merged merged(const DataSource& source, const std::filesystem::path& graph) {
  const auto saved = data::Preprocessing::load_beside(graph);
  Merged result{saved.value_or(data::Preprocessing{}), ""};
  const std::string given = apply(source, result.preprocessing);
  if (saved) {
    result.note =
        fmt::format("preprocessing as {} says{}: {}", data::Preprocessing::path_beside(graph).string(),
                    given.empty() ? "" : fmt::format(", but for {}", given), result.preprocessing.to_string());
  }
  return result;
}

void add_preprocessing_options(CLI::App& app, DataSource& source) {
  constexpr const char* kGroup =
      "Preprocessing (saved beside the graph by --save-preprocessing; a model that has its own inside, Rescaling or "
      "Normalization, wants --preset none)";
  const auto add = [&](const char* name, auto& target, const char* text) {
    return app.add_option(name, target, text)->group(kGroup);
  };
  add("--preset", source.preset,
      "scale (x/255, as bytes are by default), none, or as keras.applications' preprocess_input: tf, caffe, torch");
  add("--scale", source.scale, "Multiply values by this: a number, or a fraction such as 1/255");
  add("--mean", source.mean,
      "Then subtract: one number, or one per channel; of values divided by 255 unless --scale or --preset says "
      "otherwise")
      ->delimiter(',')
      ->allow_extra_args(false);
  add("--std", source.std, "Then divide: one number, or one per channel")->delimiter(',')->allow_extra_args(false);
  add("--resize", source.resize, "HEIGHTxWIDTH of pictures (default: what the graph takes)");
  add("--interpolation", source.interpolation,
      "nearest, bilinear (default), bicubic, area, lanczos3, lanczos5, gaussian or mitchellcubic, as Keras resizes");
  app.add_flag("--crop-to-aspect-ratio", source.crop_to_aspect_ratio,
               "Cut pictures to the aspect ratio before they are resized, as Keras' option of that name")
      ->group(kGroup);
  add("--crop", source.crop, "HEIGHTxWIDTH of the middle to take after resizing");
  add("--channel-order", source.channel_order, "rgb (default) or bgr");
  app.add_flag("--save-preprocessing", source.save_preprocessing,
               "Write it to GRAPH.preprocessing.json, which every later run on that graph uses")
      ->group(kGroup);
}

}  // namespace

void add_data_options(CLI::App& app, DataSource& source) {
  app.add_option("-d,--data,--dataset", source.path,
                 "Labelled data, recognised by what it holds: CSV, .npz, .npy, HDF5, IDX (.gz), CIFAR, a folder of "
                 "pictures in a folder per class, a list of pictures, or a folder of such");
  app.add_flag("--train-split", source.train_split, "Of a folder that holds both, the training examples");
  app.add_option("--label-column", source.label_column,
                 "The label's column of a CSV, by name or number from 1 (default: the one named label, class, target "
                 "or y, else the first)");
  app.add_option("--labels", source.labels, "Labels of a .npy, or of another file without: a .npy or an IDX file");
  app.add_option("--classes", source.classes,
                 "The classes' names in the model's order: a text, a name a line, or Keras' imagenet_class_index.json");
  if (app.get_option_no_throw("--strict") == nullptr)
    app.add_flag("--strict", source.is_strict, "Stop at a picture that cannot be decoded, rather than leave it out");
  add_preprocessing_options(app, source);
}

data::Preprocessing preprocessing(const DataSource& source, const std::filesystem::path& graph) {
  return merged(source, graph).preprocessing;
}

data::OpenOptions open_options(const DataSource& source, const std::filesystem::path& graph, int threads) {
  data::OpenOptions options;
  options.split = source.train_split ? data::Split::kTrain : data::Split::kTest;
  Merged how = merged(source, graph);
  options.preprocessing = std::move(how.preprocessing);
  if (!how.note.empty()) note(how.note);
  options.label_column = source.label_column;
  options.labels = source.labels;
  options.classes = source.classes;
  options.is_strict = source.is_strict;
  options.threads = threads;
  return options;
}

data::DataSet open_data(const DataSource& source, const data::ExampleFormat& format, const std::filesystem::path& graph,
                        int threads) {
  std::filesystem::path path = source.path;
  if (path.empty()) {
    path = embedded_examples(format.shape);
    note(fmt::format("no --dataset given: the example images in {} are used", path.string()));
  }
  const data::OpenOptions options = open_options(source, graph, threads);
  data::DataSet examples = data::DataSet::open(path, format, options);
  for (const std::string& text : examples.notes()) note(text);
  if (source.save_preprocessing) {
    const auto file = data::Preprocessing::path_beside(graph);
    write_file(file, options.preprocessing.to_json());
    note(fmt::format("preprocessing saved to {}", file.string()));
  }
  return examples;
}

void note_skipped(const data::DataSet& examples) {
  constexpr size_t kMostNamed = 3;
  const auto skipped = examples.skipped();
  if (skipped.empty()) return;
  std::string text =
      fmt::format("{} {} left out, for {} cannot be decoded:", skipped.size(),
                  skipped.size() == 1 ? "picture was" : "pictures were", skipped.size() == 1 ? "it" : "they");
  for (size_t i = 0; i < std::min(skipped.size(), kMostNamed); ++i)
    text += fmt::format("{} {} ({})", i == 0 ? "" : ",", skipped[i].name, skipped[i].reason);
  if (skipped.size() > kMostNamed) text += ", …";
  note(text);
}

}  // namespace hoarfrost::cli
