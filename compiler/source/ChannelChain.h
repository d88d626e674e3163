// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What channels are made of: the element-wise operations between a value and the convolutions or
// products with weights that it comes from, and how large all of it can become.

#ifndef HEDDLE_COMPILER_SOURCE_CHANNELCHAIN_H
#define HEDDLE_COMPILER_SOURCE_CHANNELCHAIN_H

#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/SetVector.h"

#include <limits>
#include <optional>

namespace heddle {

class ChannelChain {
public:
  /// Follows a value, of which `axis` has the channels. False where it is made of anything else.
  bool follow(mlir::Value value, int64_t axis);

  mlir::Value source;                              // of all convolutions and products
  llvm::SetVector<mlir::Operation *> operations;   // in order
  llvm::DenseMap<mlir::Operation *, int64_t> axes; // of their results
  /// What they multiply with, and its axis of channels.
  llvm::DenseMap<mlir::OpOperand *, int64_t> weights;
  /// Where the sum of the source's magnitudes is below, all elements of all results are finite, by a
  /// wide margin for rounding.
  double limit = std::numeric_limits<double>::infinity();

private:
  /// No element is larger than factor * max(1, m)^degree, m the largest magnitude of the source.
  struct Bound {
    double factor;
    double degree;
    bool isNegative; // or may be
  };

  llvm::DenseMap<mlir::Operation *, Bound> bounds;

  std::optional<Bound> boundOf(mlir::Value value, int64_t axis);
  std::optional<Bound> boundOf(mlir::Operation *op, int64_t axis);
  std::optional<Bound> ofLinear(mlir::Value from, mlir::OpOperand &factors, int64_t channels,
                                mlir::OpOperand *bias = nullptr);
  std::optional<Bound> ofMovement(mlir::Operation *op, int64_t axis);
  std::optional<Bound> ofElements(mlir::Operation *op, int64_t axis);
};

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_CHANNELCHAIN_H
