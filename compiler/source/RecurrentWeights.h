// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weights of one direction of a recurrent layer, and products with them. A layer that says so
// (`heddle.rounds_operands`, which DynamicQuantizeLSTM becomes) multiplies bytes: its weights as
// they are stored, and what meets them rounded to the range that it has.

#ifndef HEDDLE_COMPILER_SOURCE_RECURRENTWEIGHTS_H
#define HEDDLE_COMPILER_SOURCE_RECURRENTWEIGHTS_H

#include "compiler/source/Arithmetic.h"

namespace heddle {

struct RecurrentWeights {
  mlir::Value numbers; ///< [rows, columns]
  // Where products are of bytes; else null.
  mlir::Value bytes; ///< [columns, rows]
  mlir::Value scale, zeroPoint;
};

/// One of as many equal parts of axis 0 as there are directions.
mlir::Value partOfDirection(Arithmetic &m, mlir::Value all, int64_t direction, int64_t directions);

/// Those of one of `directions`, which `all` has as its first axis.
RecurrentWeights weightsOfDirection(Arithmetic &m, mlir::Value all, int64_t direction,
                                    int64_t directions, bool roundsOperands);

/// x weights^T + added, which may be null.
mlir::Value product(Arithmetic &m, mlir::Value x, const RecurrentWeights &weights,
                    mlir::Value added);

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_RECURRENTWEIGHTS_H
