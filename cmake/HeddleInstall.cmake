# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What `cmake --install` copies: libraries, public headers, the command line tool, the Python module
# and a package, so that others write
#
#   find_package(Heddle REQUIRED)
#   target_link_libraries(mine PRIVATE Heddle::runtime)   # Heddle::compiler compiles models,
#                                                         # Heddle::plan runs plans

include(CMakePackageConfigHelpers)

set(HEDDLE_PACKAGE_FOLDER lib/cmake/Heddle)
set(heddle_libraries heddle_runtime heddle_plan)
set_target_properties(heddle_runtime PROPERTIES EXPORT_NAME runtime)
set_target_properties(heddle_plan PROPERTIES EXPORT_NAME plan)
if(HEDDLE_BUILD_COMPILER)
  list(APPEND heddle_libraries heddle_compiler)
  # Debian keeps libMLIR in LLVM's own folder.
  set_target_properties(heddle_compiler PROPERTIES EXPORT_NAME compiler
    INSTALL_RPATH "$ORIGIN;${LLVM_LIBRARY_DIR}")
  install(TARGETS heddle DESTINATION bin)
  install(DIRECTORY compiler/include/heddle DESTINATION include FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
endif()
install(TARGETS ${heddle_libraries} EXPORT HeddleTargets LIBRARY DESTINATION lib INCLUDES DESTINATION include)
install(DIRECTORY runtime/include/heddle DESTINATION include FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES python/heddle.py DESTINATION share/heddle/python)
install(FILES LICENSE NOTICE DESTINATION share/doc/heddle)
install(EXPORT HeddleTargets NAMESPACE Heddle:: DESTINATION ${HEDDLE_PACKAGE_FOLDER})

foreach(library ${heddle_libraries})
  get_target_property(name ${library} EXPORT_NAME)
  add_library(Heddle::${name} ALIAS ${library})
endforeach()

configure_package_config_file(cmake/HeddleConfig.cmake.in ${PROJECT_BINARY_DIR}/HeddleConfig.cmake
  INSTALL_DESTINATION ${HEDDLE_PACKAGE_FOLDER})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/HeddleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/HeddleConfig.cmake ${PROJECT_BINARY_DIR}/HeddleConfigVersion.cmake
  DESTINATION ${HEDDLE_PACKAGE_FOLDER})
