// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the kernels of recurrences share: the buffers, and one step for several vectors of points.

#ifndef HEDDLE_COMPILER_CODEGEN_RECURRENCE_RECURRENCEEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_RECURRENCE_RECURRENCEEMITTER_H

#include "compiler/codegen/loops/KernelFrame.h"
#include "compiler/codegen/recurrence/RecurrenceKernel.h"

namespace heddle {

/// One tensor of the step in a grid point: a scalar or vector for each of its *slots*. A vector of
/// points belongs to one slot of each tensor; tensors of fewer axes have fewer slots.
using Lanes = llvm::SmallVector<mlir::Value>;

class RecurrenceEmitter {
public:
  LoopKernel emit();
  virtual ~RecurrenceEmitter() = default;

protected:
  RecurrenceEmitter(mlir::func::FuncOp structured, llvm::StringRef name, const RecurrenceSpec &spec,
                    const RecurrencePoints &points);

  /// The code of one point of the grid.
  virtual void emitPoint(mlir::Value point) = 0;
  virtual DimExpr grid() const = 0;

  // How points are laid out in vectors.
  virtual unsigned vectors() const = 0;
  virtual unsigned slotOf(mlir::Value value, unsigned vector) const = 0;
  virtual Place place(mlir::Value value, unsigned vector) = 0;
  /// Whether the lanes of a slot differ.
  virtual bool isVarying(mlir::Value value) const = 0;
  virtual mlir::Value mask(unsigned vector) { return {}; }

  unsigned slotsOf(mlir::Value value) const;
  /// Elements of a buffer, in a row of its axis 0 where it has one more than the value of the step.
  Lanes load(mlir::Value buffer, std::optional<Element> row, mlir::Value stepValue);
  void loadShared();
  /// Runs the step's operations: from the values of its arguments to what it yields.
  llvm::SmallVector<Lanes> step(llvm::ArrayRef<Lanes> arguments);
  /// A loop that carries values.
  using Body = llvm::function_ref<llvm::SmallVector<Lanes>(mlir::Value, llvm::ArrayRef<Lanes>)>;
  llvm::SmallVector<Lanes> loop(mlir::Value low, mlir::Value high, int64_t by,
                                llvm::ArrayRef<Lanes> initial, Body body);

  // What is done about totals that leave the range of their type (TotalsInRange.cpp).
  /// The magnitudes of products so far, held above the least normal number, with one or two more
  /// elements.
  llvm::SmallVector<Lanes> magnitudes(llvm::ArrayRef<Lanes> soFar, llvm::ArrayRef<Lanes> first,
                                      llvm::ArrayRef<Lanes> second = {});
  /// Totals, NaN where they are not to be trusted.
  void distrust(llvm::MutableArrayRef<Lanes> totals, llvm::ArrayRef<Lanes> magnitudes);
  void distrustVanished(llvm::ArrayRef<Lanes> before, llvm::MutableArrayRef<Lanes> after);
  /// Whether a lane of the states after a total is out of range, or vanished.
  mlir::Value isOutOfRange(llvm::ArrayRef<Lanes> before, llvm::ArrayRef<Lanes> after);

  mlir::Value argument(unsigned i) { return structured.getArgument(i); }
  mlir::Value stepArgument(unsigned i) { return structured.getArgument(buffers + i); }
  /// The step's argument for an element; they stand after the states, or after the total so far.
  mlir::Value elementArgument(unsigned i) {
    return stepArgument(i + (spec.totals ? spec.elements : spec.states));
  }
  mlir::Value sharedArgument(unsigned i) { return argument(firstShared + i); }
  unsigned lastsKept() const;
  llvm::ArrayRef<int64_t> axesOf(mlir::Value value) const {
    return points.places.find(value)->second;
  }
  static Element asElement(mlir::Value value) {
    return {value,
            mlir::isa<mlir::VectorType>(value.getType()) ? Element::Varying : Element::Uniform};
  }
  mlir::Value less(mlir::Value x, mlir::Value y);
  mlir::Value isZero(mlir::Value x);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);

  mlir::func::FuncOp structured;
  const RecurrenceSpec &spec;
  const RecurrencePoints &points;
  unsigned firstElement, firstOrigin, firstShared, firstResult, buffers;
  KernelFrame frame;
  mlir::ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  mlir::Value length, steps; // of the sequence and of a chunk
  llvm::SmallVector<Lanes> shared;
};

/// Lanes are neighbouring points.
std::unique_ptr<RecurrenceEmitter> lanesOfPoints(mlir::func::FuncOp structured,
                                                 llvm::StringRef name, const RecurrenceSpec &spec,
                                                 const RecurrencePoints &points);
/// Lanes are neighbouring chunks, a vector for each point.
std::unique_ptr<RecurrenceEmitter> lanesOfChunks(mlir::func::FuncOp structured,
                                                 llvm::StringRef name, const RecurrenceSpec &spec,
                                                 const RecurrencePoints &points,
                                                 const codegen::Target &target);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_RECURRENCE_RECURRENCEEMITTER_H
