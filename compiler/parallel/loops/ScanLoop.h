// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Scan in its normal form (all axes 0, all directions forward), read and built.
//
//   Value total = buildScan(b, loc, {zero}, {xs}, [&](OpBuilder &b, ValueRange states, ValueRange elements) {
//     Value sum = ...;
//     return ScanStep{{sum}, {sum}};           // the next states, and what is collected
//   })->getResult(0);

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_SCANLOOP_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_SCANLOOP_H

#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/IR/Builders.h"

namespace heddle {

struct ScanLoop {
  explicit ScanLoop(onnx::ScanOp op)
      : op(op), states(op->getNumOperands() - op.getNumScanInputs()) {}

  mlir::Block &body() { return op.getBody().front(); }
  mlir::Operation *yield() { return body().getTerminator(); }
  /// Whether everything is scanned and collected forward along axis 0, in as many steps.
  bool isNormal() const;
  /// Whether all inputs are known to have as many steps; where they do not, running it is an error.
  bool hasOneLength() const;
  /// How many steps there are.
  DimExpr length() { return dimsOf(inputs().front()).front(); }
  mlir::ValueRange initial() { return op->getOperands().take_front(states); }
  mlir::ValueRange inputs() { return op->getOperands().drop_front(states); }
  mlir::Block::BlockArgListType stateArguments() {
    return body().getArguments().take_front(states);
  }
  mlir::Block::BlockArgListType elements() { return body().getArguments().drop_front(states); }
  /// The state that the value is at the beginning of a step, or nothing.
  std::optional<unsigned> stateOf(mlir::Value value);

  onnx::ScanOp op;
  unsigned states;
};

/// A loop in its normal form whose body is still to be filled.
onnx::ScanOp createScan(mlir::OpBuilder &builder, mlir::Location loc, mlir::TypeRange results,
                        mlir::ValueRange operands, size_t inputs);

/// A loop without states whose iterations run side by side: so many in a row are worth a task.
void setGrain(onnx::ScanOp scan, int64_t iterations);
bool isSideBySide(mlir::Operation *op);

struct ScanStep {
  llvm::SmallVector<mlir::Value> states, collected;
};

onnx::ScanOp
buildScan(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange initial,
          mlir::ValueRange inputs,
          llvm::function_ref<ScanStep(mlir::OpBuilder &, mlir::ValueRange, mlir::ValueRange)> body);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_SCANLOOP_H
