# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What Heddle takes from Debian 12. docs/BUILDING.md lists the packages by name.

find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(absl REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)

find_path(HEDDLE_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED)
find_program(HEDDLE_FLATC flatc REQUIRED)

if(HEDDLE_BUILD_COMPILER)
  # The packages report 22.1.8 and refuse a request for "22".
  find_package(LLVM REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/llvm)
  find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
  if(NOT LLVM_VERSION_MAJOR EQUAL 22)
    message(FATAL_ERROR "Heddle needs LLVM 22, found ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")
  endif()
  find_package(LLD REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/lld)
  find_package(Protobuf REQUIRED)
  list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
  list(GET MLIR_INCLUDE_DIRS 0 HEDDLE_MLIR_TABLEGEN_INCLUDE)
  include(TableGen)
  include(AddLLVM)
  include(AddMLIR)
endif()

# An interface target for sources that include MLIR: its headers are system
# headers here, so their warnings are not ours.
if(HEDDLE_BUILD_COMPILER)
  add_library(heddle_mlir INTERFACE)
  target_include_directories(heddle_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_definitions(heddle_mlir INTERFACE ${LLVM_DEFINITIONS_LIST})
  target_link_libraries(heddle_mlir INTERFACE MLIR LLVM)
endif()
