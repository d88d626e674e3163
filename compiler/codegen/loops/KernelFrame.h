// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function around a kernel's body: buffers for the tensors of a structured function, an index
// value for each dimension symbol, the range of the grid, and the status to return.

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_KERNELFRAME_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_KERNELFRAME_H

#include "compiler/codegen/loops/ElementEmitter.h"
#include "compiler/kernels/DimExprLowering.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heddle {

class KernelFrame {
public:
  /// Creates the function before `structured`, with a body to be built at `b`.
  KernelFrame(mlir::func::FuncOp structured, llvm::StringRef name, mlir::Type resultElement);

  /// The same for several results: the buffers are of the operands and all of them.
  KernelFrame(mlir::func::FuncOp structured, llvm::StringRef name,
              llvm::ArrayRef<mlir::Type> bufferElements);

  /// A frame for a kernel beside that of `structured`, with buffers and symbols of its own.
  KernelFrame(mlir::func::FuncOp structured, llvm::StringRef name,
              llvm::ArrayRef<mlir::Type> bufferElements, llvm::ArrayRef<std::string> symbolNames);

  mlir::Value index(const DimExpr &expr) { return lowerDimExpr(b, expr, symbols); }
  mlir::Value index(int64_t value);

  /// Tells an emitter where the structured function's operands are.
  void bindOperands(ElementEmitter &elements);
  /// Makes the kernel fail where two sizes differ when it runs; call before guarded().
  void requireEqual(const DimExpr &lhs, const DimExpr &rhs) {
    Sizes sizes{lhs, rhs};
    if (lhs != rhs && !llvm::is_contained(equalities, sizes))
      equalities.push_back(sizes);
  }
  /// The same where `operand` is neither 1 nor `target`.
  void requireBroadcast(const DimExpr &operand, const DimExpr &target) {
    if (operand != target && !operand.isConstant(1))
      broadcasts.push_back({operand, target});
  }
  /// The conjunction of all that must hold for the kernel to run, or null: heddle.require
  /// conditions, required sizes, and that the operands of each structured operation have the sizes
  /// of its iteration space, as linalg takes each bound from one of them only.
  mlir::Value requirements();
  /// Builds the body under the requirements of the structured function and returns the status.
  void guarded(llvm::function_ref<void()> body);
  /// Returns the status: the end of a function whose body is built.
  void finish();

  mlir::ImplicitLocOpBuilder b;
  mlir::func::FuncOp structured, function;
  llvm::SmallVector<mlir::Value> buffers; // the operands', then the result's
  mlir::Value begin, end, scratch, failure;

private:
  void create(llvm::StringRef name, llvm::ArrayRef<mlir::Type> bufferElements,
              llvm::ArrayRef<std::string> symbolNames);

  llvm::StringMap<mlir::Value> symbols;
  void requireIterationSpaces();

  using Sizes = std::pair<DimExpr, DimExpr>;
  llvm::SmallVector<Sizes> equalities, broadcasts;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_KERNELFRAME_H
