#include "tensorflow/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>

#include "base/append_file.h"
#include "base/crc32c.h"
#include "tensorflow/proto/event.pb.h"
#include "tensorflow/tensor_proto.h"

namespace hoarfrost::tensorflow {
namespace {

constexpr size_t kBuckets = 30;  // tf.summary.histogram's

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::filesystem::path new_name(const std::filesystem::path& folder) {
  static std::atomic<int> n_made = 0;
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  return folder /
         fmt::format("events.out.tfevents.{:010}.{}.{}.{}.v2", static_cast<int64_t>(now()), host, ::getpid(), n_made++);
}

void append_little_endian(std::string& out, uint64_t value, size_t n_bytes) {
  for (size_t i = 0; i < n_bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

uint32_t masked(std::string_view bytes) { return mask_crc32c(crc32c(std::as_bytes(std::span(bytes)))); }

std::string record_of(const proto::Event& event) { return tf_record(event.SerializeAsString()); }

std::string first_record() {
  proto::Event event;
  event.set_wall_time(std::floor(now()));
  event.set_file_version("brain.Event:2");
  event.mutable_source_metadata()->set_writer("tensorflow.core.util.events_writer");
  return record_of(event);
}

// tensorboard/plugins/histogram/summary_v2.py: rows of left edge, right edge and count; one value alone is a bucket
// without width, the last.
std::vector<double> buckets_of(const std::vector<double>& values) {
  const auto [least, most] = std::ranges::minmax(values);
  const double width = (most - least) / static_cast<double>(kBuckets);
  std::vector<double> counts(kBuckets, 0);
  for (const double value : values) {
    const auto bucket = width == 0 ? kBuckets - 1 : static_cast<size_t>(std::floor((value - least) / width));
    ++counts[std::min(bucket, kBuckets - 1)];
  }
  std::vector<double> rows;
  for (size_t i = 0; i < kBuckets; ++i) {
    const auto edge = [&](size_t n) { return n == kBuckets ? most : least + static_cast<double>(n) * width; };
    rows.insert(rows.end(), {edge(i), edge(i + 1), counts[i]});
  }
  return rows;
}

}  // namespace

std::string tf_record(std::string_view bytes) {
  std::string record;
  append_little_endian(record, bytes.size(), 8);
  append_little_endian(record, masked(record), 4);
  record += bytes;
  append_little_endian(record, masked(bytes), 4);
  return record;
}

EventFile::EventFile(std::filesystem::path folder) : folder_(std::move(folder)), pending_(first_record()) {}
EventFile::~EventFile() = default;

void EventFile::add_scalar(std::string_view tag, int64_t step, float value) {
  add(tag, step, Tensor::scalar(value), "scalars", "");
}

void EventFile::add_histogram(std::string_view tag, int64_t step, const Tensor& values) {
  const Reader reader(values);
  std::vector<double> finite;
  for (int64_t i = 0; i < values.n_elements(); ++i) {
    if (std::isfinite(reader[i])) finite.push_back(reader[i]);
  }
  const std::vector<double> rows = finite.empty() ? finite : buckets_of(finite);
  const Shape shape({static_cast<int64_t>(rows.size() / 3), 3});
  add(tag, step, Tensor::of<double>(shape, std::span<const double>(rows)), "histograms", "");
}

void EventFile::add_text(std::string_view tag, int64_t step, std::string_view text, std::string_view plugin,
                         std::string_view content) {
  add(tag, step, Tensor(Shape(), std::vector<std::string>{std::string(text)}), plugin, content);
}

void EventFile::add(std::string_view tag, int64_t step, const Tensor& value, std::string_view plugin,
                    std::string_view content) {
  proto::Event event;
  event.set_wall_time(now());
  event.set_step(step);
  proto::Summary::Value& summary = *event.mutable_summary()->add_value();
  summary.set_tag(std::string(tag));
  if (value.dtype() == DType::kString) {
    tensor_to_proto(value, *summary.mutable_tensor());
  } else {  // numbers as bytes, a single one too, as TensorFlow's writer has them
    const auto bytes = value.bytes();
    summary.mutable_tensor()->set_dtype(static_cast<proto::DataType>(value.dtype()));
    shape_to_proto(value.shape(), *summary.mutable_tensor()->mutable_tensor_shape());
    summary.mutable_tensor()->set_tensor_content(bytes.data(), bytes.size());
  }
  auto& data = *summary.mutable_metadata()->mutable_plugin_data();
  data.set_plugin_name(std::string(plugin));
  data.set_content(std::string(content));
  pending_ += record_of(event);
}

void EventFile::flush() {
  if (pending_.empty()) return;
  if (file_ == nullptr) file_ = std::make_unique<AppendFile>(new_name(folder_), 0);
  file_->append(pending_);
  pending_.clear();
}

}  // namespace hoarfrost::tensorflow
