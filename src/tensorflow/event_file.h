// The event files that TensorBoard reads, as tf.summary of TensorFlow 2.15 writes them: TFRecords (length, masked
// CRC-32C of it, bytes, masked CRC-32C of them) of Event messages.
#pragma once

#include <hoarfrost/tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace hoarfrost {
class AppendFile;
}

namespace hoarfrost::tensorflow {

class EventFile {
 public:
  // A new file in the folder, which is made with it at the first flush():
  // events.out.tfevents.TIME.HOST.PROCESS.NUMBER.v2
  explicit EventFile(std::filesystem::path folder);
  ~EventFile();

  // tf.summary.scalar.
  void add_scalar(std::string_view tag, int64_t step, float value);
  // tf.summary.histogram: the values in 30 buckets of one width. Values that are no numbers are left out.
  void add_histogram(std::string_view tag, int64_t step, const Tensor& values);
  // A text for one of TensorBoard's plugins.
  void add_text(std::string_view tag, int64_t step, std::string_view text, std::string_view plugin,
                std::string_view content);
  // To the disk, where readers see it. Throws Error{kIo}: then it is kept for the next flush.
  void flush();

 private:
  void add(std::string_view tag, int64_t step, const Tensor& value, std::string_view plugin, std::string_view content);
  std::filesystem::path folder_;
  std::unique_ptr<AppendFile> file_;
  std::string pending_;
};

// A record with its frame.
std::string tf_record(std::string_view bytes);

}  // namespace hoarfrost::tensorflow
