// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.MatMul, onnx.Gemm and onnx.MatMulInteger by way of the matrix product emitter. Leading dimensions of the left
// operand are rows where the right one has none; a right operand that is a vector becomes the left
// one.

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/Epilogue.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {
namespace {

Dims dimsOf(Value value) { return getDims(cast<RankedTensorType>(value.getType())); }

DimExpr product(ArrayRef<DimExpr> dims) { return countElements(dims); }

bool isSingle(Value zeroPoint) { return product(dimsOf(zeroPoint)).isConstant(1); }

bool allOnes(ArrayRef<DimExpr> dims) {
  return llvm::all_of(dims, [](const DimExpr &dim) { return dim.isConstant(1); });
}

/// The product in the emitter's terms.
struct MatmulShape {
  unsigned a = 0, b = 1;           // operands of the operation
  DimExpr batch = 1, m, n, k;
  MatrixLayout aLayout = MatrixLayout::RowMajor, bLayout = MatrixLayout::RowMajor;
  Dims batchDims, aBatch, bBatch;  // of the result and of each operand; empty where batch is 1
  unsigned rowDims = 0;            // leading dimensions of the result that are rows, batch included
  bool lanesAreLast = true;        // false: N is 1 and not a dimension of the result
};

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

/// The offset of an operand's matrix for a batch, with its batch dimensions broadcast.
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

class MatmulKernelEmitter {
public:
  MatmulKernelEmitter(func::FuncOp structured, Operation *op, StringRef name,
                      ArrayRef<bool> constants, const Target &target)
      : structured(structured), op(op), name(name), target(target), shape(shapeOf(op)),
        bArgument(dyn_cast<BlockArgument>(op->getOperand(shape.b))) {
    element = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
    stored = cast<RankedTensorType>(op->getOperand(0).getType()).getElementType();
    Type accumulator = element.isInteger() || element.isF64()
                           ? element
                           : Type(Float32Type::get(element.getContext()));
    spec = {stored, stored, accumulator, shape.aLayout, shape.bLayout};
    spec.aSigned = !isUnsignedOperand(op, shape.a);
    spec.bSigned = !isUnsignedOperand(op, shape.b);
    bool bFits = shape.bBatch.empty() || shape.bBatch == shape.batchDims;
    packs = bArgument && bFits && constants[bArgument.getArgNumber()];
    if (packs)
      spec.bLayout = MatrixLayout::Packed;
    plan = planMatmul(spec, target);
  }

  ContractionKernel emit();

private:
  void emitProduct(KernelFrame &frame);
  void sink(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
            const MatmulPosition &at);
  void requireGemmOperand(KernelFrame &frame, const Dims &c);
  Value addGemmOperand(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
                       const MatmulPosition &at);
  Packing emitPacking();
  DimExpr packedElements() const {
    // Bytes are packed in fours, with their columns' sums.
    DimExpr rows = plan.bytes ? (shape.k.ceilDiv(4) + 1) * 4 : shape.k;
    return shape.n.ceilDiv(plan.panel) * plan.panel * rows;
  }
  void addZeroPoints(KernelFrame &frame, Epilogue &epilogue, MatmulOperands &operands);

  func::FuncOp structured;
  Operation *op;
  StringRef name;
  const Target &target;
  MatmulShape shape;
  BlockArgument bArgument;
  Type element, stored; // of the product, of A and B
  MatmulSpec spec;
  MatmulPlan plan;
  bool packs;
};

/// Rows of C may turn out to be one when the kernel runs; columns, which are lanes, are as
/// declared.
void MatmulKernelEmitter::requireGemmOperand(KernelFrame &frame, const Dims &c) {
  if (!c.empty() && !c.back().isConstant(1))
    frame.requireEqual(c.back(), shape.n);
  if (c.size() == 2)
    frame.requireBroadcast(c.front(), shape.m);
}

/// Gemm: alpha * A B + beta * C, C broadcast to the rows and columns.
Value MatmulKernelEmitter::addGemmOperand(KernelFrame &frame, Emitter &e, Epilogue &epilogue,
                                          Value acc, const MatmulPosition &at) {
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  if (!gemm)
    return acc;
  OpBuilder &b = e.builder;
  auto scaled = [&](Value value, const APFloat &factor) -> Value {
    if (factor.isExactlyValue(1.0))
      return value;
    Type type = getElementTypeOrSelf(value.getType());
    Value scalar = arith::ConstantOp::create(
        b, e.loc, b.getFloatAttr(type, factor.convertToDouble()));
    Value vector = isa<VectorType>(value.getType()) ? e.broadcast(scalar, at.lanes) : scalar;
    return arith::MulFOp::create(b, e.loc, value, vector);
  };
  acc = scaled(acc, gemm.getAlpha());
  if (!gemm.getC())
    return acc;
  Dims dims = dimsOf(gemm.getC());
  Element column{at.n, isa<VectorType>(acc.getType()) ? Element::Contiguous : Element::Uniform};
  Place place;
  for (unsigned axis = 0; axis < dims.size(); ++axis) {
    bool isColumn = axis + 1 == dims.size();
    if (dims[axis].isConstant(1))
      place.push_back({e.index(0)});
    else if (isColumn || dims[axis] == shape.m)
      place.push_back(isColumn ? column : Element{at.m});
    else
      place.push_back({e.select(e.equal(frame.index(dims[axis]), e.index(1)), e.index(0), at.m)});
  }
  Element c = epilogue.operandAt(gemm.getC(), place, at.lanes, at.mask);
  Value value = c.value;
  if (isa<VectorType>(acc.getType()) && !isa<VectorType>(value.getType()))
    value = e.broadcast(value, at.lanes);
  value = e.convertFloat(value, getElementTypeOrSelf(acc.getType()));
  return arith::AddFOp::create(b, e.loc, acc, scaled(value, gemm.getBeta()));
}

void MatmulKernelEmitter::sink(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
                               const MatmulPosition &at) {
  acc = addGemmOperand(frame, e, epilogue, acc, at);
  if (isa<FloatType>(element))
    acc = e.convertFloat(acc, element);
  Element column{at.n, isa<VectorType>(acc.getType()) ? Element::Contiguous : Element::Uniform};
  unsigned rank = dimsOf(op->getResult(0)).size();
  Place place;
  if (shape.rowDims > 0) {
    Value row = at.m;
    if (!shape.batchDims.empty())
      row = e.add(e.mul(at.batch, frame.index(shape.m)), at.m);
    place = epilogue.place(row, 0, shape.rowDims - 1);
    place.push_back(column);
  } else if (rank > 0) { // the columns are all of the result's dimensions
    place.assign(rank, Element{e.index(0)});
    place.back() = column;
  }
  epilogue.store(acc, place, at.lanes, at.mask);
}

/// The zero points of MatMulInteger: one, or one a row of A or a column of B.
void MatmulKernelEmitter::addZeroPoints(KernelFrame &frame, Epilogue &epilogue,
                                        MatmulOperands &operands) {
  auto integer = dyn_cast<onnx::MatMulIntegerOp>(op);
  if (!integer)
    return;
  auto widened = [](Emitter &e, Value bytes, bool isSigned) -> Value {
    Type i32 = e.builder.getI32Type();
    if (auto vector = dyn_cast<VectorType>(bytes.getType()))
      i32 = vector.clone(i32);
    return isSigned ? Value(arith::ExtSIOp::create(e.builder, e.loc, i32, bytes))
                    : Value(arith::ExtUIOp::create(e.builder, e.loc, i32, bytes));
  };
  if (Value zeroPoint = integer.getAZeroPoint())
    operands.aZeroPoint = [=, this, &epilogue](Emitter &e, Value m) {
      Place place(dimsOf(zeroPoint).size(), Element{e.index(0)});
      if (!isSingle(zeroPoint))
        place.back() = {m};
      return widened(e, epilogue.operandAt(zeroPoint, place, 1, nullptr).value, spec.aSigned);
    };
  if (Value zeroPoint = integer.getBZeroPoint())
    operands.bZeroPoint = [=, this, &epilogue](Emitter &e, Value n, int64_t lanes, Value mask) {
      Place place(dimsOf(zeroPoint).size(), Element{e.index(0)});
      if (!isSingle(zeroPoint))
        place.back() = {n, lanes == 1 ? Element::Uniform : Element::Contiguous};
      Value value = epilogue.operandAt(zeroPoint, place, lanes, mask).value;
      value = widened(e, value, spec.bSigned);
      bool widen = lanes != 1 && !isa<VectorType>(value.getType());
      return widen ? e.broadcast(value, lanes) : value;
    };
}

void MatmulKernelEmitter::emitProduct(KernelFrame &frame) {
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  Dims a = dimsOf(op->getOperand(0));
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  frame.requireEqual(gemm && gemm.getTransA() ? a.front() : a.back(), shape.k);
  for (const Dims &batch : {shape.aBatch, shape.bBatch})
    for (auto [dim, target] : llvm::zip(batch, shape.batchDims))
      frame.requireBroadcast(dim, target);
  if (gemm && gemm.getC())
    requireGemmOperand(frame, dimsOf(gemm.getC()));
  if (auto integer = dyn_cast<onnx::MatMulIntegerOp>(op))
    for (auto [zeroPoint, size] :
         {std::pair(integer.getAZeroPoint(), shape.m), std::pair(integer.getBZeroPoint(), shape.n)})
      if (zeroPoint && !isSingle(zeroPoint))
        frame.requireEqual(countElements(dimsOf(zeroPoint)), size);
  frame.guarded([&] {
    auto bufferOf = [&](unsigned operand) {
      return frame.buffers[cast<BlockArgument>(op->getOperand(operand)).getArgNumber()];
    };
    MatmulOperands operands{.a = bufferOf(shape.a),
                            .b = bufferOf(shape.b),
                            .batch = frame.index(shape.batch),
                            .m = frame.index(shape.m),
                            .n = frame.index(shape.n),
                            .k = frame.index(shape.k)};
    addZeroPoints(frame, epilogue, operands);
    if (!shape.batchDims.empty())
      operands.batchOffsets = [&](Emitter &inner, Value batch) {
        DimExpr bElements = packs ? packedElements() : shape.k * shape.n;
        return BatchOffsets{
            batchOffset(inner, frame, shape, shape.aBatch, batch, shape.m * shape.k),
            batchOffset(inner, frame, shape, shape.bBatch, batch, bElements)};
      };
    emitMatmul(e, spec, operands, frame.begin, frame.end, frame.scratch,
               [&](Value acc, const MatmulPosition &at) { sink(frame, e, epilogue, acc, at); });
  });
}

Packing MatmulKernelEmitter::emitPacking() {
  // All of its sizes are B's own: weights are packed without knowing any other dimension.
  Packing packing{bArgument.getArgNumber(), symbolsOf(dimsOf(bArgument)), {},
                  shape.batch * packedElements(), stored};
  KernelFrame frame(structured, (name + "_pack").str(), ArrayRef<Type>{stored, stored},
                    packing.symbols);
  Emitter e(frame.b, frame.b.getLoc(), target);
  emitPackB(e, spec, shape.bLayout == MatrixLayout::Transposed, frame.buffers[0],
            frame.buffers[1], frame.index(shape.n), frame.index(shape.k), frame.begin, frame.end);
  frame.finish();
  packing.kernel.function = frame.function;
  packing.kernel.grid = shape.batch * shape.n.ceilDiv(plan.panel);
  packing.kernel.pointElements = shape.k * plan.panel;
  packing.kernel.nanosecondsPerElement = 0.3;
  return packing;
}

ContractionKernel MatmulKernelEmitter::emit() {
  ContractionKernel result;
  KernelFrame frame(structured, name,
                    cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  emitProduct(frame);
  result.kernel.function = frame.function;
  result.kernel.grid =
      shape.batch * shape.m.ceilDiv(plan.mBlock) * shape.n.ceilDiv(plan.nBlock);
  result.kernel.pointElements = DimExpr::min(shape.m, plan.mBlock) *
                                DimExpr::min(shape.n, plan.nBlock) * shape.k;
  result.kernel.nanosecondsPerElement =
      (element.isF64() ? 2.0 : 1.0) * 0.4 / static_cast<double>(target.vectorBytes() / 4);
  result.scratchBytes = DimExpr(plan.scratchFixed) + DimExpr(plan.scratchPerK) * shape.k;
  if (packs)
    result.packing = emitPacking();
  return result;
}

} // namespace

bool isEmittedMatmul(Operation *op) {
  if (auto integer = dyn_cast<onnx::MatMulIntegerOp>(op)) {
    if (dimsOf(integer.getB()).size() < 2)
      return false;
    MatmulShape shape = shapeOf(op);
    // One, or one for each row or column of the product as it is computed: leading dimensions that
    // became rows share theirs.
    auto isPerPlace = [](Value zeroPoint, const DimExpr &places) {
      if (!zeroPoint)
        return true;
      Dims dims = dimsOf(zeroPoint);
      return countElements(dims).isConstant(1) || (dims.size() == 1 && dims[0] == places);
    };
    return isPerPlace(integer.getAZeroPoint(), shape.m) &&
           isPerPlace(integer.getBZeroPoint(), shape.n);
  }
  for (Type type : op->getOperandTypes()) {
    Type element = cast<RankedTensorType>(type).getElementType();
    if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element))
      return false;
  }
  return true;
}

FailureOr<ContractionKernel> emitMatmulKernel(func::FuncOp structured, Operation *contraction,
                                              StringRef name, ArrayRef<bool> constantOperands,
                                              const Target &target) {
  return MatmulKernelEmitter(structured, contraction, name, constantOperands, target).emit();
}

} // namespace heddle
