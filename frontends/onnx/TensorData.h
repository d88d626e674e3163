// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the format's tensor message, whichever of its fields holds the data, to plain bytes.

#ifndef HEDDLE_FRONTENDS_ONNX_TENSORDATA_H
#define HEDDLE_FRONTENDS_ONNX_TENSORDATA_H

#include "frontends/onnx/HostTensor.h"

#include "absl/status/statusor.h"

#include <optional>
#include <string>

namespace heddle {
class ExternalData;
namespace onnx_model {
class NodeProto;
class SparseTensorProto;
class TensorProto;
} // namespace onnx_model

/// The element type with the format's number; nothing where the number is unknown, and for those
/// the runtime has no type for.
std::optional<ElementType> elementTypeOf(int32_t dataType);

/// The format's number of an element type.
int32_t dataTypeOf(ElementType type);

/// "float", "int2", or "number 99".
std::string dataTypeName(int32_t dataType);

/// The tensor that a Constant node holds; null for other nodes. Some exporters keep weights so.
const onnx_model::TensorProto *constantTensor(const onnx_model::NodeProto &node);

/// The tensor's data; raw bytes are moved out of the message. The dimensions must promise exactly
/// what the data holds. Errors do not name the tensor. InvalidArgument for a malformed message,
/// Unimplemented for element types the runtime has none of, strings among them.
absl::StatusOr<HostTensor> takeTensor(onnx_model::TensorProto &tensor, ExternalData *external);

/// A sparse tensor with its zeros, which may take no more than `mostBytes`.
absl::StatusOr<HostTensor> takeSparseTensor(onnx_model::SparseTensorProto &tensor,
                                            ExternalData *external, int64_t mostBytes);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_TENSORDATA_H
