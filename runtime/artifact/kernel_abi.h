// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What compiled code and the runtime agree on. The compiler includes this header too; it holds
// plain C declarations only.
//
// Entry point of a kernel. It computes the grid points [begin, end); points are independent, so
// any partition of the grid gives the same bits. Buffers are dense and row-major, inputs are only
// read, results only written. `dims` are the numbers the task lists, `scratch` is private memory
// of the size the task states, 64-byte aligned. Its first eight bytes are zero, or all of it is as a
// call left it that computed other points of the same grid: what points share need not be made
// again. Returns one of the codes below.
//
// The code's data symbols:
//   heddle_kernels   array of HeddleKernel, in the order of Program.kernels
//   heddle_imports   array of void*, in the order of Program.imports, filled before the first call

#ifndef HEDDLE_RUNTIME_ARTIFACT_KERNEL_ABI_H_
#define HEDDLE_RUNTIME_ARTIFACT_KERNEL_ABI_H_

#include <stdint.h>

typedef int32_t (*HeddleKernel)(void* const* buffers, const int64_t* dims, int64_t begin,
                                int64_t end, void* scratch);

enum HeddleKernelStatus {
  HEDDLE_KERNEL_OK = 0,
  HEDDLE_KERNEL_INDEX_OUT_OF_RANGE = 1,  // an index of Gather or its like outside its axis
  HEDDLE_KERNEL_SHAPE_MISMATCH = 2,      // run-time sizes that do not broadcast
  HEDDLE_KERNEL_DIVISION_BY_ZERO = 3,    // integer division
};

#define HEDDLE_KERNEL_TABLE "heddle_kernels"
#define HEDDLE_IMPORT_TABLE "heddle_imports"

#endif  // HEDDLE_RUNTIME_ARTIFACT_KERNEL_ABI_H_
