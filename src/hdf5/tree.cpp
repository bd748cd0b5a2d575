#include "hdf5/tree.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "hdf5/child.h"
#include "hdf5/walk.h"

namespace hoarfrost::hdf5 {
namespace {

constexpr unsigned char kSignature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
constexpr uint64_t kLargestIndex = uint64_t{1} << 30U;

Index index_of(const Source& source) {
  const auto bytes = in_child(
      [&] {
        std::vector<std::byte> result;
        const auto cbor = Index::to_cbor(walk(source));
        result.resize(cbor.size());
        std::memcpy(result.data(), cbor.data(), cbor.size());
        return result;
      },
      kLargestIndex);
  if (!bytes) return {};
  const auto* first = reinterpret_cast<const uint8_t*>(bytes->data());
  Index index = Index::from_cbor(first, first + bytes->size(), true, false);
  return index.is_object() ? index : Index();
}

}  // namespace

struct Tree::State {
  Source source;
  std::string place;
  Index index;

  [[noreturn]] void fail(ErrorCode code, std::string_view path, std::string_view message) const {
    throw Error(code, fmt::format("{}:{}", place, path), message);
  }

  // The object at the path, or nullptr.
  [[nodiscard]] const Index* object(std::string_view path) const {
    const Index* current = &index;
    while (true) {
      path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
      if (path.empty()) return current;
      const std::string_view name = path.substr(0, path.find('/'));
      const auto children = current->find("children");
      if (children == current->end()) return nullptr;
      const auto child = children->find(name);
      if (child == children->end()) return nullptr;
      current = &*child;
      path.remove_prefix(name.size());
    }
  }

  [[nodiscard]] std::optional<std::vector<std::string>> strings(std::string_view path,
                                                                const std::string& attribute) const {
    const Index* found = object(path);
    if (found == nullptr || !found->contains("attributes")) return {};
    const Index& attributes = found->at("attributes");
    const auto value = attributes.find(attribute);
    if (value == attributes.end()) return {};
    if (value->is_null())
      fail(ErrorCode::kCorrupt, path,
           fmt::format("attribute `{}`: expected strings, found what cannot be read as such", attribute));
    return value->get<std::vector<std::string>>();
  }
};

bool is_hdf5(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof(kSignature) && std::memcmp(bytes.data(), kSignature, sizeof(kSignature)) == 0;
}

std::string join(std::string_view group, std::string_view name) {
  if (group.empty() || group == "/") return fmt::format("/{}", name);
  return fmt::format("{}/{}", group, name);
}

Tree::Tree(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->index = index_of(state_->source);
  if (state_->index.is_null()) {
    throw Error(ErrorCode::kCorrupt, state_->place,
                "begins like HDF5 but cannot be read: damaged, or cut short (was the download complete?)");
  }
}

std::shared_ptr<const Tree> Tree::open(FileRange range, std::string place, bool has_optimizer) {
  auto state = std::make_unique<State>();
  state->source.has_optimizer = has_optimizer;
  state->source.range = std::move(range);
  state->place = std::move(place);
  return std::shared_ptr<const Tree>(new Tree(std::move(state)));
}

std::shared_ptr<const Tree> Tree::open(std::shared_ptr<const std::vector<std::byte>> bytes, std::string place,
                                       bool has_optimizer) {
  auto state = std::make_unique<State>();
  state->source.has_optimizer = has_optimizer;
  state->source.memory = std::move(bytes);
  state->place = std::move(place);
  return std::shared_ptr<const Tree>(new Tree(std::move(state)));
}

Tree::~Tree() = default;

std::string Tree::where(std::string_view path) const { return fmt::format("{}:{}", state_->place, path); }

Kind Tree::kind(std::string_view path) const {
  const Index* found = state_->object(path);
  if (found == nullptr) return Kind::kNothing;
  return found->contains("children") ? Kind::kGroup : Kind::kDataset;
}

std::vector<std::string> Tree::children(std::string_view path) const {
  if (kind(path) != Kind::kGroup)
    state_->fail(ErrorCode::kCorrupt, path, "expected a group, found none that can be read");
  std::vector<std::string> result;
  for (const auto& [name, child] : state_->object(path)->at("children").items()) result.push_back(name);
  return result;
}

std::optional<std::string> Tree::text(std::string_view path, std::string_view attribute) const {
  const auto strings = state_->strings(path, std::string(attribute));
  if (!strings) return {};
  if (strings->size() != 1)
    state_->fail(ErrorCode::kCorrupt, path,
                 fmt::format("attribute `{}`: expected one string, found {}", attribute, strings->size()));
  return strings->front();
}

std::optional<std::vector<std::string>> Tree::names(std::string_view path, std::string_view attribute) const {
  auto result = state_->strings(path, std::string(attribute));
  if (result) return result;
  for (size_t i = 0;; ++i) {
    const auto chunk = state_->strings(path, fmt::format("{}{}", attribute, i));
    if (!chunk) return result;
    if (!result) result.emplace();
    result->insert(result->end(), chunk->begin(), chunk->end());
  }
}

std::optional<Tree::Description> Tree::describe(std::string_view path) const {
  const Index* found = state_->object(path);
  if (found == nullptr || found->contains("children")) return {};
  if (found->contains("error"))
    state_->fail(static_cast<ErrorCode>(found->at("code").get<int>()), path, found->at("error").get<std::string>());
  Description result{
      static_cast<DType>(found->at("dtype").get<int>()), Shape(found->at("shape").get<std::vector<int64_t>>()), {}};
  const Source& source = state_->source;
  const uint64_t n_bytes = static_cast<uint64_t>(result.shape.n_elements()) * dtype_size(result.dtype);
  if (const auto offset = found->find("offset"); offset != found->end()) {
    const auto at = offset->get<uint64_t>();
    if (at > source.n_bytes() || n_bytes > source.n_bytes() - at)
      state_->fail(ErrorCode::kCorrupt, path, "the values lie outside the file");
    result.range = FileRange{source.range.file, source.range.offset + at, n_bytes};
  }
  return result;
}

Tensor Tree::dataset(std::string_view path) const {
  const auto found = describe(path);
  if (!found) state_->fail(ErrorCode::kCorrupt, path, "expected a dataset, found none");
  const auto& [dtype, shape, range] = *found;
  const Source& source = state_->source;
  const uint64_t n_bytes = static_cast<uint64_t>(shape.n_elements()) * dtype_size(dtype);
  if (range && range->file) return {dtype, shape, *range};
  if (range) return {dtype, shape, {source.memory->data() + range->offset, n_bytes}, source.memory};
  if (n_bytes == 0) return {dtype, shape};
  const auto bytes = in_child([&] { return read_values(source, path, {}); }, n_bytes);
  if (!bytes || bytes->size() != n_bytes)
    state_->fail(ErrorCode::kCorrupt, path, "the values cannot be read: the file is damaged or cut short");
  return {dtype, shape, *bytes, bytes};
}

Tensor Tree::rows(std::string_view path, int64_t first, int64_t n) const {
  const auto found = describe(path);
  if (!found || found->shape.rank() == 0 || first < 0 || n < 0 || n > found->shape[0] - first)
    state_->fail(ErrorCode::kInvalidArgument, path, "has no such rows");
  Shape shape = found->shape;
  shape[0] = n;
  const uint64_t n_bytes = static_cast<uint64_t>(shape.n_elements()) * dtype_size(found->dtype);
  if (n_bytes == 0) return {found->dtype, shape};
  const auto bytes = in_child(
      [&] {
        return read_values(state_->source, path, {{static_cast<uint64_t>(first), static_cast<uint64_t>(n)}});
      },
      n_bytes);
  if (!bytes || bytes->size() != n_bytes)
    state_->fail(ErrorCode::kCorrupt, path, "the values cannot be read: the file is damaged or cut short");
  return {found->dtype, shape, *bytes, bytes};
}

}  // namespace hoarfrost::hdf5
