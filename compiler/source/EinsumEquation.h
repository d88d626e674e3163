// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an Einsum of two operands says.

#ifndef HEDDLE_COMPILER_SOURCE_EINSUMEQUATION_H
#define HEDDLE_COMPILER_SOURCE_EINSUMEQUATION_H

#include "dialects/onnx/Onnx.h"

#include <optional>
#include <string>

namespace heddle {

/// The terms of an equation of two operands; each label once in a term, ellipses spelled out.
struct EinsumEquation {
  std::string a, b, result;

  static std::optional<EinsumEquation> of(onnx::EinsumOp op);

  /// Labels stand for equal sizes: a size of one that stands for any is another program. The values
  /// are those of the terms a and b.
  bool hasEqualSizes(mlir::Value a, mlir::Value b) const;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_EINSUMEQUATION_H
