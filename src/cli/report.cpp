#include "cli/report.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>

#include "ops/op.h"

namespace hoarfrost::cli {
namespace {

bool is_number(const std::string& cell) {
  return !cell.empty() && std::ranges::all_of(cell, [](char c) { return std::string_view("0123456789.,-+e% ").find(c) != std::string_view::npos; });
}

}  // namespace

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  std::vector<bool> to_the_right(header.size(), !rows.empty());
  for (const auto& cell : header) widths.push_back(cell.size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
      to_the_right[i] = to_the_right[i] && (row[i].empty() || is_number(row[i]));
    }
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      text += to_the_right[i] ? fmt::format("{:>{}}", cells[i], widths[i]) : fmt::format("{:<{}}", cells[i], widths[i]);
      text += i + 1 < cells.size() ? "  " : "";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text = line(header);
  size_t total = 0;
  for (const size_t width : widths) total += width + 2;
  text += std::string(total - 2, '-') + "\n";
  for (const auto& row : rows) text += line(row);
  return text;
}

std::string size_text(uint64_t n_bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB"};
  auto size = static_cast<double>(n_bytes);
  size_t unit = 0;
  for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return unit == 0 ? fmt::format("{} B", n_bytes) : fmt::format("{:.1f} {}", size, kUnits[unit]);
}

void note(std::string_view text) { fmt::print(stderr, "hoarfrost: note: {}\n", text); }

Json to_json(const EndpointReport& endpoint) {
  Json shape = Json::array();
  for (const int64_t size : endpoint.shape.sizes()) shape.push_back(size < 0 ? Json(nullptr) : Json(size));
  return {{"name", endpoint.name}, {"dtype", dtype_name(endpoint.dtype)}, {"shape", endpoint.shape.has_rank() ? shape : Json(nullptr)}};
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
  for (const auto& input : signature.inputs) rows.push_back({"input", input.name, std::string(dtype_name(input.dtype)), input.shape.to_string()});
  for (const auto& output : signature.outputs) rows.push_back({"output", output.name, std::string(dtype_name(output.dtype)), output.shape.to_string()});
  return table({"", "node", "type", "shape"}, rows);
}

void print_json(const Json& json) { fmt::print("{}\n", json.dump()); }

void expect_different(const std::filesystem::path& output, const std::filesystem::path& input) {
  std::error_code error;
  if (std::filesystem::equivalent(output, input, error)) {
    throw Error(ErrorCode::kInvalidArgument, output.string(), "the output is the input itself; name another file");
  }
}

}  // namespace hoarfrost::cli
