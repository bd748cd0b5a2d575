#include "tensorflow/text_format.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <hoarfrost/error.h>

#include <cmath>

namespace hoarfrost::tensorflow {
namespace {

using google::protobuf::TextFormat;

constexpr int kMaxDepth = 100;  // as protobuf's binary parser

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Python's repr of a double: the shortest digits that read back as it, an exponent below 1e-4 and from 1e16 on.
std::string python_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double magnitude = std::abs(value);
  if (magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16)) {
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }
  return fmt::format("{}", value);
}

class PythonValues : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintFloat(float value, TextFormat::BaseTextGenerator* out) const override {
    out->PrintString(python_repr(static_cast<double>(value)));
  }
  void PrintDouble(double value, TextFormat::BaseTextGenerator* out) const override {
    out->PrintString(python_repr(value));
  }
};

}  // namespace

bool is_text_format(std::string_view content) {
  size_t i = 0;
  const auto skip = [&](std::string_view characters) {
    i = std::min(content.find_first_not_of(characters, i), content.size());
  };
  for (skip(" \t\r\n"); i < content.size() && content[i] == '#'; skip(" \t\r\n"))
    i = std::min(content.find('\n', i), content.size());
  const size_t start = i;
  skip("abcdefghijklmnopqrstuvwxyz_");
  if (i - start < 3) return false;
  skip(" \t\r\n");
  return i < content.size() && (content[i] == '{' || content[i] == ':' || content[i] == '<');
}

void parse_text(std::string_view text, google::protobuf::Message& message) {
  if (text.size() > INT32_MAX) {
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("{} bytes of text; protobuf reads at most {}", text.size(), INT32_MAX));
  }
  FirstError errors;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(kMaxDepth);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &message)) throw Error(ErrorCode::kCorrupt, "", errors.text());
}

std::string print_text(const google::protobuf::Message& message) {
  TextFormat::Printer printer;
  printer.SetDefaultFieldValuePrinter(new PythonValues);
  std::string text;
  printer.PrintToString(message, &text);
  return text;
}

std::string escape(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(bytes.size() * 4);
  for (const std::byte byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    switch (c) {
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\t':
        text += "\\t";
        break;
      case '"':
        text += "\\\"";
        break;
      case '\'':
        text += "\\'";
        break;
      case '\\':
        text += "\\\\";
        break;
      default:
        if (c >= 0x20 && c < 0x7f) {
          text += static_cast<char>(c);
        } else {
          text += {'\\', static_cast<char>('0' + (c >> 6)), static_cast<char>('0' + ((c >> 3) & 7)),
                   static_cast<char>('0' + (c & 7))};
        }
    }
  }
  return text;
}

}  // namespace hoarfrost::tensorflow
