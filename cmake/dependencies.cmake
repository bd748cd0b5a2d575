# What Hoarfrost stands on: Debian packages only (tools/install_dependencies.sh names them). Static archives where Debian has
# them: with shared ones the process takes 11 ms to start instead of 4 (docs/performance.md).
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
set(Protobuf_USE_STATIC_LIBS ON)
find_package(Protobuf REQUIRED)
find_package(leveldb REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(openmpi REQUIRED IMPORTED_TARGET ompi-c)

find_path(HDF5_INCLUDE hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_STATIC libhdf5_serial.a REQUIRED)
find_library(SZ_LIBRARY NAMES libsz.a sz REQUIRED)
find_library(AEC_LIBRARY NAMES libaec.a aec REQUIRED)
add_library(hoarfrost_hdf5 INTERFACE)
target_include_directories(hoarfrost_hdf5 SYSTEM INTERFACE $<BUILD_INTERFACE:${HDF5_INCLUDE}>)
target_link_libraries(hoarfrost_hdf5 INTERFACE ${HDF5_STATIC} ${SZ_LIBRARY} ${AEC_LIBRARY} ZLIB::ZLIB m ${CMAKE_DL_LIBS})

# oneDNN by hand: the configuration that Debian packs asks for OpenCL's headers, which only oneDNN's GPU interface needs.
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(hoarfrost_dnnl INTERFACE)
target_include_directories(hoarfrost_dnnl SYSTEM INTERFACE $<BUILD_INTERFACE:${DNNL_INCLUDE}>)
target_link_libraries(hoarfrost_dnnl INTERFACE ${DNNL_LIBRARY})

if(HOARFROST_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
