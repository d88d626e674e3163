// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants as attributes.

#ifndef HEDDLE_FRONTENDS_ONNX_ELEMENTS_H
#define HEDDLE_FRONTENDS_ONNX_ELEMENTS_H

#include "frontends/onnx/HostTensor.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace heddle {

/// Larger constants are resources rather than dense attributes.
inline constexpr int64_t mostDenseElements = 1024;

/// The tensor as an attribute, see ImportOnnx.h for the layout of resources; frees the tensor's
/// bytes. The type must be one that elementTypeFor knows, the bytes as many as it needs.
mlir::ElementsAttr takeElements(mlir::MLIRContext *context, HostTensor &&tensor);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_ELEMENTS_H
