// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The multiply-add that contraction kernels are made of: a scalar of one operand, broadcast, times
// a vector of columns of the other, into a vector of accumulators.
//
// Floats: one step of depth is one element. Bytes: one step is four elements, A unsigned and read
// as a 32-bit scalar, B signed and stored [4] innermost; sums are exact. Pairs: one step is two
// elements of bf16, laid out likewise, and sums are f32.

#ifndef HEDDLE_COMPILER_CODEGEN_TILEMATH_H
#define HEDDLE_COMPILER_CODEGEN_TILEMATH_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

class TileMath {
public:
  /// f32 or f64 accumulators; stored types are converted. i32: bytes. `pairs` of bf16, with f32.
  TileMath(const Target &target, mlir::Type accumulator, bool pairs = false);
  /// Whether the target multiplies pairs of bf16.
  static bool hasPairs(const Target &target);

  bool isBytes() const { return bytes; }
  bool isPairs() const { return pairs; }
  /// Elements of depth in a step, and elements that a column takes in a step of stored B.
  int64_t depth() const { return bytes ? 4 : pairs ? 2 : 1; }
  /// A step of A is several elements, which somebody puts together first.
  bool preparesA() const { return depth() != 1; }
  /// Columns of one accumulator vector.
  int64_t columns() const { return columnCount; }

  mlir::Value zero(Emitter &e) const;
  mlir::Type vectorType() const { return accumulators; }
  /// `offset` counts elements of the buffer: accumulators' width, a step each, of prepared A.
  mlir::Value broadcast(Emitter &e, mlir::Value buffer, mlir::Value offset) const;
  mlir::Value loadColumns(Emitter &e, mlir::Value buffer, mlir::Value offset) const;
  /// A column vector of ones, so that accumulators sum A.
  mlir::Value ones(Emitter &e) const;
  mlir::Value multiplyAdd(Emitter &e, mlir::Value a, mlir::Value b, mlir::Value sum) const;
  /// Registers that a column vector or a broadcast takes while it is multiplied.
  int64_t operandRegisters() const { return bytes && form == Bytes::Words ? 2 : 1; }
  /// How many broadcasts can meet `vectors` column vectors at once, the accumulators of all of them,
  /// with `others` for each broadcast, in registers.
  int64_t broadcastsInRegisters(const Target &target, int64_t vectors, int64_t others = 0) const;

private:
  // vpdpbusd; or pmaddwd on the even and on the odd bytes, each widened in place.
  enum class Bytes { Dot, Words };
  bool bytes, pairs;
  Bytes form = Bytes::Dot;
  int64_t width; // bytes of a vector
  int64_t columnCount;
  mlir::Type element;
  mlir::VectorType accumulators;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_TILEMATH_H
