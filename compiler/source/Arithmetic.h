// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds arithmetic of the source level with the types that shape inference would give it, for
// passes that write operations in terms of others.

#ifndef HEDDLE_COMPILER_SOURCE_ARITHMETIC_H
#define HEDDLE_COMPILER_SOURCE_ARITHMETIC_H

#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/IR/Builders.h"

namespace heddle {

/// Whether a tensor has one element.
bool isSingle(mlir::Value value);
/// The type with other elements.
mlir::RankedTensorType withElement(mlir::Type tensor, mlir::Type element);

class Arithmetic {
public:
  /// Inserts before `op`, at its location.
  explicit Arithmetic(mlir::Operation *op) : b(op), loc(op->getLoc()) {}
  /// Inserts where the builder does.
  Arithmetic(mlir::OpBuilder b, mlir::Location loc) : b(b), loc(loc) {}

  mlir::Value number(double value);                  // of f32, a scalar
  mlir::Value numbers(llvm::ArrayRef<float> values); // a vector of f32
  mlir::Value toF32(mlir::Value value);
  /// An element-wise operation on two operands, broadcast.
  template <typename Op> mlir::Value apply(mlir::Value x, mlir::Value y) {
    return Op::create(b, loc, broadcastType(x, y), x, y);
  }
  mlir::Value add(mlir::Value x, mlir::Value y) { return apply<onnx::AddOp>(x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return apply<onnx::SubOp>(x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return apply<onnx::MulOp>(x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) { return apply<onnx::DivOp>(x, y); }
  /// The same elements under another shape.
  mlir::Value viewed(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value viewedAs(mlir::Value value, const Dims &dims);
  /// Repeated along axes of size 1, and along new ones before the first.
  mlir::Value expandedTo(mlir::Value value, const Dims &dims, mlir::Value sizes);
  /// Result axis i is axis permutation[i]; the value itself where that moves nothing.
  mlir::Value transposed(mlir::Value value, llvm::ArrayRef<int64_t> permutation);
  /// With two axes the other way around.
  mlir::Value exchanged(mlir::Value value, int64_t axis, int64_t other);
  /// With one axis at another place, the others in their order.
  mlir::Value moved(mlir::Value value, int64_t from, int64_t to);
  /// Elements [begin, end) of an axis; `sizes` has the symbols of both, else the value itself.
  mlir::Value sliced(mlir::Value value, int64_t axis, const DimExpr &begin, const DimExpr &end,
                     mlir::Value sizes = {});
  /// The elements along axis 0, last to first.
  mlir::Value reversed(mlir::Value value);
  /// One after the other along an axis.
  mlir::Value joined(mlir::ValueRange values, int64_t axis);
  /// As the only element along a new axis 0.
  mlir::Value asRow(mlir::Value value);
  /// Of a tensor of one element; others stay.
  mlir::Value asScalar(mlir::Value value) { return isSingle(value) ? viewed(value, {}) : value; }
  /// x / scale rounded and moved by the zero point into its type; both are scalars.
  mlir::Value quantized(mlir::Value x, mlir::Value scale, mlir::Value zeroPoint);
  mlir::Value integers(llvm::ArrayRef<int64_t> values); // a vector of i64
  /// A vector of i64 with the dimensions; `sizes` has the symbols among them.
  mlir::Value shape(const Dims &dims, mlir::Value sizes);

  mlir::OpBuilder b;
  mlir::Location loc;

private:
  mlir::Value constant(mlir::DenseElementsAttr contents);
  mlir::RankedTensorType broadcastType(mlir::Value x, mlir::Value y);
};

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_ARITHMETIC_H
