// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of products of bytes, in the form of TileMath.h: A as unsigned bytes, B as signed ones.
// Where the source has the other sign, its top bit is flipped, which moves values and zero point by
// 128; what zero points add to the products is taken off the results.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_BYTEOPERANDS_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_BYTEOPERANDS_H

#include "compiler/codegen/Emitter.h"
#include "compiler/codegen/matmul/PackPanels.h"
#include "compiler/codegen/matmul/PreparedRows.h"

namespace heddle::codegen {

struct ByteRows {
  mlir::Value buffer, start, rowStep, depthStep; // as stored
  mlir::Value rows, k;
  bool isSigned, contiguous; // contiguous: depthStep is one
};

/// Copies rows to target, each filled up with zeros, and their sums (of the unsigned values) to
/// `sums` unless that is null. Up to a vector past the last row is written.
void emitPrepareRows(Emitter &e, const ByteRows &rows, const PreparedRows &target,
                     mlir::Value sums);

/// A panel of `width` columns: their sums as i32, then [byteSteps][width][4] signed bytes with
/// zeros after the last row. `at` is its offset in target, a multiple of 4.
void emitPackBytePanel(Emitter &e, const PanelSource &source, bool isSigned, mlir::Value first,
                       int64_t width, mlir::Value target, mlir::Value at);

/// Unsigned bytes from signed ones and back: the value moves by 128.
mlir::Value flipTopBit(Emitter &e, mlir::Value bytes);

/// Steps of such a panel, and of rows for tile registers: whole blocks of kStepBlock.
mlir::Value byteSteps(Emitter &e, mlir::Value k);

/// Bytes of such a panel.
mlir::Value bytePanelSize(Emitter &e, mlir::Value k, int64_t width);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_BYTEOPERANDS_H
