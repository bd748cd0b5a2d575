# cmake --install build/release --prefix PREFIX: the program under all its names with the examples that it looks for beside
# itself, and the library as hoarfrost::hoarfrost. tests/consumer builds on such an installation.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS hoarfrost RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(name keras_2_tf freeze_graph evaluate_accuracy)
  install(FILES ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${name} DESTINATION ${CMAKE_INSTALL_BINDIR})
endforeach()
# src/cli/examples.cpp looks for ../share from where the program lies.
install(DIRECTORY examples DESTINATION share/hoarfrost)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(DIRECTORY include/hoarfrost DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(TARGETS hoarfrost_library EXPORT hoarfrost ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(hoarfrost_package ${CMAKE_INSTALL_LIBDIR}/cmake/hoarfrost)
install(EXPORT hoarfrost NAMESPACE hoarfrost:: FILE hoarfrostTargets.cmake DESTINATION ${hoarfrost_package})
configure_package_config_file(cmake/hoarfrostConfig.cmake.in ${CMAKE_BINARY_DIR}/hoarfrostConfig.cmake
                              INSTALL_DESTINATION ${hoarfrost_package})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/hoarfrostConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/hoarfrostConfig.cmake ${CMAKE_BINARY_DIR}/hoarfrostConfigVersion.cmake cmake/dependencies.cmake
        DESTINATION ${hoarfrost_package})
# Loaded only under mpirun (src/distributed/join.cpp looks for it here).
install(TARGETS hoarfrost_mpi LIBRARY DESTINATION lib/hoarfrost)
