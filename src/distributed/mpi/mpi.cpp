// Open MPI behind a table of C functions. Counts of MPI-3 are ints: longer arrays go in blocks.
#include <mpi.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "distributed/mpi/table.h"

namespace {

constexpr int64_t kBlock = 1 << 28;
MPI_Comm machine = MPI_COMM_NULL;
// Sums that go on while others begin and end: their order is their own.
MPI_Comm sums = MPI_COMM_NULL;

// Calls step(offset, n) over the blocks of n_all items until one fails.
template <typename Step>
int in_blocks(int64_t n_all, Step step) {
  for (int64_t offset = 0; offset < n_all; offset += kBlock) {
    const int error = step(offset, static_cast<int>(std::min(kBlock, n_all - offset)));
    if (error != MPI_SUCCESS) return error;
  }
  return MPI_SUCCESS;
}

int start(int32_t* rank, int32_t* size) {
  int provided = 0, own_rank = 0, own_size = 0;
  int error = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  if (error == MPI_SUCCESS) error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (error == MPI_SUCCESS) error = MPI_Comm_rank(MPI_COMM_WORLD, &own_rank);
  if (error == MPI_SUCCESS) error = MPI_Comm_size(MPI_COMM_WORLD, &own_size);
  if (error == MPI_SUCCESS)
    error = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, own_rank, MPI_INFO_NULL, &machine);
  if (error == MPI_SUCCESS) error = MPI_Comm_dup(MPI_COMM_WORLD, &sums);
  *rank = own_rank;
  *size = own_size;
  return error;
}

int finish() {
  for (MPI_Comm* communicator : {&machine, &sums})
    if (*communicator != MPI_COMM_NULL) MPI_Comm_free(communicator);
  return MPI_Finalize();
}

int sum_in(MPI_Comm communicator, int64_t* values, int64_t n_all) {
  return in_blocks(n_all, [&](int64_t offset, int n) {
    return MPI_Allreduce(MPI_IN_PLACE, values + offset, n, MPI_INT64_T, MPI_SUM, communicator);
  });
}

int sum_int64(int64_t* values, int64_t n) { return sum_in(MPI_COMM_WORLD, values, n); }
int sum_int64_of_machine(int64_t* values, int64_t n) { return sum_in(machine, values, n); }

struct Pending {
  std::vector<MPI_Request> requests;
};

int wait(void* pending) {
  auto* own = static_cast<Pending*>(pending);
  const int error = MPI_Waitall(static_cast<int>(own->requests.size()), own->requests.data(), MPI_STATUSES_IGNORE);
  delete own;
  return error;
}

// Open MPI has no thread of its own: what goes on goes on within its calls.
int poll(void* pending) {
  auto* own = static_cast<Pending*>(pending);
  int is_done = 0;
  return MPI_Testall(static_cast<int>(own->requests.size()), own->requests.data(), &is_done, MPI_STATUSES_IGNORE);
}

int start_sum_float(float* values, int64_t n_all, void** pending) {
  auto* own = new (std::nothrow) Pending;
  if (own == nullptr) return MPI_ERR_NO_MEM;
  const int error = in_blocks(n_all, [&](int64_t offset, int n) {
    MPI_Request request = MPI_REQUEST_NULL;
    const int status = MPI_Iallreduce(MPI_IN_PLACE, values + offset, n, MPI_FLOAT, MPI_SUM, sums, &request);
    if (status == MPI_SUCCESS) own->requests.push_back(request);
    return status;
  });
  if (error != MPI_SUCCESS) {
    wait(own);
    return error;
  }
  *pending = own;
  return MPI_SUCCESS;
}

int gather(const char* bytes, int64_t n_all, char* parts) {
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  // Block by block, each into its place in every part.
  std::vector<char> block;
  const int64_t block_size = std::min(n_all, kBlock / std::max(size, 1));
  for (int64_t offset = 0; offset < n_all; offset += block_size) {
    const int64_t n = std::min(block_size, n_all - offset);
    if (rank == 0) block.resize(static_cast<size_t>(n * size));
    const int error = MPI_Gather(bytes + offset, static_cast<int>(n), MPI_BYTE, block.data(), static_cast<int>(n),
                                 MPI_BYTE, 0, MPI_COMM_WORLD);
    if (error != MPI_SUCCESS) return error;
    for (int64_t i = 0; rank == 0 && i < size; ++i)
      std::memcpy(parts + i * n_all + offset, block.data() + i * n, static_cast<size_t>(n));
  }
  return MPI_SUCCESS;
}

int all_gather(const char* bytes, int64_t n_all, char* parts) {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (n_all * size <= kBlock) {
    return MPI_Allgather(bytes, static_cast<int>(n_all), MPI_BYTE, parts, static_cast<int>(n_all), MPI_BYTE,
                         MPI_COMM_WORLD);
  }
  const int error = gather(bytes, n_all, parts);
  return error != MPI_SUCCESS ? error : in_blocks(n_all * size, [&](int64_t offset, int n) {
    return MPI_Bcast(parts + offset, n, MPI_BYTE, 0, MPI_COMM_WORLD);
  });
}

int broadcast(char* bytes, int64_t n_all) {
  return in_blocks(n_all,
                   [&](int64_t offset, int n) { return MPI_Bcast(bytes + offset, n, MPI_BYTE, 0, MPI_COMM_WORLD); });
}

int barrier() { return MPI_Barrier(MPI_COMM_WORLD); }

void abort_all(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

void describe(int error, char* text, int64_t size) {
  char buffer[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(error, buffer, &length);
  std::strncpy(text, buffer, static_cast<size_t>(size - 1));
  text[size - 1] = 0;
}

constexpr HoarfrostMpi kTable{kHoarfrostMpiVersion,
                              start,
                              finish,
                              sum_int64,
                              sum_int64_of_machine,
                              start_sum_float,
                              poll,
                              wait,
                              all_gather,
                              gather,
                              broadcast,
                              barrier,
                              abort_all,
                              describe};

}  // namespace

extern "C" __attribute__((visibility("default"))) const HoarfrostMpi* hoarfrost_mpi() { return &kTable; }
