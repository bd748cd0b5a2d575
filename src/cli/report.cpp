#include "cli/report.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <array>

#include "base/text_table.h"
#include "distributed/group.h"
#include "ops/op.h"

namespace hoarfrost::cli {
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  return text_table(header, rows);
}

std::string size_text(uint64_t n_bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB"};
  auto size = static_cast<double>(n_bytes);
  size_t unit = 0;
  for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return unit == 0 ? fmt::format("{} B", n_bytes) : fmt::format("{:.1f} {}", size, kUnits[unit]);
}

void note(std::string_view text) {
  if (distributed::rank_by_environment() == 0)
    fmt::print(stderr, "hoarfrost: note: {}\n", text);  // one of mpirun's processes says it
}

Json to_json(const EndpointReport& endpoint) {
  Json shape = Json::array();
  for (const int64_t size : endpoint.shape.sizes()) shape.push_back(size < 0 ? Json(nullptr) : Json(size));
  return {{"name", endpoint.name},
          {"dtype", dtype_name(endpoint.dtype)},
          {"shape", endpoint.shape.has_rank() ? shape : Json(nullptr)}};
}

SignatureReport report(const graph::Graph& graph, const graph::Signature& signature) {
  const auto known = ops::infer(graph);
  const auto describe = [&](const std::vector<graph::Endpoint>& endpoints) {
    std::vector<EndpointReport> result;
    for (const auto& endpoint : endpoints) {
      const auto& what = known.at(endpoint);
      result.push_back({endpoint.name(), what.dtype, what.shape});
    }
    return result;
  };
  return {describe(signature.inputs), describe(signature.outputs)};
}

std::string to_text(const SignatureReport& signature) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& input : signature.inputs)
    rows.push_back({"input", input.name, std::string(dtype_name(input.dtype)), input.shape.to_string()});
  for (const auto& output : signature.outputs)
    rows.push_back({"output", output.name, std::string(dtype_name(output.dtype)), output.shape.to_string()});
  return table({"", "node", "type", "shape"}, rows);
}

// Names of files need not be UTF-8.
void print_json(const Json& json) { fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace)); }

void expect_different(const std::filesystem::path& output, const std::filesystem::path& input) {
  std::error_code error;
  if (std::filesystem::equivalent(output, input, error)) {
    throw Error(ErrorCode::kInvalidArgument, output.string(), "the output is the input itself; name another file");
  }
}

}  // namespace hoarfrost::cli
