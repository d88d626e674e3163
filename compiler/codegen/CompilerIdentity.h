// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which compiler this is: what it makes of the same kernel another one may not.

#ifndef HEDDLE_COMPILER_CODEGEN_COMPILERIDENTITY_H
#define HEDDLE_COMPILER_CODEGEN_COMPILERIDENTITY_H

#include <string>

namespace heddle::codegen {

/// The build ids of Heddle's compiler and of the LLVM that it runs with; empty where one of them has
/// none.
const std::string &compilerIdentity();

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_COMPILERIDENTITY_H
