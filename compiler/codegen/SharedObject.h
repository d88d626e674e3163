// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Links objects of kernels into a shared object that needs nothing: functions of the C library are
// reached through the table heddle_imports, which the loader fills before the first call.

#ifndef HEDDLE_COMPILER_CODEGEN_SHAREDOBJECT_H
#define HEDDLE_COMPILER_CODEGEN_SHAREDOBJECT_H

#include <string>
#include <vector>

#include "compiler/codegen/Target.h"

#include "llvm/Support/Error.h"

namespace heddle::codegen {

struct SharedObject {
  std::vector<char> bytes;
  std::vector<std::string> imports;
};

/// `objects` are object files, `kernels` the entry points that heddle_kernels lists. Thread-safe;
/// calls wait for each other, as the linker has global state.
llvm::Expected<SharedObject> linkKernels(const std::vector<std::string> &objects,
                                         const std::vector<std::string> &kernels,
                                         const Target &target);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_SHAREDOBJECT_H
