// The one exception type of Hoarfrost. Its text is one line: where, what was expected, what was found, what to do.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace hoarfrost {

enum class ErrorCode {
  kIo,               // the operating system refused: missing file, permission, full disk
  kCorrupt,          // bytes that do not follow their format
  kUnsupported,      // well formed, but Hoarfrost cannot say it in a graph: never converted wrongly instead
  kInvalidArgument,  // the caller's request makes no sense for this input
  kMismatch,         // two things that must agree do not (weights and architecture, Keras and graph)
};

class Error : public std::exception {
 public:
  // where: file, layer or node ("model.h5:/model_weights/dense/kernel:0"); empty when the message says it.
  Error(ErrorCode code, std::string_view where, std::string_view message);

  // Puts an outer place before the message, as the exception travels up: "model.h5: layer `dense`: …".
  Error& within(std::string_view outer);

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  ErrorCode code_;
  std::string text_;
};

}  // namespace hoarfrost
