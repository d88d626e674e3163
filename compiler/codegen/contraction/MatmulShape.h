// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of tensors as batches of matrices. Leading dimensions of the left operand are rows where
// the right one has none; a right operand that is a vector becomes the left one.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_MATMULSHAPE_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_MATMULSHAPE_H

#include "compiler/codegen/loops/KernelFrame.h"
#include "compiler/codegen/matmul/Matmul.h"

namespace heddle {

/// The product in the emitter's terms.
struct MatmulShape {
  unsigned a = 0, b = 1; // operands of the operation
  DimExpr batch = 1, m, n, k;
  codegen::MatrixLayout aLayout = codegen::MatrixLayout::RowMajor;
  codegen::MatrixLayout bLayout = codegen::MatrixLayout::RowMajor;
  Dims batchDims, aBatch, bBatch; // of the result and of each operand; empty where batch is 1
  unsigned rowDims = 0;           // leading dimensions of the result that are rows, batch included
};

/// Rows of packed B: those of the product, filled up, and sums of bytes.
DimExpr packedRows(const codegen::MatmulPlan &plan, const DimExpr &k);

/// Of onnx.MatMul, onnx.Gemm or onnx.MatMulInteger.
MatmulShape shapeOf(mlir::Operation *op);

/// The offset of an operand's matrix for a batch, with its batch dimensions (one of `shape`'s)
/// broadcast.
mlir::Value batchOffset(codegen::Emitter &e, KernelFrame &frame, const MatmulShape &shape,
                        const Dims &operand, mlir::Value batch, const DimExpr &matrixElements);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_MATMULSHAPE_H
