// The group behind libhoarfrost_mpi.so, loaded when mpirun started this process.
#include <dlfcn.h>
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <sched.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "distributed/group.h"
#include "distributed/mpi/table.h"

namespace hoarfrost::distributed {
namespace {

namespace fs = std::filesystem;
constexpr const char* kLibrary = "libhoarfrost_mpi.so";

// Beside the program, where it is installed, or where it was built.
void* load_library() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  const std::array folders{program, program / "../lib/hoarfrost", program / "../lib"};
  for (const fs::path& folder : folders) {
    if (!fs::exists(folder / kLibrary, error)) continue;
    // Open MPI's own plugins look for its symbols among the global ones.
    if (void* library = ::dlopen((folder / kLibrary).c_str(), RTLD_NOW | RTLD_GLOBAL)) return library;
    const char* reason = ::dlerror();
    throw Error(
        ErrorCode::kUnsupported, (folder / kLibrary).lexically_normal().string(),
        fmt::format("cannot be loaded ({}); install Open MPI (Debian: openmpi-bin)", reason == nullptr ? "?" : reason));
  }
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("expected {} beside the program or in ../lib/hoarfrost to work under mpirun, found none; "
                          "install the whole of Hoarfrost, or start it without mpirun",
                          kLibrary));
}

const HoarfrostMpi& load_table() {
  static const HoarfrostMpi* table = [] {
    const auto entry = reinterpret_cast<HoarfrostMpiEntry>(::dlsym(load_library(), kHoarfrostMpiEntry));
    const HoarfrostMpi* loaded = entry == nullptr ? nullptr : entry();
    if (loaded == nullptr || loaded->version != kHoarfrostMpiVersion)
      throw Error(ErrorCode::kUnsupported, kLibrary, "is of another version of Hoarfrost; install both anew");
    return loaded;
  }();
  return *table;
}

void expect(const HoarfrostMpi& mpi, int error, const char* what) {
  if (error == 0) return;
  std::array<char, 512> text{};
  mpi.describe(error, text.data(), text.size());
  throw Error(ErrorCode::kIo, "Open MPI", fmt::format("cannot {}: {}", what, text.data()));
}

class MpiSum final : public PendingSum {
 public:
  MpiSum(const HoarfrostMpi& mpi, void* pending) : mpi_(mpi), pending_(pending) {}
  ~MpiSum() override {
    if (pending_ != nullptr) mpi_.wait(pending_);
  }
  MpiSum(const MpiSum&) = delete;
  MpiSum& operator=(const MpiSum&) = delete;
  void poll() override {
    if (pending_ != nullptr) expect(mpi_, mpi_.poll(pending_), "add up");
  }
  void wait() override {
    void* pending = std::exchange(pending_, nullptr);
    if (pending != nullptr) expect(mpi_, mpi_.wait(pending), "add up");
  }

 private:
  const HoarfrostMpi& mpi_;
  void* pending_;
};

class MpiGroup final : public Group {
 public:
  explicit MpiGroup(const HoarfrostMpi& mpi) : mpi_(mpi) {
    int32_t rank = 0, size = 0;
    expect(mpi_, mpi_.start(&rank, &size), "start");
    rank_ = rank;
    size_ = size;
    threads_ = fair_threads();
  }
  ~MpiGroup() override { mpi_.finish(); }
  MpiGroup(const MpiGroup&) = delete;
  MpiGroup& operator=(const MpiGroup&) = delete;

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] int threads() const override { return threads_; }

  void sum(std::span<int64_t> values) override {
    expect(mpi_, mpi_.sum_int64(values.data(), static_cast<int64_t>(values.size())), "add up");
  }

  void sum(std::span<double> values) override {
    std::vector<double> parts(values.size() * static_cast<size_t>(size_));
    expect(mpi_,
           mpi_.all_gather(reinterpret_cast<const char*>(values.data()), static_cast<int64_t>(values.size_bytes()),
                           reinterpret_cast<char*>(parts.data())),
           "add up");
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = parts[i];
      for (size_t part = values.size(); part < parts.size(); part += values.size()) values[i] += parts[part + i];
    }
  }

  std::unique_ptr<PendingSum> start_sum(std::span<float> values) override {
    void* pending = nullptr;
    expect(mpi_, mpi_.start_sum_float(values.data(), static_cast<int64_t>(values.size()), &pending), "add up");
    return std::make_unique<MpiSum>(mpi_, pending);
  }

  // Each member's length first; then all of them, padded to the longest.
  std::vector<std::string> gather(std::string_view bytes) override {
    std::vector<int64_t> lengths(static_cast<size_t>(size_));
    lengths[static_cast<size_t>(rank_)] = static_cast<int64_t>(bytes.size());
    sum(lengths);
    int64_t longest = 0;
    for (const int64_t length : lengths) longest = std::max(longest, length);
    std::string own(bytes);
    own.resize(static_cast<size_t>(longest));
    std::string all(rank_ == 0 ? static_cast<size_t>(longest * size_) : 0, '\0');
    expect(mpi_, mpi_.gather(own.data(), longest, all.data()), "gather");
    std::vector<std::string> parts;
    for (size_t i = 0; rank_ == 0 && i < lengths.size(); ++i)
      parts.push_back(all.substr(i * static_cast<size_t>(longest), static_cast<size_t>(lengths[i])));
    return parts;
  }

  std::string broadcast(std::string_view bytes) override {
    int64_t length = rank_ == 0 ? static_cast<int64_t>(bytes.size()) : 0;
    sum(std::span(&length, 1));
    std::string result(rank_ == 0 ? bytes : std::string_view());
    result.resize(static_cast<size_t>(length));
    expect(mpi_, mpi_.broadcast(result.data(), length), "broadcast");
    return result;
  }

  void barrier() override { expect(mpi_, mpi_.barrier(), "wait for the others"); }
  [[noreturn]] void abort(int status) override {
    mpi_.abort(status);
    std::_Exit(status);
  }

 private:
  // mpirun may bind each process to processors of its own, or to none, or several to a socket: of every processor that
  // this one may use it has the part that the others on the machine leave it.
  int fair_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    std::vector<int64_t> users(CPU_SETSIZE);
    for (size_t cpu = 0; cpu < users.size(); ++cpu) users[cpu] = CPU_ISSET(cpu, &set) ? 1 : 0;
    const std::vector<int64_t> own = users;
    expect(mpi_, mpi_.sum_int64_of_machine(users.data(), CPU_SETSIZE), "add up");
    double share = 0;
    for (size_t cpu = 0; cpu < users.size(); ++cpu) {
      if (own[cpu] != 0) share += 1 / static_cast<double>(users[cpu]);
    }
    return std::max(1, static_cast<int>(std::floor(share + 1e-6)));
  }

  const HoarfrostMpi& mpi_;
  int rank_ = 0;
  int size_ = 1;
  int threads_ = 1;
};

}  // namespace

std::unique_ptr<Group> join() {
  if (size_by_environment() == 1) return nullptr;
  return std::make_unique<MpiGroup>(load_table());
}

}  // namespace hoarfrost::distributed
