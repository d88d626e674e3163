// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the compiler knows of a tensor before the program runs.

#ifndef HEDDLE_DIALECTS_ONNX_TENSORFACTS_H
#define HEDDLE_DIALECTS_ONNX_TENSORFACTS_H

#include "dialects/heddle/TensorDims.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <optional>
#include <vector>

namespace heddle::onnx {

/// The runtime has room for no more dimensions of a tensor.
constexpr int64_t kMostDims = 32;
/// The contents of larger tensors are not tracked.
constexpr int64_t kMaxTrackedElements = 1024;

struct TensorFacts {
  TensorFacts() = default;
  TensorFacts(mlir::Type elementType, Dims dims)
      : elementType(elementType), dims(std::move(dims)) {}

  /// Facts of a tensor type; nothing where a dimension or the rank is not known.
  static std::optional<TensorFacts> ofType(mlir::Type type);
  /// Facts of a constant, with its contents where they are small.
  static TensorFacts ofConstant(mlir::ElementsAttr value);

  int64_t rank() const { return dims.size(); }
  /// The dimensions, where all are constants.
  std::optional<llvm::SmallVector<int64_t>> staticShape() const;
  /// The number of elements, where it is a constant that is small enough to track contents.
  std::optional<int64_t> trackedCount() const;

  /// The contents of an integer or bool tensor, all of them constants.
  std::optional<llvm::SmallVector<int64_t>> constantIntegers() const;
  /// The only element of a tensor of one element, where it is known.
  std::optional<DimExpr> scalar() const;

  /// Takes over the elements of `source` at these positions, for the contents that it has.
  void takeElements(const TensorFacts &source, llvm::ArrayRef<int64_t> positions);
  /// Takes over all elements in their order.
  void takeElements(const TensorFacts &source);
  /// Gives up contents that the element type or the number of elements does not allow.
  void normalize();

  bool isInteger() const;
  bool isFloat() const;

  mlir::Type elementType;
  Dims dims;
  /// Contents of an integer or bool (0 and 1) tensor in row-major order; single elements may be
  /// unknown. Also those of a floating-point tensor that are sizes converted to it, for models that
  /// compute sizes in floating point.
  std::optional<std::vector<DimExpr>> integers;
  /// Contents of a floating-point tensor, each a value of its element type.
  std::optional<std::vector<double>> floats;
};

/// The value after a conversion to a floating-point type, rounded to nearest even.
double roundTo(mlir::Type floatType, double value);

/// The positions, in a row-major tensor of `shape`, of the elements that `visit` is called for:
/// calls it with the index of each element of `shape` in order.
void forEachIndex(llvm::ArrayRef<int64_t> shape,
                  llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);

/// The row-major position of an index; where a dimension is 1, any index of it counts as 0.
int64_t positionOf(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape);

} // namespace heddle::onnx

#endif // HEDDLE_DIALECTS_ONNX_TENSORFACTS_H
