// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/contraction/MatmulShape.h"
#include "compiler/codegen/matmul/PackPanels.h"

#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

static DimExpr product(ArrayRef<DimExpr> dims) { return countElements(dims); }

static bool allOnes(ArrayRef<DimExpr> dims) {
  return llvm::all_of(dims, [](const DimExpr &dim) { return dim.isConstant(1); });
}

DimExpr packedRows(const MatmulPlan &plan, const DimExpr &k) {
  return plan.bytes   ? (k.ceilDiv(4 * kStepBlock) * kStepBlock + 1) * 4
         : plan.pairs ? k.ceilDiv(2 * kStepBlock) * (2 * kStepBlock)
                      : k;
}

MatmulShape shapeOf(Operation *op) {
  MatmulShape s;
  Dims a = dimsOf(op->getOperand(0)), b = dimsOf(op->getOperand(1));
  unsigned resultRank = dimsOf(op->getResult(0)).size();
  if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
    bool transA = gemm.getTransA() != 0, transB = gemm.getTransB() != 0;
    s.m = a[transA ? 1 : 0];
    s.k = b[transB ? 1 : 0];
    s.n = b[transB ? 0 : 1];
    s.aLayout = transA ? MatrixLayout::Transposed : MatrixLayout::RowMajor;
    s.bLayout = transB ? MatrixLayout::Transposed : MatrixLayout::RowMajor;
    s.rowDims = 1;
    return s;
  }
  s.k = a.back();
  if (b.size() == 1) { // matrix times vector: the rows of A are the columns of the product
    s.a = 1;
    s.b = 0;
    s.m = 1;
    s.n = product(ArrayRef(a).drop_back());
    s.bLayout = MatrixLayout::Transposed;
    s.rowDims = 0;
    return s;
  }
  s.n = b.back();
  s.k = b[b.size() - 2];
  ArrayRef<DimExpr> bBatch = ArrayRef(b).drop_back(2);
  s.rowDims = resultRank - 1;
  if (a.size() == 1 || allOnes(bBatch)) {
    s.m = product(ArrayRef(a).drop_back());
    if (a.size() != 1)
      return s;
    s.m = 1;
    if (allOnes(bBatch))
      return s;
    s.batchDims = s.bBatch = Dims(bBatch.begin(), bBatch.end());
    s.aBatch = Dims(bBatch.size(), DimExpr(1));
    s.batch = product(bBatch);
    return s;
  }
  s.m = a[a.size() - 2];
  Dims result = dimsOf(op->getResult(0));
  s.batchDims.assign(result.begin(), result.end() - 2);
  auto aligned = [&](ArrayRef<DimExpr> dims) {
    Dims all(s.batchDims.size() - dims.size(), DimExpr(1));
    all.append(dims.begin(), dims.end());
    return all;
  };
  s.aBatch = aligned(ArrayRef(a).drop_back(2));
  s.bBatch = aligned(bBatch);
  s.batch = product(s.batchDims);
  return s;
}

Value batchOffset(Emitter &e, KernelFrame &frame, const MatmulShape &s, const Dims &operand,
                  Value batch, const DimExpr &matrixElements) {
  if (operand == s.batchDims)
    return e.mul(batch, frame.index(matrixElements));
  Value offset = e.index(0), rest = batch;
  DimExpr stride = matrixElements;
  for (unsigned axis = s.batchDims.size(); axis-- > 0;) {
    Value size = frame.index(s.batchDims[axis]);
    Value coordinate = axis == 0 ? rest : e.rem(rest, size);
    if (axis != 0)
      rest = e.div(rest, size);
    if (operand[axis].isConstant(1))
      continue;
    Value step = e.mul(coordinate, frame.index(stride));
    if (operand[axis] != s.batchDims[axis]) { // 1 or the size, told when the kernel runs
      Value one = e.equal(frame.index(operand[axis]), e.index(1));
      step = e.select(one, e.index(0), step);
    }
    offset = e.add(offset, step);
    stride = stride * operand[axis];
  }
  return offset;
}

} // namespace heddle
