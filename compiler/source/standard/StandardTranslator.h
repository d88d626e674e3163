// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that a person wrote in MLIR's own dialects (scf, arith, math, tensor) as operators of ONNX:
// the form in which every pass looks for parallelism. A scalar is a tensor of no dimensions, a loop a
// Loop of a number of iterations, a read at an index a Gather, a write at one a ScatterND.
//
// Operations are replaced where they stand. Those that have become others are erased at the end, so
// that what comes later can still ask them for their types and constants.

#ifndef HEDDLE_COMPILER_SOURCE_STANDARD_STANDARDTRANSLATOR_H
#define HEDDLE_COMPILER_SOURCE_STANDARD_STANDARDTRANSLATOR_H

#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

namespace heddle {

class StandardTranslator {
public:
  explicit StandardTranslator(mlir::func::FuncOp function)
      : function(function), b(function.getContext()) {}

  /// Whether there is anything to translate.
  static bool isNeeded(mlir::func::FuncOp function);
  /// Fails with an error at the first operation that has no counterpart.
  llvm::LogicalResult run();

private:
  llvm::LogicalResult translate(mlir::Block &block);
  llvm::LogicalResult translate(mlir::Operation *op);
  llvm::LogicalResult translateFor(mlir::scf::ForOp op);
  llvm::LogicalResult translateIf(mlir::scf::IfOp op);
  /// Operations on each element, of tensors and scalars. Nothing where it is none of these.
  std::optional<mlir::Value> elementwise(mlir::Operation *op);
  std::optional<mlir::Value> comparison(mlir::Operation *op);
  std::optional<mlir::Value> conversion(mlir::Operation *op);
  /// Operations that read and make parts of tensors.
  std::optional<mlir::Value> tensorAccess(mlir::Operation *op);
  mlir::Value extractSlice(mlir::tensor::ExtractSliceOp op);
  mlir::Value insertSlice(mlir::tensor::InsertSliceOp op);

  /// The tensor that a value of the function has become.
  mlir::Value of(mlir::Value value);
  llvm::SmallVector<mlir::Value> of(mlir::ValueRange values);
  mlir::Value of(mlir::OpFoldResult index);
  void replace(mlir::Value old, mlir::Value now);
  /// What a type has become; null where it has no counterpart.
  mlir::Type tensorType(mlir::Type type);
  void finishSignature();

  mlir::Value emit(llvm::StringRef name, mlir::ValueRange operands, mlir::Type type,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  mlir::Value constant(mlir::ElementsAttr value);
  mlir::Value integer(int64_t value);
  mlir::Value integers(llvm::ArrayRef<int64_t> values);
  /// Integers of no dimensions as a vector.
  mlir::Value joined(llvm::ArrayRef<mlir::Value> numbers);
  mlir::Value reshaped(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value gathered(mlir::Value data, mlir::Value index, int64_t axis);
  mlir::NamedAttribute number(llvm::StringRef name, int64_t value) {
    return b.getNamedAttr(name, b.getI64IntegerAttr(value));
  }

  mlir::func::FuncOp function;
  mlir::OpBuilder b;
  mlir::Location loc = b.getUnknownLoc();
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;
  llvm::SmallVector<mlir::Operation *> replaced;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_STANDARD_STANDARDTRANSLATOR_H
