// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of one source operation, for tests of its structured lowering.

#ifndef HEDDLE_TESTS_UNIT_KERNELS_SINGLEOPERATOR_H
#define HEDDLE_TESTS_UNIT_KERNELS_SINGLEOPERATOR_H

#include <string>
#include <vector>

#include "compiler/kernels/StructuredLowering.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace heddle::testing {

/// Loads the dialects that kernels are made of.
void loadDialects(mlir::MLIRContext& context);

/// The last operation of the function that is not its terminator: the operator under test.
mlir::Operation* operatorOf(mlir::func::FuncOp source);

struct SingleKernel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;  // null where the lowering failed or did not verify
  /// The dimension symbols, which are index arguments after the tensors.
  std::vector<std::string> symbols;
};

/// Lowers the operator of `source`, a function of constants and one operator more. Its arguments
/// become those of the kernel.
SingleKernel lowerSingle(mlir::func::FuncOp source);

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_KERNELS_SINGLEOPERATOR_H
