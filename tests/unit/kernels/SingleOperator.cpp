// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/kernels/SingleOperator.h"

#include "compiler/kernels/KernelBuilder.h"
#include "compiler/kernels/Parameters.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/SetVector.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace heddle::testing {

void loadDialects(MLIRContext& context) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                      math::MathDialect, tensor::TensorDialect, HeddleDialect, onnx::OnnxDialect>();
}

Operation* operatorOf(func::FuncOp source) {
  return source.getBody().front().getTerminator()->getPrevNode();
}

namespace {

Type structuredType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), signlessType(tensor.getElementType()),
                               tensor.getEncoding());
}

void collectSymbols(Type type, llvm::SetVector<StringRef>& symbols, MLIRContext* context) {
  for (const DimExpr& dim : getDims(cast<RankedTensorType>(type)))
    dim.walkSymbols(
        [&](StringRef name) { symbols.insert(StringAttr::get(context, name).getValue()); });
}

}  // namespace

SingleKernel lowerSingle(func::FuncOp source) {
  Operation* op = operatorOf(source);
  MLIRContext* context = op->getContext();
  SingleKernel kernel;
  llvm::SetVector<StringRef> symbols;
  for (Type type : source.getArgumentTypes()) collectSymbols(type, symbols, context);
  SmallVector<Type> arguments = llvm::map_to_vector(source.getArgumentTypes(), structuredType);
  arguments.append(symbols.size(), IndexType::get(context));
  SmallVector<Type> results = llvm::map_to_vector(op->getResultTypes(), structuredType);

  OpBuilder builder(context);
  kernel.module = ModuleOp::create(op->getLoc());
  builder.setInsertionPointToEnd(kernel.module->getBody());
  auto function = func::FuncOp::create(builder, op->getLoc(), "kernel",
                                       builder.getFunctionType(arguments, results));
  Block* body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  llvm::StringMap<Value> values;
  for (auto [i, symbol] : llvm::enumerate(symbols)) {
    values[symbol] = body->getArgument(source.getNumArguments() + i);
    kernel.symbols.push_back(symbol.str());
  }
  SmallVector<Value> operands;
  for (auto [number, operand] : llvm::enumerate(op->getOperands())) {
    auto argument = dyn_cast<BlockArgument>(operand);
    operands.push_back(argument && !isParameter(op, number)
                           ? body->getArgument(argument.getArgNumber())
                           : Value());
  }
  KernelBuilder kernelBuilder(op->getLoc(), builder, values);
  SmallVector<Value> lowered;
  if (failed(findStructuredLowering(op)->lower(kernelBuilder, op, operands, lowered)))
    return kernel;
  func::ReturnOp::create(kernelBuilder, lowered);
  if (succeeded(verify(*kernel.module))) kernel.function = function;
  return kernel;
}

}  // namespace heddle::testing
