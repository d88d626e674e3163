// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numbers of weights, in place.

#ifndef HEDDLE_COMPILER_SOURCE_CONSTANTFLOATS_H
#define HEDDLE_COMPILER_SOURCE_CONSTANTFLOATS_H

#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cstring>
#include <optional>

namespace heddle {

/// The elements of an f32 constant in row-major order, wherever its bytes are.
class ConstantFloats {
public:
  /// Nothing for other values, and where all elements are stored as one.
  static std::optional<ConstantFloats> of(mlir::Value value) {
    auto constant = value.getDefiningOp<onnx::ConstantOp>();
    if (!constant || !elementOf(value).isF32())
      return std::nullopt;
    mlir::Attribute attribute = constant.getValueAttr();
    if (auto dense = mlir::dyn_cast_or_null<mlir::DenseElementsAttr>(attribute))
      return dense.isSplat() ? std::nullopt : std::optional(ConstantFloats(dense.getRawData()));
    auto resource = mlir::dyn_cast_or_null<mlir::DenseResourceElementsAttr>(attribute);
    if (!resource || !resource.getRawHandle().getBlob())
      return std::nullopt;
    return ConstantFloats(resource.getRawHandle().getBlob()->getData());
  }

  int64_t size() const { return bytes.size() / sizeof(float); }
  float operator[](int64_t index) const {
    float value;
    std::memcpy(&value, bytes.data() + index * sizeof(float), sizeof(float));
    return value;
  }

private:
  explicit ConstantFloats(llvm::ArrayRef<char> bytes) : bytes(bytes) {}

  llvm::ArrayRef<char> bytes; // of a file they may have any alignment
};

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_CONSTANTFLOATS_H
