// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stands in for the runtime library in builds without it.

#include "runtime/library/library_call.h"

namespace heddle {

LibraryFunction FindLibraryFunction(std::string_view) { return nullptr; }

}  // namespace heddle
