// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products. Where all elements meet one matrix, they become rows of one product, which reads
// the matrix once.

#include "compiler/parallel/batching/BatchedOperation.h"

using namespace mlir;

namespace heddle {
namespace {

/// An operand of a product: for all elements if it is stacked, with the dimensions that one has.
struct Factor {
  Value value;
  bool stacked;
  Dims dims;
};

Factor factorOf(BatchedOperation &x, Value element) {
  return {x.operand(element), x.isStacked(element), dimsOf(element)};
}

/// With its last two axes exchanged.
Factor transposed(BatchedOperation &x, Factor factor) {
  int64_t rank = dimsOf(factor.value).size();
  std::swap(factor.dims[factor.dims.size() - 1], factor.dims[factor.dims.size() - 2]);
  factor.value = x.m.exchanged(factor.value, rank - 1, rank - 2);
  return factor;
}

Value multiply(BatchedOperation &x, Value a, Value b, const Dims &dims) {
  return onnx::MatMulOp::create(x.m.b, x.m.loc, tensorWithDims(dims, elementOf(a)), a, b);
}

/// All rows of all elements.
Value rowsOf(BatchedOperation &x, const Factor &a) {
  DimExpr rows = x.length * countElements(ArrayRef(a.dims).drop_back());
  return x.m.viewedAs(a.value, Dims{rows, a.dims.back()});
}

/// The product for all elements; `result` has the dimensions of one.
Value product(BatchedOperation &x, Factor a, Factor b, const Dims &result) {
  if (a.stacked && !b.stacked && b.dims.size() == 2) {
    Value rows = rowsOf(x, a);
    Value all = multiply(x, rows, b.value, Dims{dimsOf(rows)[0], b.dims[1]});
    return x.m.viewedAs(all, x.all(result));
  }
  if (!a.stacked && a.dims.size() == 2 && b.dims.size() == 1)
    return multiply(x, b.value, transposed(x, a).value, x.all(result));
  // A vector is a matrix with an axis of 1, batch axes are aligned from the end.
  Dims batch(ArrayRef(result).drop_back((a.dims.size() > 1) + (b.dims.size() > 1)));
  if (a.dims.size() == 1)
    a.dims.insert(a.dims.begin(), DimExpr(1));
  if (b.dims.size() == 1)
    b.dims.push_back(1);
  Dims dims = x.all(batch);
  dims.append({a.dims[a.dims.size() - 2], b.dims.back()});
  for (Factor *factor : {&a, &b}) {
    if (factor->stacked)
      factor->dims.insert(factor->dims.begin(), batch.size() + 2 - factor->dims.size(), DimExpr(1));
    factor->value =
        x.m.viewedAs(factor->value, factor->stacked ? x.all(factor->dims) : factor->dims);
  }
  return x.m.viewedAs(multiply(x, a.value, b.value, dims), x.all(result));
}

LogicalResult batchMatMul(BatchedOperation &x) {
  return x.finish(product(x, factorOf(x, x.op->getOperand(0)), factorOf(x, x.op->getOperand(1)),
                          dimsOf(x.op->getResult(0))));
}

Value scaled(BatchedOperation &x, Value value, llvm::APFloat factor) {
  if (factor.isExactlyValue(1.0))
    return value;
  auto type = RankedTensorType::get({}, elementOf(value));
  bool losesInfo;
  factor.convert(cast<FloatType>(elementOf(value)).getFloatSemantics(),
                 llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  auto number = onnx::ConstantOp::create(x.m.b, x.m.loc, TypeRange{type}, ValueRange{});
  number.setValueAttr(DenseElementsAttr::get(type, factor));
  return x.m.mul(value, number.getResult());
}

LogicalResult batchGemm(BatchedOperation &x) {
  auto gemm = cast<onnx::GemmOp>(x.op);
  Dims result = dimsOf(gemm.getY());
  // One row added to all: still a Gemm, of the rows of all elements.
  Dims added = gemm.getC() ? dimsOf(gemm.getC()) : Dims();
  if (x.isOnlyStacked(0) && !gemm.getTransA() && (added.size() < 2 || added[0].isConstant(1))) {
    SmallVector<Value> operands{rowsOf(x, factorOf(x, gemm.getA())), x.operand(gemm.getB())};
    if (gemm.getC())
      operands.push_back(x.operand(gemm.getC()));
    Operation *all = x.clone(operands);
    all->getResult(0).setType(tensorWithDims(x.folded(result), elementOf(gemm.getY())));
    return x.finish(all);
  }
  if (!isa<FloatType>(elementOf(gemm.getY())))
    return x.refuse("multiplies integers that differ between elements");
  Factor a = factorOf(x, gemm.getA()), b = factorOf(x, gemm.getB());
  if (gemm.getTransA())
    a = transposed(x, a);
  if (gemm.getTransB())
    b = transposed(x, b);
  Value sum;
  if (a.stacked || b.stacked)
    sum = product(x, a, b, result);
  else
    sum = multiply(x, a.value, b.value, result);
  sum = scaled(x, sum, gemm.getAlpha());
  if (gemm.getC())
    sum = x.m.add(sum, scaled(x, x.aligned(gemm.getC(), 2), gemm.getBeta()));
  return x.finish(sum);
}

LogicalResult batchMatMulInteger(BatchedOperation &x) {
  auto matmul = cast<onnx::MatMulIntegerOp>(x.op);
  if (!x.isOnlyStacked(0) || dimsOf(matmul.getB()).size() != 2 ||
      (matmul.getAZeroPoint() && !isSingle(matmul.getAZeroPoint())))
    return x.refuse("has more than its first operand differ between elements");
  Value rows = rowsOf(x, factorOf(x, matmul.getA()));
  SmallVector<Value> operands{rows};
  for (Value operand : llvm::drop_begin(x.op->getOperands()))
    operands.push_back(x.operand(operand));
  Operation *all = x.clone(operands);
  all->getResult(0).setType(
      tensorWithDims(Dims{dimsOf(rows)[0], dimsOf(matmul.getB())[1]}, elementOf(matmul.getY())));
  return x.finish(all);
}

/// Gives the operands that differ, and the result, one more letter.
LogicalResult batchEinsum(BatchedOperation &x) {
  auto einsum = cast<onnx::EinsumOp>(x.op);
  std::string equation = einsum.getEquation().str();
  llvm::erase(equation, ' ');
  size_t arrow = equation.find("->");
  if (arrow == std::string::npos || equation.find('.') != std::string::npos)
    return x.refuse("has an equation with axes that it does not name");
  char letter = 'a';
  while (letter <= 'z' && equation.find(letter) != std::string::npos)
    ++letter;
  if (letter > 'z')
    return x.refuse("names all letters");
  SmallVector<StringRef> terms;
  StringRef(equation).take_front(arrow).split(terms, ',');
  std::string all;
  SmallVector<Value> operands;
  for (auto [term, operand] : llvm::zip(terms, x.op->getOperands())) {
    all += operands.empty() ? "" : ",";
    all += x.isStacked(operand) ? letter + term.str() : term.str();
    operands.push_back(x.operand(operand));
  }
  all += std::string("->") + letter + equation.substr(arrow + 2);
  Operation *batched = x.clone(operands);
  cast<onnx::EinsumOp>(batched).setEquation(all);
  return x.finish(batched);
}

} // namespace

void addProductRules(BatchingRules &rules) {
  rules["onnx.MatMul"] = batchMatMul;
  rules["onnx.Gemm"] = batchGemm;
  rules["onnx.MatMulInteger"] = batchMatMulInteger;
  rules["onnx.Einsum"] = batchEinsum;
}

} // namespace heddle
