// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of rows of floats and of weights that are codes of few bits, with a scale for each block
// of a column's depth.
//
// Codes stay packed in memory and become bytes in registers, and meet rows that are made bytes too
// (FixedPointRows.h): instructions that multiply bytes take four times as many products as those of
// floats do. A block's sums are exact; scaled, they are added as floats in the order of blocks,
// whatever the grid's partition. One row reads its weights once, in order; what several rows share,
// codes that have become bytes, they share in registers.
//
// Weights are panels of 16 columns: codes [ceil(N / 16)][K / S][16], in words of S codes of one
// column; scales and zero points [ceil(N / 16)][blocks][16].

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_BLOCKMATMUL_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_BLOCKMATMUL_H

#include "compiler/codegen/matmul/FixedPointRows.h"
#include "compiler/codegen/matmul/Matmul.h"

namespace heddle::codegen {

struct BlockMatmulSpec {
  int64_t bits, block; // of a code; codes that share a scale
  int64_t zeroPoint;   // of all blocks
  int64_t codesOfWord() const { return 32 / bits; }
  int64_t wordsOfBlock() const { return block / codesOfWord(); }
};

struct BlockMatmulPlan {
  static constexpr int64_t kPanel = 16; // columns
  int64_t rows, panels;                 // register tile of several rows
  int64_t widePanels;                   // of one row
  int64_t mBlock, nBlock;               // a grid point computes at most this many rows and columns
  FixedPointRows form;

  int64_t parkedBytes() const { return std::max(rows * panels, widePanels) * kPanel * 4; }
  int64_t bytesOfBlock() const { return 4 * form.recordWords(); } // of each row
};

BlockMatmulPlan planBlockMatmul(const BlockMatmulSpec &spec, const Target &target);

struct BlockMatmulOperands {
  mlir::Value a;                         // of floats
  mlir::Value codes, scales, zeroPoints; // zeroPoints, f32, are added to the one of all; or null
  mlir::Value m, n, blocks;
};

/// Scratch: parkedBytes(), then bytesOfBlock() for each block of each of min(M, mBlock) rows.
void emitBlockMatmul(Emitter &e, const BlockMatmulSpec &spec, const BlockMatmulOperands &operands,
                     mlir::Value begin, mlir::Value end, mlir::Value scratch, MatmulSink sink);

/// Panels of columns that are stored one after the other, `length` elements each. One grid point is
/// one panel.
void emitPackColumns(Emitter &e, mlir::Value source, mlir::Value packed, mlir::Value n,
                     mlir::Value length, mlir::Value begin, mlir::Value end);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_BLOCKMATMUL_H
