// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions of the library, by the family files that define them. function_table.cc maps
// names to them; each follows the contract in library_call.h.

#ifndef HEDDLE_RUNTIME_LIBRARY_FUNCTIONS_H_
#define HEDDLE_RUNTIME_LIBRARY_FUNCTIONS_H_

#include "absl/status/status.h"
#include "runtime/library/library_call.h"

namespace heddle::library {

// One line per function: HEDDLE_FUNCTION(C++ name, name in the table).
#define HEDDLE_FUNCTION(function, name) absl::Status function(LibraryCall& call);
#include "runtime/library/functions.inc"
#undef HEDDLE_FUNCTION

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_FUNCTIONS_H_
