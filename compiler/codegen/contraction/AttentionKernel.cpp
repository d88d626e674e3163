// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle.attention by way of the attention emitter. Its region is evaluated on vectors of products,
// what follows it on vectors of results.

#include "compiler/codegen/contraction/AttentionPlaces.h"
#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/Epilogue.h"
#include "dialects/heddle/Heddle.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {
namespace {

class AttentionKernelEmitter {
public:
  AttentionKernelEmitter(func::FuncOp structured, AttentionOp op, StringRef name,
                         const Target &target)
      : structured(structured), op(op), name(name), target(target),
        space(getDims(cast<RankedTensorType>(op.getProducts().getType()))) {
    element = elementOf(op.getQuery());
    spec.stored = element;
    spec.accumulator = element.isF64() ? element : Type(Float32Type::get(element.getContext()));
    spec.keysAreRows = op.axesOf(1).back() + 1 == rank();
    spec.undefined = undefinedRows(op.getUndefined());
  }

  ContractionKernel emit();

private:
  int64_t rank() const { return static_cast<int64_t>(space.size()); }
  /// Sizes and steps of an operand along logical axes.
  struct Side {
    Dims dims;
    SmallVector<Value> steps;
  };
  Side sideOf(KernelFrame &frame, unsigned operand, Value tensor);
  void require(KernelFrame &frame, const Dims &key, const Dims &value);
  Value startOf(KernelFrame &frame, Emitter &e, const Side &side);
  Value timeStep(KernelFrame &frame, Emitter &e, const Side &side);

  func::FuncOp structured;
  AttentionOp op;
  StringRef name;
  const Target &target;
  Dims space; // B..., L, S
  Type element;
  AttentionSpec spec;
  Values coordinates; // of the batch at hand
};

AttentionKernelEmitter::Side AttentionKernelEmitter::sideOf(KernelFrame &frame, unsigned operand,
                                                            Value tensor) {
  Dims stored = dimsOf(tensor);
  SmallVector<DimExpr> steps(rank(), DimExpr(1));
  for (int64_t axis = rank() - 1; axis-- > 0;)
    steps[axis] = steps[axis + 1] * stored[axis + 1];
  Side side;
  for (int64_t axis : op.axesOf(operand)) {
    side.dims.push_back(stored[axis]);
    side.steps.push_back(frame.index(steps[axis]));
  }
  return side;
}

/// What the verifier could not know of the sizes.
void AttentionKernelEmitter::require(KernelFrame &frame, const Dims &key, const Dims &value) {
  int64_t time = rank() - 2;
  for (const DimExpr &keys : {key[time], value[time]})
    if (op.getSharesKeys())
      frame.requireBroadcast(keys, space.back());
    else
      frame.requireEqual(keys, space.back());
  frame.requireEqual(dimsOf(op.getQuery())[op.axesOf(0).back()], key.back());
}

/// Where the batch's matrix starts, neighbours of a group sharing one.
Value AttentionKernelEmitter::startOf(KernelFrame &frame, Emitter &e, const Side &side) {
  Value start = e.index(0);
  for (int64_t axis = 0; axis + 2 < rank(); ++axis) {
    if (side.dims[axis].isConstant(1))
      continue;
    Value coordinate = coordinates[axis];
    if (side.dims[axis] != space[axis])
      coordinate = e.div(coordinate, e.div(frame.index(space[axis]), frame.index(side.dims[axis])));
    start = e.add(start, e.mul(coordinate, side.steps[axis]));
  }
  return start;
}

Value AttentionKernelEmitter::timeStep(KernelFrame &frame, Emitter &e, const Side &side) {
  const DimExpr &length = side.dims[rank() - 2];
  Value step = side.steps[rank() - 2];
  if (!op.getSharesKeys() || length == space.back())
    return step;
  return e.select(e.equal(frame.index(length), e.index(1)), e.index(0), step);
}

ContractionKernel AttentionKernelEmitter::emit() {
  AttentionPlan plan = planAttention(spec, target);
  KernelFrame frame(structured, name,
                    cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  ElementEmitter scores(frame.b, e.lanesOf(spec.accumulator), frame.failure);
  frame.bindOperands(scores);
  Side query = sideOf(frame, 0, op.getQuery()), key = sideOf(frame, 1, op.getKey()),
       value = sideOf(frame, 2, op.getValue());
  require(frame, key.dims, value.dims);
  DimExpr queries = space[rank() - 2], depth = key.dims.back(), width = value.dims.back();
  DimExpr parts = op.getInParts() ? dimsOf(op.getOutput())[rank() - 1] : DimExpr(1);

  auto enter = [&](Value batch) {
    coordinates = coordinatesOf(frame, e, batch, ArrayRef(space).drop_back(2));
    return AttentionStarts{startOf(frame, e, query), startOf(frame, e, key),
                           startOf(frame, e, value)};
  };
  auto placeOf = [&](const AttentionPosition &at) {
    Place place;
    for (Value coordinate : coordinates)
      place.push_back({coordinate});
    place.push_back({at.query});
    place.push_back({at.first, Element::Contiguous});
    return place;
  };
  auto score = [&](Value products, const AttentionPosition &at) -> Value {
    Value made = op.getScores().front().getTerminator()->getOperand(0);
    Type type = elementOf(op.getProducts());
    scores.setMask(at.mask);
    scores.bindElement(op.getProducts(), {e.convertFloat(products, type), Element::Varying});
    Element element = scores.elementAt(made, placeOf(at));
    return e.convertFloat(scores.vectorOf(element), spec.accumulator);
  };
  SmallVector<int64_t> resultAxes = op.axesOf(3);
  auto sink = [&](Value results, const AttentionPosition &at) {
    Place place = placeOf(at);
    if (at.part)
      place.insert(place.end() - 1, {at.part});
    Type type = elementOf(op.getOutput());
    epilogue.store(e.convertFloat(results, type), ordered(place, resultAxes), at.lanes, at.mask);
  };
  auto bufferOf = [&](Value operand) {
    return frame.buffers[cast<BlockArgument>(operand).getArgNumber()];
  };
  frame.guarded([&] {
    AttentionOperands operands{.query = bufferOf(op.getQuery()),
                               .key = bufferOf(op.getKey()),
                               .value = bufferOf(op.getValue()),
                               .queries = frame.index(queries),
                               .keys = frame.index(space.back()),
                               .depth = frame.index(depth),
                               .width = frame.index(width),
                               .queryStep = query.steps[rank() - 2],
                               .keyStep = timeStep(frame, e, key),
                               .keyDepthStep = key.steps.back(),
                               .valueStep = timeStep(frame, e, value)};
    if (op.getInParts())
      operands.parts = frame.index(parts);
    emitAttention(e, spec, operands, frame.begin, frame.end, frame.scratch, {enter, score, sink});
  });
  ContractionKernel result;
  DimExpr batch = countElements(ArrayRef(space).drop_back(2));
  result.kernel.function = frame.function;
  result.kernel.grid = batch * queries.ceilDiv(plan.queries) * parts;
  // Reading keys and values takes as long as another query does.
  result.kernel.pointElements =
      (DimExpr::min(queries, plan.queries) + 1) * space.back().ceilDiv(parts) * (depth + width);
  result.kernel.nanosecondsPerElement =
      (element.isF64() ? 2.0 : 1.0) * 0.16 / static_cast<double>(target.vectorBytes() / 4);
  result.scratchBytes = plan.scratchBytes(depth, width.ceilDiv(plan.panel));
  return result;
}

} // namespace

bool isEmittedAttention(Operation *op) {
  auto attention = cast<AttentionOp>(op);
  Type element = elementOf(attention.getQuery());
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element) &&
         elementOf(attention.getKey()) == element && elementOf(attention.getValue()) == element &&
         isa<FloatType>(elementOf(attention.getOutput()));
}

FailureOr<ContractionKernel> emitAttentionKernel(func::FuncOp structured, Operation *op,
                                                 StringRef name, const Target &target) {
  return AttentionKernelEmitter(structured, cast<AttentionOp>(op), name, target).emit();
}

} // namespace heddle
