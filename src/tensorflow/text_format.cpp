#include "tensorflow/text_format.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/text_format.h>
#include <hoarfrost/error.h>

#include <algorithm>
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

// Text of any size: ArrayInputStream counts in int. A graph within protobuf's 2 GiB can take four times as much as
// text.
class TextStream : public google::protobuf::io::ZeroCopyInputStream {
 public:
  explicit TextStream(std::string_view text) : text_(text) {}
  bool Next(const void** data, int* size) override {
    if (done_ == text_.size()) return false;
    const size_t n = std::min(kBlockBytes, text_.size() - done_);
    *data = text_.data() + done_;
    *size = static_cast<int>(n);
    done_ += n;
    return true;
  }
  void BackUp(int count) override { done_ -= static_cast<size_t>(count); }
  bool Skip(int count) override {
    const size_t n = std::min(static_cast<size_t>(count), text_.size() - done_);
    done_ += n;
    return n == static_cast<size_t>(count);
  }
  [[nodiscard]] int64_t ByteCount() const override { return static_cast<int64_t>(done_); }

 private:
  static constexpr size_t kBlockBytes = 1 << 20;
  std::string_view text_;
  size_t done_ = 0;
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
  FirstError errors;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(kMaxDepth);
  TextStream stream(text);
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
