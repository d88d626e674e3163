// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that compiled code may call: memory, mathematics, and the helpers a compiler
// expects for half precision and 128-bit integers. Nothing else is reachable from a kernel.

#ifndef HEDDLE_RUNTIME_ARTIFACT_IMPORT_TABLE_H_
#define HEDDLE_RUNTIME_ARTIFACT_IMPORT_TABLE_H_

#include <string_view>

namespace heddle {

// The function's address, or null where the name is not in the table.
void* FindImport(std::string_view name);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_IMPORT_TABLE_H_
