# What the library links: Debian packages only (tools/install_dependencies.sh names them). Static archives where Debian has
# them: with shared ones the process takes 11 ms to start instead of 4 (docs/performance.md). This file is installed, and
# hoarfrostConfig.cmake includes it; what only the build needs is found in build_dependencies.cmake.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(ZLIB REQUIRED)
set(Protobuf_USE_STATIC_LIBS ON)
find_package(Protobuf REQUIRED)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)

# LevelDB by hand: Debian's configuration knows only the shared library.
find_path(LEVELDB_INCLUDE leveldb/table.h REQUIRED)
find_library(LEVELDB_STATIC NAMES libleveldb.a leveldb REQUIRED)
find_library(SNAPPY_STATIC NAMES libsnappy.a snappy REQUIRED)
add_library(hoarfrost_leveldb INTERFACE)
target_include_directories(hoarfrost_leveldb SYSTEM INTERFACE ${LEVELDB_INCLUDE})
target_link_libraries(hoarfrost_leveldb INTERFACE ${LEVELDB_STATIC} ${SNAPPY_STATIC} Threads::Threads)

find_path(HDF5_INCLUDE hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_STATIC libhdf5_serial.a REQUIRED)
find_library(SZ_LIBRARY NAMES libsz.a sz REQUIRED)
find_library(AEC_LIBRARY NAMES libaec.a aec REQUIRED)
add_library(hoarfrost_libhdf5 INTERFACE)
target_include_directories(hoarfrost_libhdf5 SYSTEM INTERFACE $<BUILD_INTERFACE:${HDF5_INCLUDE}>)
target_link_libraries(hoarfrost_libhdf5 INTERFACE ${HDF5_STATIC} ${SZ_LIBRARY} ${AEC_LIBRARY} ZLIB::ZLIB m ${CMAKE_DL_LIBS})

# Old architectures in YAML.
find_library(YAML_STATIC NAMES libyaml.a yaml REQUIRED)
find_path(YAML_INCLUDE yaml.h REQUIRED)
add_library(hoarfrost_yaml INTERFACE)
target_include_directories(hoarfrost_yaml SYSTEM INTERFACE $<BUILD_INTERFACE:${YAML_INCLUDE}>)
target_link_libraries(hoarfrost_yaml INTERFACE ${YAML_STATIC})

# Pictures: static archives, which an evaluation of other data never touches.
find_library(JPEG_STATIC NAMES libjpeg.a jpeg REQUIRED)
find_library(PNG_STATIC NAMES libpng16.a png16 REQUIRED)
find_path(JPEG_INCLUDE jpeglib.h REQUIRED)
find_path(PNG_INCLUDE png.h REQUIRED)
add_library(hoarfrost_images INTERFACE)
target_include_directories(hoarfrost_images SYSTEM INTERFACE $<BUILD_INTERFACE:${JPEG_INCLUDE}> $<BUILD_INTERFACE:${PNG_INCLUDE}>)
target_link_libraries(hoarfrost_images INTERFACE ${JPEG_STATIC} ${PNG_STATIC} ZLIB::ZLIB m)

# oneDNN by hand: the configuration that Debian packs asks for OpenCL's headers, which only oneDNN's GPU interface needs.
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(hoarfrost_dnnl INTERFACE)
target_include_directories(hoarfrost_dnnl SYSTEM INTERFACE $<BUILD_INTERFACE:${DNNL_INCLUDE}>)
target_link_libraries(hoarfrost_dnnl INTERFACE ${DNNL_LIBRARY})
