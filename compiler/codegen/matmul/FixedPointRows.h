// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of floats as fixed-point numbers of three bytes, so that bytes are multiplied. The
// numbers of a block of depth share an exponent, that of the greatest, which keeps 23 bits and its
// sign, where f32 has 24; sums of their products are exact.
//
//   x = (b0 + 256 * b1 + 65536 * b2) * scale        signed bytes, scale a power of two
//
// A row is a record for each block, in words of 32 bits: a header, then all first bytes, all second
// and all third ones. Words of bytes have the depths of each `stride` that somebody reads together:
// 0, stride, 2 * stride, 3 * stride, then 1, stride + 1, and so on.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_FIXEDPOINTROWS_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_FIXEDPOINTROWS_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

struct FixedPointRows {
  static constexpr int64_t kBytes = 3; // of a number
  static constexpr int64_t kHeaderWords = 8;

  int64_t block;     // numbers that share a scale
  int64_t stride;    // 1, 2 or 4
  int64_t zeroPoint; // of what the numbers are multiplied with

  int64_t recordWords() const { return kHeaderWords + kBytes * block / 4; }
  // Places in a record. For each of the bytes, what all of the zero point adds to a sum, negated.
  int64_t correctionAt(int64_t byte) const { return byte; }
  int64_t scaleAt() const { return kBytes; }
  int64_t negatedSumAt() const { return kBytes + 1; } // of the numbers without scale, as a float
  int64_t wordsAt(int64_t byte) const { return kHeaderWords + byte * block / 4; }
};

struct FloatBlocks {
  mlir::Value buffer, start; // of the first row
  mlir::Value rows, blocks;  // one after the other
};

/// Writes the records of all rows, one after the other, to `target` from byte `at` on. Where a
/// number of a block is infinite or none, the block's scale is none.
void emitFixedPointRows(Emitter &e, const FixedPointRows &form, const FloatBlocks &source,
                        mlir::Value target, int64_t at);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_FIXEDPOINTROWS_H
