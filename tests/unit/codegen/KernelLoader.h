// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs compiled kernels in this process, for tests and benchmarks.
//
//   LoadedKernels kernels = LoadedKernels::load(*code);
//   kernels.call(0, {a.data(), b.data()}, {n}, 0, grid, scratchBytes);

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_KERNELLOADER_H
#define HEDDLE_TESTS_UNIT_CODEGEN_KERNELLOADER_H

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/codegen/NativeCode.h"
#include "runtime/artifact/kernel_abi.h"

namespace heddle::codegen {

class LoadedKernels {
public:
  /// Aborts the program, with a message, where the object cannot be loaded.
  static LoadedKernels load(const NativeCode &code);

  HeddleKernel entry(size_t kernel) const { return table[kernel]; }
  int32_t call(size_t kernel, const std::vector<const void *> &buffers,
               const std::vector<int64_t> &dims, int64_t begin, int64_t end,
               size_t scratchBytes = 0) const;

private:
  std::shared_ptr<void> library;
  HeddleKernel *table = nullptr;
};

} // namespace heddle::codegen

#endif // HEDDLE_TESTS_UNIT_CODEGEN_KERNELLOADER_H
