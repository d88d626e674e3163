// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a source operation is executed. Everything that asks goes through here.

#ifndef HEDDLE_COMPILER_KERNELS_OPERATIONKINDS_H
#define HEDDLE_COMPILER_KERNELS_OPERATIONKINDS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace heddle {

enum class OperationKind {
  Constant,    // in the artifact's weights
  View,        // the operand's bytes under other dimensions
  Loops,       // compiled by way of the structured form
  Contraction, // compiled by the matmul and convolution emitters
  Control,     // sub-graphs
  Library,     // a function of the runtime library
};

/// Like isa<>, for an operator.
template <typename... Ops> bool isNamed(mlir::OperationName name) {
  return ((name.getTypeID() == mlir::TypeID::get<Ops>()) || ...);
}

OperationKind operationKind(mlir::Operation *op);

/// Whether some operation of this operator is executed so; types, attributes and sizes decide for
/// each. Only a Library one may still be missing from the library.
bool mayBe(OperationKind kind, mlir::OperationName name);

/// Matrix products and convolutions that the emitters cover: element types and layouts.
bool isContraction(mlir::Operation *op);

/// Whether computing an element takes long: functions, divisions.
bool takesLong(mlir::Operation *op);

/// Operands that the lowering reads while compiling: they are cloned into a cluster.
bool isParameter(mlir::OpOperand &operand);

/// Clones a parameter's producer into a cluster, where it depends on nothing, unless it is there.
void cloneParameter(mlir::Value parameter, mlir::OpBuilder &builder, mlir::IRMapping &mapping);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_OPERATIONKINDS_H
