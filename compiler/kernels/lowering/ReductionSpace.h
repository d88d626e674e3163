// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The places of a tensor and the axes over which they are reduced: formulas that mix elements with
// reductions of them. Softmax:
//
//   ReductionSpace space(b, op->getOperand(0), {axis});
//   Value x = space.elements(operands[0]);
//   Value top = space.reduce(ReductionKind::Max, x);
//   Value e = space.map({space.full(x), space.reduced(top)}, [&](ValueRange v) { ... });
//
// Everything is of the compute type: halves are widened by elements() and accumulate in f32.

#ifndef HEDDLE_COMPILER_KERNELS_LOWERING_REDUCTIONSPACE_H
#define HEDDLE_COMPILER_KERNELS_LOWERING_REDUCTIONSPACE_H

#include "compiler/kernels/lowering/Support.h"

namespace heddle {

enum class ReductionKind { Sum, Product, Max, Min };

class ReductionSpace {
public:
  using ElementFunction = llvm::function_ref<mlir::Value(mlir::Value)>;

  /// The places of `source`, a source value; the axes are not negative.
  ReductionSpace(KernelBuilder &builder, mlir::Value source, llvm::ArrayRef<int64_t> axes);

  ScalarMath &scalar() { return m; }
  /// What the elements of `source` are computed in.
  mlir::Type computeType() const { return compute; }
  /// The number of elements that are reduced to one.
  mlir::Value count(mlir::Type type);

  /// The elements of a tensor of the full shape, widened, and what a function makes of them. The
  /// tensor itself where that is all the same.
  mlir::Value elements(mlir::Value tensor) {
    return elements(tensor, [](mlir::Value x) { return x; });
  }
  mlir::Value elements(mlir::Value tensor, ElementFunction function);

  /// An operand of map() and where its elements are read.
  struct Operand {
    mlir::Value tensor;
    mlir::AffineMap place;
  };
  Operand full(mlir::Value tensor) { return {tensor, b.identity(dims.size())}; }
  /// A tensor from reduce(), the same along the reduced axes.
  Operand reduced(mlir::Value tensor);
  /// A tensor along some axes only: {1} for one element a channel.
  Operand along(mlir::Value tensor, llvm::ArrayRef<int64_t> axes) {
    return {tensor, b.alongAxes(dims.size(), axes)};
  }
  /// A tensor that is broadcast to the full shape as ONNX does; a dimension that is neither 1 nor
  /// known to be equal is required to be.
  Operand broadcast(mlir::Value tensor, llvm::ArrayRef<DimExpr> tensorDims);

  /// A tensor of the full shape. Operands arrive as they are, not widened.
  mlir::Value map(llvm::ArrayRef<Operand> operands, KernelBuilder::Body body);
  mlir::Value map(mlir::Type type, llvm::ArrayRef<Operand> operands, KernelBuilder::Body body);

  mlir::Value reduce(ReductionKind kind, mlir::Value elements, bool keepDims = true);
  /// A function of tensors from reduce(), those that kept their dimensions; the result drops them
  /// where `keepDims` is false.
  mlir::Value mapReduced(mlir::Type type, mlir::ValueRange tensors, KernelBuilder::Body body,
                         bool keepDims = true);

private:
  KernelBuilder &b;
  ScalarMath m;
  llvm::SmallVector<DimExpr> dims;
  llvm::SmallVector<int64_t> axes;
  mlir::Type compute;
};

/// |x|^p and the p-th root, for a small positive p.
mlir::Value absolutePower(ScalarMath &m, mlir::Value x, int64_t p);
mlir::Value root(ScalarMath &m, mlir::Value x, int64_t p);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_LOWERING_REDUCTIONSPACE_H
