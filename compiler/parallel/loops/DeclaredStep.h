// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop whose step s <- f(s, x) the user declares associative (`heddle.associative`), where no law
// says so: then f is the combiner as well. All states are taken together, and x is what the loop reads
// at each step, of the types of the states and in their order.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_DECLAREDSTEP_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_DECLAREDSTEP_H

#include "compiler/parallel/loops/LoopBody.h"

namespace heddle {

/// On a loop: the user's word. On a heddle.scan: that it was given.
inline constexpr llvm::StringLiteral kAssociative = "heddle.associative";

bool isDeclaredAssociative(mlir::Operation *op);

/// Makes the step of a scan that has no combiner yet its combiner, by the user's word.
void declareAssociative(ScanOp scan);

/// The step as a recurrence of all states; nothing where it has not that form, and why.
std::optional<Recurrence> findDeclared(const LoopBody &body, std::string &why);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_DECLAREDSTEP_H
