// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether the tasks of a verified program may run in any order its edges allow without one seeing
// another's bytes: in every graph, tasks that touch the same bytes of a value, one of them writing, are
// ordered. Which values the arena may give the same bytes follows from that order
// (runtime/graph/lifetimes.h).
//
// It looks at nothing but the program, so it also finds the mistakes of whoever wrote the program.
// Quadratic in tasks (bits): for compilers and tests, not for loading.
//
//   HEDDLE_RETURN_IF_ERROR(VerifyProgram(program, weights_size));
//   HEDDLE_RETURN_IF_ERROR(VerifyMemoryOrder(program));
//
// Thread-safety: a pure function.

#ifndef HEDDLE_RUNTIME_ARTIFACT_MEMORY_ORDER_H_
#define HEDDLE_RUNTIME_ARTIFACT_MEMORY_ORDER_H_

#include "absl/status/status.h"
#include "runtime/artifact/program.h"

namespace heddle {

// Internal where the program is wrong: the message names the graph and the two tasks or values.
absl::Status VerifyMemoryOrder(const DecodedProgram& program);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_MEMORY_ORDER_H_
