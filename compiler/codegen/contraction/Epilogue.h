// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What happens to a contraction's accumulators before they are stored: the element-wise operations
// of the cluster, evaluated in registers.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_EPILOGUE_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_EPILOGUE_H

#include "compiler/codegen/Emitter.h"
#include "compiler/codegen/loops/KernelFrame.h"

namespace heddle {

class Epilogue {
public:
  /// `contraction` is the operation whose accumulators are given to store().
  Epilogue(KernelFrame &frame, mlir::Operation *contraction);
  /// The same up to `result`, a value between the contraction and the function's result.
  Epilogue(KernelFrame &frame, mlir::Operation *contraction, mlir::Value result);

  /// Joins the dimensions [first, last] of the result into one where the epilogue allows: place()
  /// then needs no division.
  bool joins(unsigned first, unsigned last) const;
  /// The place of linear index `position` in dimensions [first, last].
  Place place(mlir::Value position, unsigned first, unsigned last);

  /// The element of an operand of the structured function, for what the contraction itself adds.
  Element operandAt(mlir::Value operand, llvm::ArrayRef<Element> place, int64_t lanes,
                    mlir::Value mask);

  /// Runs the epilogue on accumulators of the contraction's element type.
  Element evaluate(mlir::Value accumulators, llvm::ArrayRef<Element> place, int64_t lanes,
                   mlir::Value mask);
  mlir::Value vectorOf(Element element) { return elements.vectorOf(element); }
  /// The same, and stores the result.
  void store(mlir::Value accumulators, llvm::ArrayRef<Element> place, int64_t lanes,
             mlir::Value mask);

  /// Accumulators plus an element of an operand.
  mlir::Value plus(mlir::Value accumulators, Element element);

  mlir::ImplicitLocOpBuilder &builder() { return frame.b; }

  /// Asks for what store() will read and write at a place. Results of a tile lie in many rows, each
  /// too short for the CPU to see where it leads.
  void prefetch(llvm::ArrayRef<Element> place);

private:
  KernelFrame &frame;
  mlir::Operation *contraction;
  mlir::Value result;
  Dims dims;
  llvm::SmallVector<bool> joinable;
  ElementEmitter elements;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_EPILOGUE_H
