// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the structured lowering of one operator, written as text, in the interpreter.

#ifndef HEDDLE_TESTS_UNIT_KERNELS_STRUCTUREDLOWERINGFIXTURE_H
#define HEDDLE_TESTS_UNIT_KERNELS_STRUCTUREDLOWERINGFIXTURE_H

#include <map>

#include "dialects/heddle/Heddle.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "tests/unit/kernels/SingleOperator.h"
#include "tests/unit/kernels/StructuredInterpreter.h"

namespace heddle::testing {

inline HostTensor reals(std::vector<int64_t> shape, std::vector<double> values) {
  HostTensor tensor{std::move(shape), {}};
  for (double value : values) tensor.elements.push_back({.real = value});
  return tensor;
}

inline HostTensor integers(std::vector<int64_t> shape, std::vector<int64_t> values) {
  HostTensor tensor{std::move(shape), {}};
  for (int64_t value : values) tensor.elements.push_back({.integer = value});
  return tensor;
}

/// 0, 1, 2, ...
inline HostTensor counting(std::vector<int64_t> shape) {
  HostTensor tensor{std::move(shape), {}};
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.elements.push_back({.real = static_cast<double>(i)});
  return tensor;
}

inline std::vector<double> realsOf(const HostTensor& tensor) {
  std::vector<double> values;
  for (Number number : tensor.elements) values.push_back(number.real);
  return values;
}

inline std::vector<int64_t> integersOf(const HostTensor& tensor) {
  std::vector<int64_t> values;
  for (Number number : tensor.elements) values.push_back(number.integer);
  return values;
}

class StructuredLoweringTest : public ::testing::Test {
 protected:
  StructuredLoweringTest() { loadDialects(context); }

  /// `body` is the operator and its parameters; the operands are %a, %b ... of these types.
  mlir::func::FuncOp parse(std::vector<std::string> operandTypes, llvm::StringRef body) {
    std::string text = "func.func @main(";
    for (size_t i = 0; i < operandTypes.size(); ++i)
      text +=
          (i ? ", %" : "%") + std::string(1, static_cast<char>('a' + i)) + ": " + operandTypes[i];
    text += ") {\n" + body.str() + "\nreturn\n}";
    source = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(source) << text;
    return *source->getOps<mlir::func::FuncOp>().begin();
  }

  std::optional<AccessPattern> pattern(std::vector<std::string> operandTypes,
                                       llvm::StringRef body) {
    return accessPattern(operatorOf(parse(std::move(operandTypes), body)));
  }

  /// Runs the operator; symbols take the values that `sizes` gives them by name.
  InterpreterResult run(std::vector<std::string> operandTypes, llvm::StringRef body,
                        std::vector<HostTensor> operands,
                        const std::map<std::string, int64_t>& sizes = {}) {
    mlir::func::FuncOp function = parse(std::move(operandTypes), body);
    EXPECT_TRUE(accessPattern(operatorOf(function)));
    kernel = lowerSingle(function);
    if (!kernel.function) return {{}, "the lowering failed"};
    for (const std::string& symbol : kernel.symbols)
      operands.push_back(integers({}, {sizes.at(symbol)}));
    return interpret(kernel.function, operands);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> source;
  SingleKernel kernel;
};

/// A type with dimensions named by expressions: dims("?x2xf32", R"("n", "2")").
inline std::string dims(llvm::StringRef shape, llvm::StringRef names) {
  return ("tensor<" + shape + ", #heddle.dims<[" + names + "]>>").str();
}

/// A constant parameter %name with as many elements as `values` has, and its type.
inline std::string parameter(llvm::StringRef name, std::vector<int64_t> values) {
  std::string numbers;
  for (int64_t value : values) numbers += (numbers.empty() ? "" : ", ") + std::to_string(value);
  std::string type = "tensor<" + std::to_string(values.size()) + "xi64>";
  return "%" + name.str() + " = \"onnx.Constant\"() <{value = dense<[" + numbers + "]> : " + type +
         "}> : () -> " + type + "\n";
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_KERNELS_STRUCTUREDLOWERINGFIXTURE_H
