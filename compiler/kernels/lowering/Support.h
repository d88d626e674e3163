// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the lowerings of all families share.

#ifndef HEDDLE_COMPILER_KERNELS_LOWERING_SUPPORT_H
#define HEDDLE_COMPILER_KERNELS_LOWERING_SUPPORT_H

#include "compiler/kernels/IndexMath.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/kernels/ScalarMath.h"
#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"

namespace heddle {

/// Tensors of known dimensions whose elements loops compute with: bool, integers of 8 to 64 bits,
/// floats of 16 to 64 bits.
bool isComputable(mlir::Type tensorType);
/// Such operands and results, and parameters that are known.
bool isComputable(mlir::Operation *op);
bool hasFloatElements(mlir::Value tensor);

/// `pattern` where the operation is computable.
template <AccessPattern pattern> std::optional<AccessPattern> whereComputable(mlir::Operation *op) {
  return isComputable(op) ? std::optional(pattern) : std::nullopt;
}
/// The same for operators that are defined on floats.
template <AccessPattern pattern> std::optional<AccessPattern> whereFloat(mlir::Operation *op) {
  return hasFloatElements(op->getOperand(0)) ? whereComputable<pattern>(op) : std::nullopt;
}

int64_t rankOf(mlir::Value tensor);
/// Counts a negative axis from the end.
int64_t positiveAxis(int64_t axis, int64_t rank);
/// Row where the axes, in any order, are the last ones; Reduction otherwise.
AccessPattern rowOrReduction(llvm::ArrayRef<int64_t> axes, int64_t rank);

/// Finds the structured value of an operand by the operand's name.
class Operands {
public:
  Operands(mlir::Operation *op, llvm::ArrayRef<mlir::Value> values) : op(op), values(values) {}
  /// Null for an operand that is absent.
  mlir::Value of(mlir::Value source) const;

private:
  mlir::Operation *op;
  llvm::ArrayRef<mlir::Value> values;
};

/// Checks, before a body reads it with scalarOf, that a tensor has one element.
void requireScalar(KernelBuilder &b, mlir::Value tensor);
/// The only element of a tensor of one element.
mlir::Value scalarOf(KernelBuilder &b, mlir::Value tensor);

/// The indices with one of them replaced.
llvm::SmallVector<mlir::Value> replaceIndex(mlir::ValueRange indices, int64_t axis,
                                            mlir::Value index);

/// Adds an operator of the domain ai.onnx.
inline void addLowering(StructuredLoweringTable &table, llvm::StringRef name,
                        const StructuredLowering &lowering) {
  table[("onnx." + name).str()] = lowering;
}

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_LOWERING_SUPPORT_H
