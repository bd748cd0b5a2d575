// keras::load: which kind of file it is, and then its model and weights.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "hdf5/tree.h"
#include "keras/architecture.h"
#include "keras/archive.h"
#include "keras/file_kind.h"
#include "keras/legacy/weights.h"
#include "keras/shapes.h"
#include "keras/substitution.h"
#include "keras/tensorflow_js.h"
#include "keras/weights.h"

namespace hoarfrost::keras {
namespace {

FileRange whole(const std::shared_ptr<const File>& file) { return {file, 0, file->size()}; }

std::shared_ptr<Model> parse_architecture(const Json& json, const std::optional<std::string>& version_text,
                                          const hdf5::Tree* weights, const LoadOptions& options,
                                          const std::string& place) {
  const std::string stated = version_text ? *version_text : json.is_object() ? text_at(json, "keras_version") : "";
  try {
    Version version = parse_version(stated).value_or(version_by_dialect(json));
    version.is_theano = legacy::is_theano(weights, json, version);
    return parse_model(substituted(json, options, weights), version);
  } catch (Error& error) {
    throw error.within(place);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kCorrupt, place,
                fmt::format("the model's JSON does not follow Keras' scheme: {}", error.what()));
  }
}

std::string names_of_inputs(const Model& model) {
  std::string names;
  for (const TensorRef& input : model.inputs)
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", model.layers[input.layer].name);
  return names;
}

// Sizes that a person gives for what the file leaves open.
void set_input_shapes(Model& model, const std::map<std::string, Shape>& shapes) {
  for (const auto& [name, shape] : shapes) {
    const auto found = std::ranges::find_if(
        model.inputs, [&, &wanted = name](const TensorRef& ref) { return model.layers[ref.layer].name == wanted; });
    const bool is_only = name.empty() && model.inputs.size() == 1;
    if (found == model.inputs.end() && !is_only) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("model `{}`", model.name),
                  name.empty() ? fmt::format("has {} inputs: say which one, as {}=1,32,32,3", model.inputs.size(),
                                             model.layers[model.inputs[0].layer].name)
                               : fmt::format("has no input `{}`; its inputs: {}", name, names_of_inputs(model)));
    }
    ModelLayer& input = model.layers[is_only ? model.inputs[0].layer : found->layer];
    Shape result = shape;
    bool agrees = !input.input_shape.has_rank() || input.input_shape.rank() == shape.rank();
    for (int axis = 0; agrees && input.input_shape.has_rank() && axis < shape.rank(); ++axis) {
      const int64_t declared = input.input_shape[axis];
      if (result[axis] == kUnknown) result[axis] = declared;
      agrees = declared == kUnknown || declared == result[axis];
    }
    if (!agrees) {
      throw Error(
          ErrorCode::kInvalidArgument, fmt::format("input `{}`", input.name),
          fmt::format("the file says {}, which {} contradicts", input.input_shape.to_string(), shape.to_string()));
    }
    input.input_shape = result;
  }
}

// Weights of whichever layout, at the root or where a complete file has them.
void load_weights(const hdf5::Tree& tree, const std::vector<LayerSlots>& slots, Version version) {
  for (const auto* root : {"/model_weights", "/"}) {
    switch (weight_layout(tree, root)) {
      case WeightLayout::kKeras0:
      case WeightLayout::kLegacy:
        return load_legacy_weights(tree, root, slots, version);
      case WeightLayout::kV3:
        return load_v3_weights(tree, root, slots);
      case WeightLayout::kNone:
        break;
    }
  }
  throw Error(ErrorCode::kCorrupt, tree.where("/"),
              "expected a model's weights (`layer_names`, `model_weights` or `layers`), found none");
}

[[noreturn]] void fail_weights_only(const hdf5::Tree& tree, const std::string& place) {
  const char* root = weight_layout(tree, "/") == WeightLayout::kNone ? "/model_weights" : "/";
  const WeightLayout layout = weight_layout(tree, root);
  if (layout == WeightLayout::kNone) {
    throw Error(
        ErrorCode::kInvalidArgument, place,
        "expected a Keras model, found HDF5 with neither a model (`model_config`) nor weights (`layer_names`) in it");
  }
  const size_t n = layout == WeightLayout::kLegacy ? tree.names(root, "layer_names")->size() : 0;
  throw Error(ErrorCode::kInvalidArgument, place,
              fmt::format("holds weights only{}: give the architecture too, as MODEL.json --weights {} (Keras: "
                          "model.to_json(); `hoarfrost inspect` shows what the weights imply)",
                          n > 0 ? fmt::format(", of {} layers", n) : "", place));
}

struct Opened {
  std::shared_ptr<const File> file;
  std::string place;
  FileKind kind;
};

Opened open(const std::filesystem::path& path) {
  if (std::filesystem::exists(path / "saved_model.pb")) {
    throw Error(ErrorCode::kInvalidArgument, path.string(),
                fmt::format("expected a Keras model (.h5, .keras, JSON or YAML), found a SavedModel: freeze it with "
                            "`hoarfrost freeze-graph --input_saved_model_dir={}`",
                            path.string()));
  }
  auto file = File::open(path);
  const FileKind kind = file_kind(*file);
  std::string place = path.string();
  if (kind == FileKind::kOther)
    throw Error(ErrorCode::kInvalidArgument, place,
                fmt::format("expected a Keras model (.h5, .keras, JSON or YAML), found {}", describe(*file)));
  return {std::move(file), std::move(place), kind};
}

std::shared_ptr<const hdf5::Tree> open_weights(const std::filesystem::path& path) {
  const Opened opened = open(path);
  if (opened.kind == FileKind::kHdf5) return hdf5::Tree::open(whole(opened.file), opened.place);
  if (opened.kind == FileKind::kZip) {
    if (auto tree = read_archive(path).weights) return tree;
    throw Error(ErrorCode::kCorrupt, opened.place, "has no `model.weights.h5`");
  }
  throw Error(ErrorCode::kInvalidArgument, opened.place, "expected weights (.h5), found an architecture");
}

// What puts weights into a model's slots; null: there are none.
using Fill = std::function<void(const std::vector<LayerSlots>& slots)>;

Fill from_tree(std::shared_ptr<const hdf5::Tree> weights, Version version) {
  if (!weights) return nullptr;
  return [weights = std::move(weights), version](const auto& slots) { load_weights(*weights, slots, version); };
}

void fill_with_zeros(const std::vector<LayerSlots>& slots) {
  for (const LayerSlots& layer : slots) {
    for (const WeightSlot& slot : layer.own) fill(slot, Tensor(slot.layer->variable_dtype, slot.spec.shape), "");
    fill_with_zeros(layer.layers);
  }
}

void finish(Model& model, const Fill& fill, const LoadOptions& options, const std::string& place) {
  std::vector<LayerSlots> slots;
  try {
    set_input_shapes(model, options.input_shapes);
    slots = plan_weights(model);
  } catch (Error& error) {
    throw error.within(place);
  }
  if (options.architecture_only) return;
  if (fill) return fill(slots);
  if (options.zero_weights) return fill_with_zeros(slots);
  if (!std::ranges::all_of(slots, [](const LayerSlots& layer) { return layer.empty(); })) {
    throw Error(ErrorCode::kInvalidArgument, place,
                "holds an architecture without weights: give them too, with --weights WEIGHTS.h5");
  }
}

std::shared_ptr<const Model> load_hdf5(const std::shared_ptr<const hdf5::Tree>& tree, const std::string& place,
                                       const LoadOptions& options) {
  const auto config = tree->text("/", "model_config");
  if (!config) fail_weights_only(*tree, place);
  const Json json = parse_json(*config, tree->where("/model_config"));
  const auto weights = options.weights.empty() ? tree : open_weights(options.weights);
  const auto model = parse_architecture(json, tree->text("/", "keras_version"), weights.get(), options, place);
  model->training_config = tree->text("/", "training_config").value_or("");
  finish(*model, from_tree(weights, model->version), options, place);
  return model;
}

std::shared_ptr<const Model> load_tensorflow_js(const Opened& opened, const LoadOptions& options) {
  const Json json = parse_json(opened.file->text(), opened.place);
  const Json architecture = tensorflow_js_architecture(json, opened.place);
  const auto model = parse_architecture(architecture, {}, nullptr, options, opened.place);
  const auto from_manifest = [&](const std::vector<LayerSlots>& slots) {
    load_tensorflow_js_weights(json, opened.file->path().parent_path(), slots, opened.place);
  };
  const bool has_others = !options.weights.empty();
  finish(*model, has_others ? from_tree(open_weights(options.weights), model->version) : from_manifest, options,
         opened.place);
  return model;
}

std::shared_ptr<const Model> load_text(const Opened& opened, const LoadOptions& options) {
  const std::string_view text = opened.file->text();
  const Json json = opened.kind == FileKind::kYaml ? parse_yaml(text, opened.place) : parse_json(text, opened.place);
  const auto weights = options.weights.empty() ? nullptr : open_weights(options.weights);
  const auto model = parse_architecture(json, {}, weights.get(), options, opened.place);
  finish(*model, from_tree(weights, model->version), options, opened.place);
  return model;
}

std::shared_ptr<const Model> load_zip(const Opened& opened, const LoadOptions& options) {
  if (const auto tree = only_hdf5_in(opened.file->path())) return load_hdf5(tree, opened.place, options);
  const Archive archive = read_archive(opened.file->path());
  Json json = parse_json(archive.config, opened.place + ":config.json");
  add_vocabularies(json, archive.vocabularies);
  const auto weights = options.weights.empty() ? archive.weights : open_weights(options.weights);
  const auto model = parse_architecture(json, archive.version, weights.get(), options, opened.place);
  finish(*model, from_tree(weights, model->version), options, opened.place);
  return model;
}

}  // namespace

std::shared_ptr<const Model> load(const std::filesystem::path& path, const LoadOptions& options) {
  const Opened opened = open(path);
  switch (opened.kind) {
    case FileKind::kHdf5:
      return load_hdf5(hdf5::Tree::open(whole(opened.file), opened.place), opened.place, options);
    case FileKind::kZip:
      return load_zip(opened, options);
    case FileKind::kTensorflowJs:
      return load_tensorflow_js(opened, options);
    default:
      return load_text(opened, options);
  }
}

}  // namespace hoarfrost::keras
