# What only the build needs: headers, and the tests' library.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
if(HOARFROST_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
