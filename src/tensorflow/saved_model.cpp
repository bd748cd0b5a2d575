#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <set>

#include "tensorflow/checkpoint.h"
#include "tensorflow/meta_graph.h"
#include "tensorflow/text_format.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

namespace fs = std::filesystem;
using Tags = std::set<std::string>;

Tags split_tags(const std::string& text) {
  Tags tags;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    if (comma > start) tags.insert(text.substr(start, comma - start));
    start = comma + 1;
  }
  return tags;
}

// MetaGraphDef 1: meta_info_def { 4: tags … }
Tags tags_of(std::string_view meta_graph) {
  Tags tags;
  WireReader reader(meta_graph);
  for (WireField field; reader.next(field);) {
    if (field.number != 1) continue;
    WireReader info(field.payload);
    for (WireField part; info.next(part);) {
      if (part.number == 4 && part.type == WireType::kBytes) tags.emplace(part.payload);
    }
  }
  return tags;
}

// Which MetaGraphs there are, for the message when the wanted one is not.
class Choice {
 public:
  explicit Choice(Tags wanted) : wanted_(std::move(wanted)) {}

  bool is_wanted(const Tags& tags) {
    found_.push_back(fmt::format("{}", fmt::join(tags, ",")));
    return tags == wanted_;
  }
  [[noreturn]] void fail() const {
    throw Error(
        ErrorCode::kInvalidArgument, "",
        fmt::format("no MetaGraph has the tags `{}`; there are: {}", fmt::join(wanted_, ","), fmt::join(found_, "; ")));
  }

 private:
  Tags wanted_;
  std::vector<std::string> found_;
};

MetaGraph read_binary(const std::shared_ptr<const File>& file, Choice& choice) {
  WireReader reader(file->text());
  for (WireField field; reader.next(field);) {
    if (field.number != 2 || field.type != WireType::kBytes) continue;
    if (choice.is_wanted(tags_of(field.payload))) return decode_meta_graph(field.payload, file);
  }
  choice.fail();
}

MetaGraph read_text(const std::shared_ptr<const File>& file, Choice& choice) {
  proto::SavedModel message;
  parse_text(file->text(), message);
  for (const auto& meta_graph : message.meta_graphs()) {
    const auto& tags = meta_graph.meta_info_def().tags();
    if (choice.is_wanted(Tags(tags.begin(), tags.end()))) return meta_graph_from_proto(meta_graph);
  }
  choice.fail();
}

// The name under which a checkpoint keeps what comes out of this endpoint, or "": RestoreV2 takes the file, the names
// and the slices.
std::string restored_name(graph::Endpoint value) {
  while (value.node->op() == "Identity" && !value.node->inputs.empty()) value = value.node->inputs[0];
  if (value.node->op() != "RestoreV2" || value.node->inputs.size() != 3) return "";
  const graph::Node& names = *value.node->inputs[1].node;
  if (names.op() != "Const" || names.value().dtype() != DType::kString) return "";
  const auto all = names.value().strings();
  return static_cast<size_t>(value.index) < all.size() ? std::string(all[static_cast<size_t>(value.index)]) : "";
}

}  // namespace

graph::Variables read_variables(const SavedModel& saved) {
  if (saved.variables_prefix.empty()) return {};
  graph::Variables values = read_checkpoint(saved.variables_prefix);
  const graph::Node* restore = saved.meta_graph.graph.find(saved.meta_graph.restore_op_name);
  if (restore == nullptr || !restore->op().ends_with("PartitionedCall")) return values;
  graph::Graph graph = saved.meta_graph.graph.clone();
  inline_functions(graph);
  graph::Variables result;
  for (const auto& node : graph.nodes()) {
    if (node->op() != "AssignVariableOp" || node->inputs.size() != 2) continue;
    const auto found = values.find(restored_name(node->inputs[1]));
    if (found != values.end()) result[node->inputs[0].node->name()] = found->second;
  }
  return result;
}

SavedModel read_saved_model(const fs::path& folder, const std::string& tags) {
  const bool is_text = !fs::exists(folder / "saved_model.pb") && fs::exists(folder / "saved_model.pbtxt");
  const auto file = File::open(folder / (is_text ? "saved_model.pbtxt" : "saved_model.pb"));
  SavedModel result;
  try {
    Choice choice(split_tags(tags));
    result.meta_graph = is_text ? read_text(file, choice) : read_binary(file, choice);
  } catch (Error& error) {
    error.within(file->path().string());
    throw;
  }
  const fs::path prefix = folder / "variables" / "variables";
  if (fs::exists(index_path(prefix))) result.variables_prefix = prefix;
  return result;
}

}  // namespace hoarfrost::tensorflow
