# What only the build needs: headers, the tests' library, and MPI for the plugin that is loaded under mpirun.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(openmpi REQUIRED IMPORTED_TARGET ompi-c)
if(HOARFROST_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
