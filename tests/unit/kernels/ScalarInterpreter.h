// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Evaluates one arith or math operation.

#ifndef HEDDLE_TESTS_UNIT_KERNELS_SCALARINTERPRETER_H
#define HEDDLE_TESTS_UNIT_KERNELS_SCALARINTERPRETER_H

#include <optional>

#include "tests/unit/kernels/StructuredInterpreter.h"

namespace heddle::testing {

/// The result, or nothing for an operation that is not known.
std::optional<Number> evaluateScalar(mlir::Operation* op, llvm::ArrayRef<Number> operands);

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_KERNELS_SCALARINTERPRETER_H
