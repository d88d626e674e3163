// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The transforms of F(2, 3) along one dimension, which Winograd.h and LineWinograd.h share.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRADMATH_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRADMATH_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

struct WinogradMath {
  Emitter &e;
  mlir::Value plus(mlir::Value a, mlir::Value b) const;
  mlir::Value minus(mlir::Value a, mlir::Value b) const;

  /// B' of four inputs.
  Values input(mlir::ValueRange d) const;
  /// A' of four products.
  Values result(mlir::ValueRange m) const;
  /// So many weights from a place on, as f64: sums are made in it, so that a transformed weight is
  /// as exact as a plain one. Zeros where they do not exist.
  Values weights(mlir::Value source, mlir::Value from, int64_t count, mlir::Value exists) const;
  /// G of three weights: all of them and their differences in halves.
  Values filter(mlir::ValueRange g) const;
  /// Whether any lane is NaN.
  mlir::Value anyNaN(mlir::Value values) const;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRADMATH_H
