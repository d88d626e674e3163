// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs structured kernels (linalg.generic on tensors) as they are written, element by element: what
// a lowering means, independent of how loops are generated from it. Every access is checked.

#ifndef HEDDLE_TESTS_UNIT_KERNELS_STRUCTUREDINTERPRETER_H
#define HEDDLE_TESTS_UNIT_KERNELS_STRUCTUREDINTERPRETER_H

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heddle::testing {

/// A number of any element type. Integers are kept sign-extended, floats rounded to their type.
union Number {
  int64_t integer = 0;
  double real;
};

struct HostTensor {
  std::vector<int64_t> shape;
  std::vector<Number> elements;

  int64_t count() const;
};

struct InterpreterResult {
  std::vector<HostTensor> tensors;
  /// What went wrong; empty on success. A kernel that fails on purpose says "index out of range" or
  /// "shape mismatch".
  std::string error;
};

/// Runs a function; its index arguments are 0-D tensors here.
InterpreterResult interpret(mlir::func::FuncOp function, llvm::ArrayRef<HostTensor> arguments);

/// The nearest number of a float type.
double roundTo(mlir::Type type, double value);

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_KERNELS_STRUCTUREDINTERPRETER_H
