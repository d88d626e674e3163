// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forms that compute what the program as written does not, products of many factors, and so may leave
// the range of a type where it does not. What they found is looked at when it is there, and the program
// as written runs where it is not within bounds.

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_INRANGE_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_INRANGE_H

#include "compiler/source/Arithmetic.h"

#include <limits>

namespace heddle {

/// A condition: no element of the floats among the values is as large as the bound, or NaN. Null where
/// there are no floats.
mlir::Value areBelow(Arithmetic &m, mlir::ValueRange values,
                     double bound = std::numeric_limits<double>::infinity());

/// What `build` gives where the condition holds (null: always), else what `otherwise` does. Both
/// insert where `m` does.
using BuildValues = llvm::function_ref<llvm::SmallVector<mlir::Value>()>;
llvm::SmallVector<mlir::Value> either(Arithmetic &m, mlir::Value condition, mlir::TypeRange types,
                                      BuildValues build, BuildValues otherwise);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_INRANGE_H
