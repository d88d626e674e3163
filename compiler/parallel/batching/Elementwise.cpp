// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each element of the result from those at the same place: operands with fewer axes than the result
// get axes of 1 behind axis 0, as broadcasting aligns axes from the end.

#include "compiler/parallel/batching/BatchedOperation.h"

using namespace mlir;

namespace heddle {
namespace {

LogicalResult batchBroadcast(BatchedOperation &x) {
  size_t rank = dimsOf(x.op->getResult(0)).size();
  SmallVector<Value> operands;
  for (Value operand : x.op->getOperands())
    operands.push_back(x.aligned(operand, rank));
  return x.finish(x.clone(operands));
}

/// The first operand decides the shape: the others broadcast to it.
LogicalResult batchFirst(BatchedOperation &x) {
  if (!x.isStacked(0u))
    return x.refuse("has a first operand that is the same for all elements");
  return batchBroadcast(x);
}

/// The bounds are scalars.
LogicalResult batchClip(BatchedOperation &x) {
  if (!x.isOnlyStacked(0))
    return x.refuse("has bounds that differ between elements");
  return batchBroadcast(x);
}

LogicalResult batchQuantization(BatchedOperation &x) {
  if (!x.isOnlyStacked(0))
    return x.refuse("has a scale that differs between elements");
  SmallVector<Value> operands;
  for (Value operand : x.op->getOperands())
    operands.push_back(x.operand(operand));
  Operation *all = x.clone(operands);
  if (!dimsOf(x.op->getOperand(1)).empty()) {
    int64_t axis = isa<onnx::QuantizeLinearOp>(x.op)
                       ? cast<onnx::QuantizeLinearOp>(x.op).getAxis()
                       : cast<onnx::DequantizeLinearOp>(x.op).getAxis();
    all->setAttr("axis", x.m.b.getI64IntegerAttr(shiftedAxis(axis)));
  }
  return x.finish(all);
}

} // namespace

void addElementwiseRules(BatchingRules &rules) {
  // clang-format off
  for (StringRef name :
       {"Abs",        "Acos",       "Acosh",      "Add",        "And",       "Asin",
        "Asinh",      "Atan",       "Atanh",      "BitShift",   "BitwiseAnd", "BitwiseNot",
        "BitwiseOr",  "BitwiseXor", "Cast",       "Ceil",       "Celu",      "Cos",
        "Cosh",       "Div",        "Elu",        "Equal",      "Erf",       "Exp",
        "Floor",      "Gelu",       "Greater",    "GreaterOrEqual", "HardSigmoid", "HardSwish",
        "Identity",   "IsInf",      "IsNaN",      "LeakyRelu",  "Less",      "LessOrEqual",
        "Log",        "Max",        "Mean",       "Min",        "Mish",      "Mod",
        "Mul",        "Neg",        "Not",        "Or",         "Pow",       "Reciprocal",
        "Relu",       "Round",      "Selu",       "Shrink",     "Sigmoid",   "Sign",
        "Sin",        "Sinh",       "Softplus",   "Softsign",   "Sqrt",      "Sub",
        "Sum",        "Swish",      "Tan",        "Tanh",       "ThresholdedRelu", "Where",
        "Xor"})
    // clang-format on
    rules[("onnx." + name).str()] = batchBroadcast;
  rules["onnx.PRelu"] = batchFirst;
  rules["onnx.Clip"] = batchClip;
  rules["onnx.QuantizeLinear"] = batchQuantization;
  rules["onnx.DequantizeLinear"] = batchQuantization;
}

} // namespace heddle
