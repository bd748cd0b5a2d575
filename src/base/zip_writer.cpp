#include "base/zip_writer.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <zlib.h>

#include <algorithm>

namespace hoarfrost {
namespace {

constexpr uint64_t kLocalBytes = 30;
constexpr uint64_t kZip64Bytes = 20;  // the extra field of a member with 64-bit sizes
constexpr uint32_t kElsewhere = 0xffffffff;
constexpr uint64_t kMostBytes = 0xfffffffe;
constexpr uint16_t kPlain = 20;  // PKZIP 2.0
constexpr uint16_t kZip64 = 45;
constexpr uint16_t kUnix = 3 << 8U;
constexpr uint16_t kFirstDate = 0x21;  // 1980-01-01: the same model, the same bytes
constexpr uint32_t kRights = 0600U << 16U;

// Little-endian numbers one behind the other.
class Bytes {
 public:
  template <typename... T>
  explicit Bytes(T... values) {
    (add(values), ...);
  }
  template <typename T>
  void add(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) text_ += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i) & 0xffU);
  }
  void add(const std::string& text) { text_ += text; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

uint32_t checksum(OutputFile& file, uint64_t offset, uint64_t n_bytes) {
  std::vector<std::byte> block(std::min<uint64_t>(n_bytes, uint64_t{1} << 20U));
  uLong crc = crc32(0, nullptr, 0);
  for (uint64_t done = 0; done < n_bytes;) {
    const auto part = std::span(block).first(std::min<uint64_t>(block.size(), n_bytes - done));
    file.read_at(offset + done, part);
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(part.data()), part.size());
    done += part.size();
  }
  return static_cast<uint32_t>(crc);
}

}  // namespace

uint64_t ZipWriter::data_offset(const Member& member) const {
  return member.header + kLocalBytes + member.name.size() + (member.is_large ? kZip64Bytes : 0);
}

void ZipWriter::add(const std::string& name, std::string_view bytes) {
  begin(name, false);
  file_.write(bytes);
  end();
}

void ZipWriter::begin(const std::string& name, bool is_large) {
  members_.push_back({name, file_.size(), 0, 0, is_large});
  file_.write(std::string(data_offset(members_.back()) - file_.size(), '\0'));
}

void ZipWriter::end() {
  Member& member = members_.back();
  const uint64_t first = data_offset(member);
  member.n_bytes = file_.size() - first;
  if (!member.is_large && member.n_bytes > kMostBytes)
    throw Error(ErrorCode::kIo, member.name,
                fmt::format("{} bytes in a zip member that was to have fewer than 4 GiB", member.n_bytes));
  member.crc = checksum(file_, first, member.n_bytes);
  const auto size = member.is_large ? kElsewhere : static_cast<uint32_t>(member.n_bytes);
  Bytes header(uint32_t{0x04034b50}, member.is_large ? kZip64 : kPlain, uint16_t{0}, uint16_t{0}, uint16_t{0},
               kFirstDate, member.crc, size, size, static_cast<uint16_t>(member.name.size()),
               static_cast<uint16_t>(member.is_large ? kZip64Bytes : 0));
  header.add(member.name);
  if (member.is_large) header.add(Bytes(uint16_t{1}, uint16_t{16}, member.n_bytes, member.n_bytes).text());
  file_.write_at(member.header, std::as_bytes(std::span(header.text())));
}

void ZipWriter::finish() {
  const uint64_t first = file_.size();
  for (const Member& member : members_) {
    const bool is_far = member.header > kMostBytes;
    std::string extra;
    if (member.is_large || is_far) {
      Bytes values;
      if (member.is_large) values.add(member.n_bytes), values.add(member.n_bytes);
      if (is_far) values.add(member.header);
      extra = Bytes(uint16_t{1}, static_cast<uint16_t>(values.text().size())).text() + values.text();
    }
    const uint16_t version = extra.empty() ? kPlain : kZip64;
    const auto size = member.is_large ? kElsewhere : static_cast<uint32_t>(member.n_bytes);
    Bytes entry(uint32_t{0x02014b50}, static_cast<uint16_t>(kUnix | version), version, uint16_t{0}, uint16_t{0},
                uint16_t{0}, kFirstDate, member.crc, size, size, static_cast<uint16_t>(member.name.size()),
                static_cast<uint16_t>(extra.size()), uint16_t{0}, uint16_t{0}, uint16_t{0}, kRights,
                is_far ? kElsewhere : static_cast<uint32_t>(member.header));
    file_.write(entry.text() + member.name + extra);
  }
  const uint64_t n_bytes = file_.size() - first;
  const auto n = static_cast<uint16_t>(members_.size());
  const bool is_far = first > kMostBytes;
  if (is_far) {
    const uint64_t end = file_.size();
    file_.write(Bytes(uint32_t{0x06064b50}, uint64_t{44}, static_cast<uint16_t>(kUnix | kZip64), kZip64, uint32_t{0},
                      uint32_t{0}, uint64_t{n}, uint64_t{n}, n_bytes, first)
                    .text());
    file_.write(Bytes(uint32_t{0x07064b50}, uint32_t{0}, end, uint32_t{1}).text());
  }
  file_.write(Bytes(uint32_t{0x06054b50}, uint16_t{0}, uint16_t{0}, n, n, static_cast<uint32_t>(n_bytes),
                    is_far ? kElsewhere : static_cast<uint32_t>(first), uint16_t{0})
                  .text());
}

}  // namespace hoarfrost
