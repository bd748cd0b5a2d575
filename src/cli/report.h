// What commands print: tables for people on stdout, or one JSON object for machines.
#pragma once

#include <hoarfrost/graph.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hoarfrost::cli {

using Json = nlohmann::ordered_json;

// Rows under a header, columns padded to their widest cell. Cells that are all numbers stand to the right.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

// "1.4 MB", in powers of 1000, as file managers say it.
std::string size_text(uint64_t n_bytes);

// A note to the person, on stderr.
void note(std::string_view text);

// One endpoint for people and for JSON: {"name", "dtype", "shape"}, unknown sizes as null.
struct EndpointReport {
  std::string name;
  DType dtype;
  Shape shape;
};
Json to_json(const EndpointReport& endpoint);
// The signature's endpoints with the types and shapes that the ops say.
struct SignatureReport {
  std::vector<EndpointReport> inputs;
  std::vector<EndpointReport> outputs;
};
SignatureReport report(const graph::Graph& graph, const graph::Signature& signature);
// The inputs and outputs as a table.
std::string to_text(const SignatureReport& signature);

void print_json(const Json& json);

// Throws Error{kInvalidArgument} when the output is the same file as an input.
void expect_different(const std::filesystem::path& output, const std::filesystem::path& input);

}  // namespace hoarfrost::cli
