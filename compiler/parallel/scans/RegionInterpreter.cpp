// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/RegionInterpreter.h"

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/recurrence/Recurrence.h"
#include "dialects/onnx/TensorFacts.h"

#include <cmath>

using namespace mlir;

namespace heddle {

std::vector<int64_t> RegionInterpreter::shapeOf(Type type) const {
  std::vector<int64_t> dims;
  for (const DimExpr &dim : getDims(cast<RankedTensorType>(type))) {
    // The same for equal expressions.
    DimExpr known = dim.substitute([](StringRef) { return std::optional(DimExpr(3)); });
    dims.push_back(std::max<int64_t>(known.asConstant().value_or(3), 1));
  }
  return dims;
}

using Function = double (*)(ArrayRef<double>);

/// What an element-wise operation makes of one element of each operand.
static Function functionOf(Operation *op) {
  static const llvm::StringMap<Function> functions = {
      {"Add", [](ArrayRef<double> x) { return x[0] + x[1]; }},
      {"Sub", [](ArrayRef<double> x) { return x[0] - x[1]; }},
      {"Mul", [](ArrayRef<double> x) { return x[0] * x[1]; }},
      {"Div", [](ArrayRef<double> x) { return x[0] / x[1]; }},
      {"Pow", [](ArrayRef<double> x) { return std::pow(x[0], x[1]); }},
      {"Max", [](ArrayRef<double> x) { return *llvm::max_element(x); }},
      {"Min", [](ArrayRef<double> x) { return *llvm::min_element(x); }},
      {"Sum",
       [](ArrayRef<double> x) {
         double sum = 0;
         for (double n : x)
           sum += n;
         return sum;
       }},
      {"Neg", [](ArrayRef<double> x) { return -x[0]; }},
      {"Abs", [](ArrayRef<double> x) { return std::abs(x[0]); }},
      {"Exp", [](ArrayRef<double> x) { return std::exp(x[0]); }},
      {"Log", [](ArrayRef<double> x) { return std::log(x[0]); }},
      {"Sqrt", [](ArrayRef<double> x) { return std::sqrt(x[0]); }},
      {"Tanh", [](ArrayRef<double> x) { return std::tanh(x[0]); }},
      {"Sigmoid", [](ArrayRef<double> x) { return 1 / (1 + std::exp(-x[0])); }},
      {"Relu", [](ArrayRef<double> x) { return x[0] > 0 ? x[0] : 0; }},
      {"Softplus",
       [](ArrayRef<double> x) {
         return std::max(x[0], 0.0) + std::log1p(std::exp(-std::abs(x[0])));
       }},
      {"Sign", [](ArrayRef<double> x) { return double((x[0] > 0) - (x[0] < 0)); }},
      {"Floor", [](ArrayRef<double> x) { return std::floor(x[0]); }},
      {"Ceil", [](ArrayRef<double> x) { return std::ceil(x[0]); }},
      {"Round", [](ArrayRef<double> x) { return std::nearbyint(x[0]); }},
      {"Sin", [](ArrayRef<double> x) { return std::sin(x[0]); }},
      {"Cos", [](ArrayRef<double> x) { return std::cos(x[0]); }},
      {"Erf", [](ArrayRef<double> x) { return std::erf(x[0]); }},
      {"IsNaN", [](ArrayRef<double> x) { return double(std::isnan(x[0])); }},
      {"Reciprocal", [](ArrayRef<double> x) { return 1 / x[0]; }},
      {"And", [](ArrayRef<double> x) { return double(x[0] != 0 && x[1] != 0); }},
      {"Or", [](ArrayRef<double> x) { return double(x[0] != 0 || x[1] != 0); }},
      {"Xor", [](ArrayRef<double> x) { return double((x[0] != 0) != (x[1] != 0)); }},
      {"Not", [](ArrayRef<double> x) { return double(x[0] == 0); }},
      {"BitwiseAnd", [](ArrayRef<double> x) { return double(int64_t(x[0]) & int64_t(x[1])); }},
      {"BitwiseOr", [](ArrayRef<double> x) { return double(int64_t(x[0]) | int64_t(x[1])); }},
      {"BitwiseXor", [](ArrayRef<double> x) { return double(int64_t(x[0]) ^ int64_t(x[1])); }},
      {"BitwiseNot", [](ArrayRef<double> x) { return double(~int64_t(x[0])); }},
      {"Greater", [](ArrayRef<double> x) { return double(x[0] > x[1]); }},
      {"GreaterOrEqual", [](ArrayRef<double> x) { return double(x[0] >= x[1]); }},
      {"Less", [](ArrayRef<double> x) { return double(x[0] < x[1]); }},
      {"LessOrEqual", [](ArrayRef<double> x) { return double(x[0] <= x[1]); }},
      {"Equal", [](ArrayRef<double> x) { return double(x[0] == x[1]); }},
      {"Where", [](ArrayRef<double> x) { return x[0] != 0 ? x[1] : x[2]; }},
  };
  if (auto mod = dyn_cast<onnx::ModOp>(op))
    return mod.getFmod() ? [](ArrayRef<double> x) { return std::fmod(x[0], x[1]); }
                         : [](ArrayRef<double> x) { return x[0] - x[1] * std::floor(x[0] / x[1]); };
  auto found = functions.find(op->getName().stripDialect());
  return found == functions.end() ? nullptr : found->second;
}

NumberTensor RegionInterpreter::constant(Operation *op) {
  NumberTensor tensor{shapeOf(op->getResult(0).getType()), {}};
  if (auto floats = knownFloats(op->getResult(0)))
    tensor.numbers.assign(floats->begin(), floats->end());
  else if (auto integers = constantIntegers(op->getResult(0)))
    tensor.numbers.assign(integers->begin(), integers->end());
  if (static_cast<int64_t>(tensor.numbers.size()) != tensor.count())
    unknownOp = op;
  return tensor;
}

/// A vector is a row on the left and a column on the right; a batch broadcasts.
static NumberTensor matmul(const NumberTensor &x, const NumberTensor &y, ArrayRef<int64_t> dims) {
  std::vector<int64_t> left = x.dims, right = y.dims;
  if (left.size() == 1)
    left.insert(left.begin(), 1);
  if (right.size() == 1)
    right.push_back(1);
  int64_t rows = left[left.size() - 2], inner = left.back(), columns = right.back();
  ArrayRef<int64_t> lefts = ArrayRef(left).drop_back(2), rights = ArrayRef(right).drop_back(2);
  NumberTensor result{dims.vec(), {}};
  ArrayRef batch = dims.drop_back((x.dims.size() > 1) + (y.dims.size() > 1));
  onnx::forEachIndex(batch, [&](ArrayRef<int64_t> index) {
    int64_t a = onnx::positionOf(index.take_back(lefts.size()), lefts) * rows * inner;
    int64_t b = onnx::positionOf(index.take_back(rights.size()), rights) * inner * columns;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < inner; ++k)
          sum += x.numbers[a + i * inner + k] * y.numbers[b + k * columns + j];
        result.numbers.push_back(sum);
      }
  });
  return result;
}

NumberTensor RegionInterpreter::compute(Operation *op, ArrayRef<const NumberTensor *> operands) {
  NumberTensor result{shapeOf(op->getResult(0).getType()), {}};
  if (isView(op) || isa<onnx::ExpandOp>(op))
    operands = operands.take_front(1);
  if (isa<onnx::MatMulOp>(op))
    return matmul(*operands[0], *operands[1], result.dims);
  if (isView(op)) {
    result.numbers = operands[0]->numbers;
    return result;
  }
  Function function = functionOf(op);
  if (isa<onnx::ExpandOp>(op))
    function = [](ArrayRef<double> x) { return x[0]; };
  if (!function || operands.empty()) {
    unknownOp = op;
    result.numbers.resize(result.count());
    return result;
  }
  onnx::forEachIndex(result.dims, [&](ArrayRef<int64_t> index) {
    SmallVector<double, 4> elements;
    for (const NumberTensor *operand : operands)
      elements.push_back(
          operand->numbers[onnx::positionOf(index.take_back(operand->dims.size()), operand->dims)]);
    result.numbers.push_back(function(elements));
  });
  return result;
}

std::vector<NumberTensor> RegionInterpreter::run(Block &block,
                                                 const std::vector<NumberTensor> &arguments) {
  llvm::DenseMap<Value, NumberTensor> values;
  for (auto [argument, tensor] : llvm::zip(block.getArguments(), arguments))
    values[argument] = tensor;
  auto valueOf = [&](Value value) {
    auto [at, isNew] = values.try_emplace(value);
    if (isNew) { // from outside: known where it is a constant
      Operation *op = value.getDefiningOp();
      if (op && isa<onnx::ConstantOp>(op))
        at->second = constant(op);
      else
        unknownOp = op ? op : block.getParentOp();
      at->second.numbers.resize(at->second.count());
    }
    return at->second;
  };
  for (Operation &op : block.without_terminator()) {
    if (isa<onnx::ConstantOp>(op)) {
      values[op.getResult(0)] = constant(&op);
      continue;
    }
    std::vector<NumberTensor> tensors;
    for (Value operand : op.getOperands())
      tensors.push_back(valueOf(operand));
    SmallVector<const NumberTensor *> operands;
    for (const NumberTensor &tensor : tensors)
      operands.push_back(&tensor);
    if (op.getNumResults() != 1 || unknownOp) {
      unknownOp = unknownOp ? unknownOp : &op;
      break;
    }
    values[op.getResult(0)] = compute(&op, operands);
  }
  std::vector<NumberTensor> yielded;
  for (Value value : block.getTerminator()->getOperands()) {
    NumberTensor tensor = valueOf(value);
    if (unknownOp)
      tensor = {shapeOf(value.getType()), {}};
    tensor.numbers.resize(tensor.count());
    yielded.push_back(std::move(tensor));
  }
  return yielded;
}

} // namespace heddle
