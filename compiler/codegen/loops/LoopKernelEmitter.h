// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of emitting one loop kernel. LoopKernel.cpp has its grid and rows, LoopColumns.cpp and
// LoopSquares.cpp the two other ways through a tensor.

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPKERNELEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPKERNELEMITTER_H

#include "compiler/codegen/loops/KernelFrame.h"
#include "compiler/codegen/loops/LoopKernel.h"
#include "compiler/codegen/loops/LoopSchedule.h"

namespace heddle {

class LoopKernelEmitter {
public:
  LoopKernelEmitter(mlir::func::FuncOp structured, llvm::StringRef name, LoopSchedule chosen,
                    const codegen::Target &target);

  LoopKernel emit();

private:
  void emitGrid(ElementEmitter &elements);
  // LoopSquares.cpp: a transpose, in squares that are turned in registers.
  void emitSquares(ElementEmitter &elements);
  void emitPoint(ElementEmitter &elements, mlir::Value point);
  void emitRow(ElementEmitter &elements, llvm::ArrayRef<Element> outer);
  // LoopColumns.cpp: reductions of neighbouring places, in the lanes.
  void emitColumn(ElementEmitter &elements, mlir::Value point);
  void storeColumn(ElementEmitter &elements, Place place, unsigned axis);
  DimExpr columnElements();
  void storeLanes(ElementEmitter &elements, Place place, mlir::Value begin, mlir::Value end);

  mlir::Value index(const DimExpr &expr) { return frame.index(expr); }
  mlir::Value index(int64_t value) { return frame.index(value); }
  /// Loops over groups of joined dimensions [from, to), innermost by lanes.
  void loopNest(ElementEmitter &elements, Place place, unsigned from, unsigned to);
  /// The size of a dimension with all that are joined into it; 1 for those.
  DimExpr joinedSize(unsigned axis) const;
  void forEachPoint(unsigned dims, llvm::function_ref<void(const Place &)> body);

  LoopSchedule schedule;
  KernelFrame frame;
  mlir::ImplicitLocOpBuilder &b;
  int64_t lanes;
  LoopKernel summary;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPKERNELEMITTER_H
