// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which source operations are compiled as loops, how they fuse, and how each is lowered to the
// structured form. One table, filled by family in compiler/kernels/lowering.

#ifndef HEDDLE_COMPILER_KERNELS_STRUCTUREDLOWERING_H
#define HEDDLE_COMPILER_KERNELS_STRUCTUREDLOWERING_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"

namespace heddle {

class KernelBuilder;

/// How the elements of a result depend on those of the operands; what fusion goes by.
enum class AccessPattern {
  /// Each element on the elements at the same place, operands broadcast: Add, Relu.
  Elementwise,
  /// Each element on any elements, the place computed: Transpose, Slice, Gather, Concat.
  Irregular,
  /// Each element on a row of the trailing axes, which the result keeps or reduces to 1: Softmax
  /// over the last axis, LayerNormalization, ReduceMean over trailing axes.
  Row,
  /// A reduction over other axes, or over windows: MaxPool, ReduceSum over axis 0.
  Reduction,
};

struct StructuredLowering {
  /// The pattern of this very operation (Softmax over an inner axis is no Row), or nothing where
  /// it cannot be compiled as loops: element types, attributes or parameters known at run time
  /// only. Such an operation runs in the runtime library.
  std::optional<AccessPattern> (*pattern)(mlir::Operation *op);
  /// Lowers the operation; `operands` are the structured values of `op->getOperands()`, which has
  /// none for operands that are absent; null for parameters. Fails with a diagnostic only where `pattern` was wrong to accept.
  mlir::LogicalResult (*lower)(KernelBuilder &builder, mlir::Operation *op,
                               llvm::ArrayRef<mlir::Value> operands,
                               llvm::SmallVectorImpl<mlir::Value> &results);
  /// Operands whose contents the lowering reads while compiling (axes, pads, starts): constants or
  /// `heddle.index_tensor`s, cloned into the cluster instead of becoming its operands. Counted as
  /// the operation declares them, absent ones included: see isParameter() in Parameters.h.
  llvm::ArrayRef<unsigned> parameters = {};
  /// Operands that are cloned as well where they are one known number, as the code depends on which:
  /// a square is no power, and a bound that is known is no NaN.
  llvm::ArrayRef<unsigned> numbers = {};
};

using StructuredLoweringTable = llvm::StringMap<StructuredLowering>;

/// The lowering of an operator by its name ("onnx.Add"), or null.
const StructuredLowering *findStructuredLowering(mlir::OperationName name);
inline const StructuredLowering *findStructuredLowering(mlir::Operation *op) {
  return findStructuredLowering(op->getName());
}

/// Its pattern, or nothing where it is not compiled as loops.
std::optional<AccessPattern> accessPattern(mlir::Operation *op);

// The families.
void addElementwiseLowerings(StructuredLoweringTable &table);
void addMovementLowerings(StructuredLoweringTable &table);
void addReductionLowerings(StructuredLoweringTable &table);
void addNormalizationLowerings(StructuredLoweringTable &table);
void addWindowLowerings(StructuredLoweringTable &table);
void addQuantizationLowerings(StructuredLoweringTable &table);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_STRUCTUREDLOWERING_H
