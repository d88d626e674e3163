# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs Heddle into a folder, moves it, and builds and runs the embedding examples against it.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed (${status}): ${ARGN}\n${output}")
  endif()
  message("${output}")
endfunction()

set(prefix ${WORK}/moved)
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${prefix})

foreach(file bin/heddle lib/libheddle_runtime.so lib/libheddle_plan.so lib/libheddle_compiler.so
             include/heddle/heddle.h include/heddle/heddle.hpp include/heddle/plan.hpp include/heddle/compiler.h share/heddle/python/heddle.py)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()

foreach(example embed embed_c plan)
  run(${CMAKE_COMMAND} -S ${SOURCE}/examples/${example} -B ${WORK}/${example} -G Ninja
      -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_BUILD_TYPE=Release)
  run(${CMAKE_COMMAND} --build ${WORK}/${example})
  run(${WORK}/${example}/${example} ${ARTIFACT}) # the plan takes no arguments
endforeach()

# What runs things must do without LLVM.
foreach(library heddle_runtime heddle_plan)
  execute_process(COMMAND ldd ${prefix}/lib/lib${library}.so OUTPUT_VARIABLE needed)
  if(needed MATCHES "LLVM|MLIR")
    message(FATAL_ERROR "lib${library} needs LLVM:\n${needed}")
  endif()
endforeach()

if(EXISTS ${MODEL})
  run(${WORK}/embed/compile_and_run ${MODEL})
  run(${prefix}/bin/heddle compile ${MODEL} -o ${WORK}/model.heddle)
  run(${prefix}/bin/heddle run ${WORK}/model.heddle --random-inputs)
  run(${WORK}/embed/embed ${WORK}/model.heddle 4)
endif()
