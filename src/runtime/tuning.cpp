#include "runtime/tuning.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <algorithm>
#include <dnnl.hpp>
#include <fstream>

#include "base/crc32c.h"

namespace hoarfrost::runtime {
namespace {

constexpr std::string_view kMagic = "hoarfrost tuning 1";

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 1);
  }
  return " unknown";
}

class Digest {
 public:
  void add(std::string_view text) { crc_ = crc32c(std::as_bytes(std::span(text)), crc_); }
  void add(std::span<const std::byte> bytes) { crc_ = crc32c(bytes, crc_); }
  [[nodiscard]] uint32_t value() const { return crc_; }

 private:
  uint32_t crc_ = 0;
};

void add_constant(Digest& digest, const Tensor& tensor) {
  constexpr size_t kEnd = 1024;
  digest.add(tensor.shape().to_string());
  if (dtype_size(tensor.dtype()) == 0) return;
  const auto bytes = tensor.bytes();
  digest.add(bytes.first(std::min(kEnd, bytes.size())));
  digest.add(bytes.last(std::min(kEnd, bytes.size())));
}

}  // namespace

Tuning::Tuning(std::filesystem::path file, std::string fingerprint)
    : file_(std::move(file)), fingerprint_(std::move(fingerprint)) {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) return;
  const auto opened = File::open(file_);
  std::string_view text = opened->text();
  const auto next_line = [&] {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
  };
  if (next_line() != kMagic) {
    throw Error(ErrorCode::kInvalidArgument, file_.string(),
                fmt::format("expected a file that --tuning wrote (its first line is `{}`); name another file", kMagic));
  }
  if (next_line() != fingerprint_) return;  // another graph or machine: its choices are not ours
  while (!text.empty()) {
    const std::string_view line = next_line();
    const auto tab = line.find('\t');
    if (tab != std::string_view::npos) choices_.emplace(line.substr(0, tab), line.substr(tab + 1));
  }
}

std::optional<std::string> Tuning::find(const std::string& key) const {
  const auto found = choices_.find(key);
  if (found == choices_.end()) return {};
  return found->second;
}

void Tuning::keep(const std::string& key, const std::string& value) {
  choices_[key] = value;
  is_new_ = true;
}

bool Tuning::decided(const std::string& key, const std::function<bool()>& decide) {
  if (const auto found = find(key)) return *found == "yes";
  const bool answer = decide();
  keep(key, answer ? "yes" : "no");
  return answer;
}

void Tuning::write() {
  if (file_.empty() || !is_new_) return;
  std::string text = fmt::format("{}\n{}\n", kMagic, fingerprint_);
  for (const auto& [key, value] : choices_) text += fmt::format("{}\t{}\n", key, value);
  write_file(file_, text);
  is_new_ = false;
}

std::string fingerprint_of(const graph::Graph& graph) {
  Digest digest;
  for (const auto& node : graph.nodes()) {
    digest.add(node->name());
    digest.add(node->op());
    for (const auto& input : node->inputs) digest.add(input.name());
    if (node->op() == "Const") add_constant(digest, node->get<Tensor>("value"));
  }
  const auto* version = dnnl_version();
  return fmt::format("graph {:08x}, oneDNN {}.{}.{}, vectors {}, processor{}", digest.value(), version->major,
                     version->minor, version->patch, static_cast<int>(dnnl::get_effective_cpu_isa()), processor());
}

}  // namespace hoarfrost::runtime
