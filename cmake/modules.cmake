# One folder under src/ is one module and one target: hoarfrost_add_module(graph DEPENDS tensor).

add_library(hoarfrost_options INTERFACE)
target_compile_features(hoarfrost_options INTERFACE cxx_std_20)
# -Wrestrict: GCC 12 sees overlaps in std::string that are none (GCC bug 105329).
target_compile_options(hoarfrost_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(HOARFROST_WERROR)
  target_compile_options(hoarfrost_options INTERFACE -Werror)
endif()
if(HOARFROST_FUZZ)
  target_compile_options(hoarfrost_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(HOARFROST_SANITIZE)
  target_compile_options(hoarfrost_options INTERFACE -fsanitize=${HOARFROST_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(hoarfrost_options INTERFACE -fsanitize=${HOARFROST_SANITIZE})
endif()

# hoarfrost_add_module(NAME [DEPENDS module…] [LIBRARIES target…] [SOURCES extra…])
#   Every *.cpp in the folder that is no test or program belongs to the module; *_test.cpp make NAME_test, which ctest runs.
#   DEPENDS are the modules whose headers it may include (tests/includes_test.py holds it to that).
#   A module without *.cpp is headers alone.
function(hoarfrost_add_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(APPEND sources ${ARG_SOURCES})
  set(target hoarfrost_${name})
  list(TRANSFORM ARG_DEPENDS PREPEND hoarfrost_)
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(${target} PRIVATE hoarfrost_options ${ARG_LIBRARIES})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(hoarfrost::${name} ALIAS ${target})
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  target_link_libraries(${target} ${scope} ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY HOARFROST_MODULES ${target})
  if(HOARFROST_TESTS AND tests)
    hoarfrost_add_test(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${target} ${ARG_LIBRARIES})
  endif()
endfunction()

# hoarfrost_compile_together(target N source…): N of the sources to one compiler run, for many short files that include the
# same headers: a file's own work is then most of what its compilation takes. What their unnamed namespaces define has one
# name each across the files.
function(hoarfrost_compile_together target n)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set(count 0)
  foreach(source IN LISTS ARGN)
    math(EXPR group "${count} / ${n}")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${target}_${group})
    math(EXPR count "${count} + 1")
  endforeach()
endfunction()

# hoarfrost_add_test(NAME source…): a GoogleTest program whose cases ctest counts one by one. kGolden is tests/golden.
function(hoarfrost_add_test name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE hoarfrost_options GTest::gmock_main)
  target_compile_definitions(${name} PRIVATE HOARFROST_GOLDEN="${PROJECT_SOURCE_DIR}/tests/golden")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tests)
  gtest_discover_tests(${name} TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()

# hoarfrost_read_list(list.def MACRO result): the names in the lines MACRO(name), in their order, so that a line in a
# .def file is also what compiles the file of that name.
function(hoarfrost_read_list file macro result)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^${macro}\\(")
  set(names)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^${macro}\\(([a-z0-9_]+).*$" "\\1" name "${line}")
    list(APPEND names ${name})
  endforeach()
  set(${result} ${names} PARENT_SCOPE)
endfunction()
