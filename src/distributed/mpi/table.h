// What libhoarfrost_mpi.so offers, as C functions: the program and the shared object may be built apart.
#pragma once

#include <cstdint>

extern "C" {

// Every function gives 0, or an error for `describe`.
struct HoarfrostMpi {
  int32_t version;  // kHoarfrostMpiVersion
  int (*start)(int32_t* rank, int32_t* size);
  int (*finish)();
  int (*sum_int64)(int64_t* values, int64_t n);
  int (*sum_int64_of_machine)(int64_t* values, int64_t n);  // over the members on one machine
  int (*start_sum_float)(float* values, int64_t n, void** pending);
  int (*poll)(void* pending);  // lets all sums that go on make progress
  int (*wait)(void* pending);  // frees it
  // parts: size() * n bytes, of each member `n`, at every member.
  int (*all_gather)(const char* bytes, int64_t n, char* parts);
  // parts: size() * n bytes at rank 0, of each member `n`; nullptr elsewhere.
  int (*gather)(const char* bytes, int64_t n, char* parts);
  int (*broadcast)(char* bytes, int64_t n);
  int (*barrier)();
  void (*abort)(int status);
  void (*describe)(int error, char* text, int64_t size);
};

// The one symbol: const HoarfrostMpi* hoarfrost_mpi().
typedef const HoarfrostMpi* (*HoarfrostMpiEntry)();
}

constexpr int32_t kHoarfrostMpiVersion = 2;
constexpr const char* kHoarfrostMpiEntry = "hoarfrost_mpi";
