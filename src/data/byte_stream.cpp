#include "data/byte_stream.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

namespace hoarfrost::data {
namespace {

constexpr size_t kBlockBytes = 1 << 16;

class Range final : public ByteStream {
 public:
  explicit Range(FileRange range) : range_(std::move(range)) {}
  void read(std::span<std::byte> target) override {
    if (target.size() > range_.n_bytes - position_)
      throw Error(ErrorCode::kCorrupt, range_.file->path().string(), "the file ends too early");
    range_.file->read(range_.offset + position_, target);
    position_ += target.size();
  }
  void rewind() override { position_ = 0; }
  void skip(uint64_t n_bytes) override { position_ += std::min(n_bytes, range_.n_bytes - position_); }

 private:
  FileRange range_;
  uint64_t position_ = 0;
};

class Gzip final : public ByteStream {
 public:
  explicit Gzip(std::shared_ptr<const File> file) : file_(std::move(file)), block_(kBlockBytes) { start(); }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void read(std::span<std::byte> target) override {
    while (!target.empty()) {
      if (stream_.avail_in == 0) fill();
      const size_t n = std::min<size_t>(target.size(), 1U << 30U);
      stream_.next_out = reinterpret_cast<Bytef*>(target.data());
      stream_.avail_out = static_cast<uInt>(n);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        fail(stream_.msg != nullptr ? stream_.msg : "damaged");
      target = target.subspan(n - stream_.avail_out);
      if (result != Z_STREAM_END || target.empty()) continue;
      if (stream_.avail_in == 0 && offset_ == file_->size()) fail("it ends too early");
      inflateReset(&stream_);  // gzip files may be joined
    }
  }

  void rewind() override {
    inflateEnd(&stream_);
    start();
  }

 private:
  [[noreturn]] void fail(std::string_view message) const {
    throw Error(ErrorCode::kCorrupt, file_->path().string(), fmt::format("cannot be decompressed: {}", message));
  }

  void start() {
    stream_ = {};
    offset_ = 0;
    constexpr int kGzipHeader = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipHeader) != Z_OK) fail("no memory");
  }

  void fill() {
    const auto n = static_cast<size_t>(std::min<uint64_t>(block_.size(), file_->size() - offset_));
    if (n == 0) fail("it ends too early");
    file_->read(offset_, std::span(block_).first(n));
    offset_ += n;
    stream_.next_in = reinterpret_cast<Bytef*>(block_.data());
    stream_.avail_in = static_cast<uInt>(n);
  }

  std::shared_ptr<const File> file_;
  std::vector<std::byte> block_;
  uint64_t offset_ = 0;
  z_stream stream_{};
};

class Member final : public ByteStream {
 public:
  Member(const ZipFile& zip, ZipMember member, uint64_t begin)
      : zip_(&zip), member_(std::move(member)), begin_(begin) {}
  void read(std::span<std::byte> target) override {
    if (!stream_) {
      stream_ = zip_->open(member_);
      std::vector<std::byte> before(begin_);
      stream_->read(before);
    }
    stream_->read(target);
  }
  void rewind() override { stream_.reset(); }

 private:
  const ZipFile* zip_;
  ZipMember member_;
  uint64_t begin_;
  std::unique_ptr<ZipStream> stream_;
};

}  // namespace

void ByteStream::skip(uint64_t n_bytes) {
  std::vector<std::byte> block(static_cast<size_t>(std::min<uint64_t>(n_bytes, kBlockBytes)));
  while (n_bytes > 0) {
    const auto n = static_cast<size_t>(std::min<uint64_t>(n_bytes, block.size()));
    read(std::span(block).first(n));
    n_bytes -= n;
  }
}

std::unique_ptr<ByteStream> stream_range(FileRange range) { return std::make_unique<Range>(std::move(range)); }
std::unique_ptr<ByteStream> stream_gzip(std::shared_ptr<const File> file) {
  return std::make_unique<Gzip>(std::move(file));
}

std::unique_ptr<ByteStream> stream_member(const ZipFile& zip, const ZipMember& member, uint64_t begin) {
  if (member.stored)
    return stream_range({member.stored->file, member.stored->offset + begin, member.stored->n_bytes - begin});
  return std::make_unique<Member>(zip, member, begin);
}

bool is_gzip(std::string_view start) { return start.starts_with("\x1f\x8b"); }

}  // namespace hoarfrost::data
