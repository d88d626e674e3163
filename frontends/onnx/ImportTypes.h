// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types, the types of a model's inputs, and the names of their dimensions.

#ifndef HEDDLE_FRONTENDS_ONNX_IMPORTTYPES_H
#define HEDDLE_FRONTENDS_ONNX_IMPORTTYPES_H

#include "frontends/onnx/ImportOnnx.h"
#include "frontends/onnx/OperatorTable.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace heddle {
namespace onnx_model {
class GraphProto;
class TypeProto;
class ValueInfoProto;
} // namespace onnx_model

/// The type with the format's number; null for strings and what the runtime has no type for.
mlir::Type elementTypeFor(mlir::MLIRContext *context, int32_t dataType);

/// The format's number of a type that elementTypeFor gives.
int32_t dataTypeFor(mlir::Type elementType);

/// The element type of a tensor value.
mlir::Type elementTypeOfValue(mlir::Value value);

/// "a sequence", "a map", ... for what is no tensor; empty for a tensor.
llvm::StringRef notATensor(const onnx_model::TypeProto &type);

/// The types of a model's inputs with the dimensions that the user fixed.
class InputTypes {
public:
  InputTypes(mlir::MLIRContext *context, const ImportOptions &options)
      : context(context), options(options) {}

  /// Takes note of an input's dimension names; call for all inputs before the others.
  void declare(const onnx_model::ValueInfoProto &input);

  /// Whether all dimensions that the user fixed exist.
  absl::Status checkOptions();

  absl::StatusOr<mlir::RankedTensorType> typeOf(const onnx_model::ValueInfoProto &input);

private:
  mlir::MLIRContext *context;
  const ImportOptions &options;
  std::map<std::string, std::string> symbols; // INPUT:AXIS and names to the symbol they mean
  std::map<std::string, int64_t> staticDims;  // INPUT:AXIS to the size the model gives
  std::map<std::string, int64_t> fixed;       // symbols to what the user wants
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_IMPORTTYPES_H
