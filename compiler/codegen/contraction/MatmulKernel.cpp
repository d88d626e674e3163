// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.MatMul, onnx.Gemm and onnx.MatMulInteger by way of the matrix product emitter. B is packed by
// a task of its own where it is a weight.

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/Epilogue.h"
#include "compiler/codegen/contraction/MatmulShape.h"
#include "compiler/codegen/contraction/PackingKernel.h"
#include "compiler/codegen/contraction/Precision.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {
namespace {

bool isSingle(Value zeroPoint) { return countElements(dimsOf(zeroPoint)).isConstant(1); }

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
    bool rounds = stored.isF32() && element.isF32() && roundsOperands(op, target);
    packs = bArgument && bFits && (constants[bArgument.getArgNumber()] || rounds);
    if (packs) {
      spec.bLayout = MatrixLayout::Packed;
      spec.pairs = rounds;
      spec.b = packedElement(op, stored, rounds);
    }
    plan = planMatmul(spec, target);
  }

  ContractionKernel emit();

private:
  void emitProduct(KernelFrame &frame);
  Place placeOf(KernelFrame &frame, Emitter &e, Epilogue &epilogue, const MatmulPosition &at,
                Element::Kind columnKind);
  void sink(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
            const MatmulPosition &at);
  void requireGemmOperand(KernelFrame &frame, const Dims &c);
  Value addGemmOperand(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
                       const MatmulPosition &at);
  Packing emitPacking();
  DimExpr packedElements() const {
    return shape.n.ceilDiv(plan.panel) * plan.panel * packedRows(plan, shape.k);
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

/// Rows and columns of C may turn out to be one when the kernel runs.
void MatmulKernelEmitter::requireGemmOperand(KernelFrame &frame, const Dims &c) {
  if (!c.empty())
    frame.requireBroadcast(c.back(), shape.n);
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
    Value scalar =
        arith::ConstantOp::create(b, e.loc, b.getFloatAttr(type, factor.convertToDouble()));
    Value vector = isa<VectorType>(value.getType()) ? e.broadcast(scalar, at.lanes) : scalar;
    return arith::MulFOp::create(b, e.loc, value, vector);
  };
  acc = scaled(acc, gemm.getAlpha());
  if (!gemm.getC())
    return acc;
  Dims dims = dimsOf(gemm.getC());
  bool hasLanes = isa<VectorType>(acc.getType());
  Place place;
  for (unsigned axis = 0; axis < dims.size(); ++axis) {
    bool isColumn = axis + 1 == dims.size();
    Element element{isColumn ? at.n : at.m,
                    isColumn && hasLanes ? Element::Contiguous : Element::Uniform};
    if (dims[axis].isConstant(1)) {
      element = {e.index(0)};
    } else if (dims[axis] != (isColumn ? shape.n : shape.m)) {
      Value isOne = e.equal(frame.index(dims[axis]), e.index(1));
      element.value = e.select(isOne, e.index(0), element.value);
      if (!element.isUniform())
        element = {element.value, Element::UniformOrContiguous, isOne};
    }
    place.push_back(element);
  }
  Element c = epilogue.operandAt(gemm.getC(), place, at.lanes, at.mask);
  Value value = c.value;
  if (isa<VectorType>(acc.getType()) && !isa<VectorType>(value.getType()))
    value = e.broadcast(value, at.lanes);
  value = e.convertFloat(value, getElementTypeOrSelf(acc.getType()));
  return arith::AddFOp::create(b, e.loc, acc, scaled(value, gemm.getBeta()));
}

/// Where a position is in the result of the operation.
Place MatmulKernelEmitter::placeOf(KernelFrame &frame, Emitter &e, Epilogue &epilogue,
                                   const MatmulPosition &at, Element::Kind columnKind) {
  Element column{at.n, columnKind};
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
  return place;
}

void MatmulKernelEmitter::sink(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
                               const MatmulPosition &at) {
  acc = addGemmOperand(frame, e, epilogue, acc, at);
  if (isa<FloatType>(element))
    acc = e.convertFloat(acc, element);
  bool isVector = isa<VectorType>(acc.getType());
  Place place = placeOf(frame, e, epilogue, at, isVector ? Element::Contiguous : Element::Uniform);
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
    operands.prefetch = [&](Emitter &inner, const MatmulPosition &at) {
      epilogue.prefetch(placeOf(frame, inner, epilogue, at, Element::Uniform));
    };
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
  Packing packing{
      bArgument.getArgNumber(), {shape.n, shape.k}, {}, shape.batch * packedElements(), spec.b};
  packing.kernel.grid = shape.batch * shape.n.ceilDiv(plan.panel);
  packing.kernel.nanosecondsPerElement = 0.3;
  emitPackingKernel(packing, structured, name + "_pack", stored, target,
                    [&](Emitter &e, KernelFrame &frame, ArrayRef<Value> sizes) {
                      emitPackB(e, spec, shape.bLayout == MatrixLayout::Transposed,
                                frame.buffers[0], frame.buffers[1], sizes[0], sizes[1], frame.begin,
                                frame.end);
                    });
  return packing;
}

ContractionKernel MatmulKernelEmitter::emit() {
  ContractionKernel result;
  unsigned weights = packs ? bArgument.getArgNumber() : structured.getNumArguments();
  KernelFrame frame(structured, name, bufferElements(structured, weights, spec.b));
  emitProduct(frame);
  result.kernel.function = frame.function;
  result.kernel.grid = shape.batch * shape.m.ceilDiv(plan.mBlock) * shape.n.ceilDiv(plan.nBlock);
  result.kernel.pointElements =
      DimExpr::min(shape.m, plan.mBlock) * DimExpr::min(shape.n, plan.nBlock) * shape.k;
  result.kernel.nanosecondsPerElement = (element.isF64() ? 2.0
                                         : plan.tiles    ? 0.1
                                         : plan.pairs    ? 0.5
                                                         : 1.0) *
                                        0.4 / static_cast<double>(target.vectorBytes() / 4);
  result.scratchBytes = DimExpr(plan.scratchFixed) + DimExpr(plan.scratchPerK) * shape.k;
  if (packs)
    result.packings = {emitPacking()};
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
