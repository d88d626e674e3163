# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Language level, output folders, sanitizers, linker and ccache.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")
# A build folder that is moved still works.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

add_compile_options(-Wall -Wextra -Wno-unused-parameter)

find_program(HEDDLE_LLD NAMES ld.lld-22)
if(HEDDLE_LLD)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    add_link_options(-fuse-ld=${HEDDLE_LLD})
  endif()
endif()

find_program(HEDDLE_CCACHE NAMES ccache)
if(HEDDLE_CCACHE)
  # Precompiled headers need these to be cacheable at all.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${HEDDLE_CCACHE})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()

if(HEDDLE_SANITIZER STREQUAL "address")
  # Undefined behaviour ends a test, too: by itself it would only print a line.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(HEDDLE_SANITIZER STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(HEDDLE_SANITIZER)
  message(FATAL_ERROR "HEDDLE_SANITIZER is address, thread or empty, not ${HEDDLE_SANITIZER}")
endif()

if(HEDDLE_BUILD_FUZZERS)
  # Coverage in everything, so that the fuzzers see what their input reaches.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
