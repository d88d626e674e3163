// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the structured form of a kernel: `linalg.generic` operations on tensors, one or a few for
// each source operation of a cluster. How an operator's lowering looks (compiler/kernels/lowering):
//
//   LogicalResult lowerRelu(KernelBuilder &b, Operation *op, ValueRange in,
//                           SmallVectorImpl<Value> &out) {
//     out.push_back(b.map(op->getResult(0), in, [&](ValueRange x) {
//       return b.scalar().max(x[0], b.scalar().zero(x[0].getType()));
//     }));
//     return success();
//   }
//
// In the structured form element types are signless (the source operation says which are
// unsigned), and the kernel has one index value for each dimension symbol.

#ifndef HEDDLE_COMPILER_KERNELS_KERNELBUILDER_H
#define HEDDLE_COMPILER_KERNELS_KERNELBUILDER_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace heddle {

/// Integers of ONNX are signed or unsigned, those of arith are neither: the element type of the
/// source operation decides.
enum class Signedness { Signed, Unsigned };

/// The element type that holds `type` in a kernel: `ui8` becomes `i8`, all else stays.
mlir::Type signlessType(mlir::Type type);
Signedness signednessOf(mlir::Type elementType);
mlir::Type elementTypeOf(mlir::Value tensor);

class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Body = llvm::function_ref<mlir::Value(mlir::ValueRange)>;
  using IndexedBody = llvm::function_ref<mlir::Value(mlir::ValueRange indices)>;

  /// `symbols` gives the index value of each dimension symbol.
  KernelBuilder(mlir::Location loc, mlir::OpBuilder &builder,
                const llvm::StringMap<mlir::Value> &symbols)
      : ImplicitLocOpBuilder(loc, builder), symbols(symbols) {}

  /// The dimensions of a source value, as expressions over the kernel's symbols.
  llvm::SmallVector<DimExpr> dims(mlir::Value sourceValue) const;
  /// An expression as an index value.
  mlir::Value index(const DimExpr &expr);
  mlir::Value index(int64_t value);

  /// Makes the kernel fail before it starts where a size is below `least`; nothing where it cannot
  /// be.
  void require(const DimExpr &size, int64_t least);
  /// The same where two sizes differ.
  void requireEqual(const DimExpr &lhs, const DimExpr &rhs);

  /// An uninitialised tensor of these dimensions, to be the `outs` of a linalg operation.
  mlir::Value empty(llvm::ArrayRef<DimExpr> dims, mlir::Type elementType);
  /// A tensor filled with one scalar: the start of a reduction.
  mlir::Value filled(llvm::ArrayRef<DimExpr> dims, mlir::Value scalar);

  /// The tensor whose elements are `body` of the operands' elements at the same place, after
  /// ONNX's (multidirectional) broadcasting to the shape of `result`, a source value.
  mlir::Value map(mlir::Value result, mlir::ValueRange operands, Body body);
  mlir::Value map(llvm::ArrayRef<DimExpr> dims, mlir::Type elementType, mlir::ValueRange operands,
                  llvm::ArrayRef<llvm::SmallVector<DimExpr>> operandDims, Body body);

  /// The same where `places` says which element of each operand belongs to a place of the result:
  /// permuted, or along some axes only, such as the channel's. No size is broadcast.
  mlir::Value mapAt(llvm::ArrayRef<DimExpr> dims, mlir::Type elementType, mlir::ValueRange operands,
                    llvm::ArrayRef<mlir::AffineMap> places, Body body);
  /// The place along these axes of a tensor of `rank`: {1} for a channel's element.
  mlir::AffineMap alongAxes(int64_t rank, llvm::ArrayRef<int64_t> axes);
  mlir::AffineMap identity(int64_t rank) { return getMultiDimIdentityMap(rank); }

  /// The tensor whose element at each place is `body` of that place's indices. Read other tensors
  /// with element() or elementOr() inside: slices, transposes, gathers, windows.
  mlir::Value generate(llvm::ArrayRef<DimExpr> dims, mlir::Type elementType, IndexedBody body);

  /// In a body: the index of this place along an axis of the iteration space.
  mlir::Value placeIndex(int64_t axis);

  /// An element of a tensor; indices must be in range. The second form gives `fallback` where
  /// `inside` is false, and reads nothing there.
  mlir::Value element(mlir::Value tensor, mlir::ValueRange indices);
  mlir::Value elementOr(mlir::Value tensor, mlir::ValueRange indices, mlir::Value inside,
                        mlir::Value fallback);

  /// Reduces `input` (dims `inputDims`) over `axes` with `combine(accumulator, element)`, starting
  /// from `start`; the reduced axes stay as dimensions of 1, or go where `keepDims` is false.
  /// `combine` must be associative and commutative, apart from rounding.
  using Combine = llvm::function_ref<mlir::Value(mlir::Value accumulator, mlir::Value element)>;
  mlir::Value reduce(mlir::Value input, llvm::ArrayRef<DimExpr> inputDims,
                     llvm::ArrayRef<int64_t> axes, mlir::Value start, Combine combine,
                     bool keepDims = true);

  /// The same over a window: the iteration space is `outDims` followed by `windowDims`, `body`
  /// gives the element at indices (out..., window...).
  mlir::Value reduceWindow(llvm::ArrayRef<DimExpr> outDims, llvm::ArrayRef<DimExpr> windowDims,
                           mlir::Type elementType, mlir::Value start, IndexedBody body,
                           Combine combine);

private:
  mlir::AffineMap broadcastMap(llvm::ArrayRef<DimExpr> operand, llvm::ArrayRef<DimExpr> result);
  bool broadcastsStatically(llvm::ArrayRef<DimExpr> operand, llvm::ArrayRef<DimExpr> result);

  const llvm::StringMap<mlir::Value> &symbols;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_KERNELBUILDER_H
