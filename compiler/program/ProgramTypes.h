// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types and attributes of the source level as a graph program has them.

#ifndef HEDDLE_COMPILER_PROGRAM_PROGRAMTYPES_H
#define HEDDLE_COMPILER_PROGRAM_PROGRAMTYPES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "program_generated.h"

#include <optional>

namespace heddle {

std::optional<program::ElementType> programElementType(mlir::Type elementType);

/// The type with that number of the format; null where there is none.
mlir::Type elementTypeOfProgram(mlir::MLIRContext *context, int number);

/// Nothing for an attribute that no library function reads.
std::optional<flatbuffers::Offset<program::Attribute>>
writeAttribute(flatbuffers::FlatBufferBuilder &buffer, llvm::StringRef name, mlir::Attribute value);

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_PROGRAMTYPES_H
