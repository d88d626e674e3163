// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A value as a linear function of the states of a loop, element by element, and the recurrence of steps
// that are such functions: two of them are one with the product of their factors.

#ifndef HEDDLE_COMPILER_PARALLEL_RECURRENCE_LINEARFORM_H
#define HEDDLE_COMPILER_PARALLEL_RECURRENCE_LINEARFORM_H

#include "compiler/parallel/recurrence/Recurrence.h"
#include "compiler/parallel/recurrence/Ring.h"

namespace heddle {

struct LinearForm {
  llvm::SmallVector<Coefficient, 2> factors; // of each state
  Coefficient bias;
  Dims dims;

  bool varies() const {
    return llvm::any_of(factors, [](const Coefficient &factor) { return !factor.isZero(); });
  }
};

/// Of the new states, as many as a form has factors.
Recurrence recurrenceOf(Arithmetic &m, const Ring &ring, llvm::ArrayRef<LinearForm> forms);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_RECURRENCE_LINEARFORM_H
