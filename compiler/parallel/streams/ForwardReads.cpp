// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Branches that write slices of one tensor each take the tensor that the branch before has made, and
// so wait for it. A read of places that a write leaves alone may as well read the tensor from before
// the write:
//
//   %1 = ScatterND(%0, [[0]], ...)         writes row 0
//   %2 = Gather(%1, [1])                   reads row 1, of %0 then
//
// Writes are ScatterND, ScatterElements, and a Concat of slices of a tensor at their own places with
// something else between. Where an index is not known, or in both, nothing changes.

#include "compiler/Passes.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/streams/Places.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FORWARDREADSPASS
#include "compiler/Passes.h.inc"

namespace {

/// A part of a tensor along one axis.
struct Part {
  Value source;
  DimExpr start;
};

/// What a Slice or Split along the axis, and no other one, takes.
std::optional<Part> partOf(Value value, int64_t axis) {
  Operation *op = value.getDefiningOp();
  if (auto split = dyn_cast_or_null<onnx::SplitOp>(op)) {
    int64_t along = split.getAxis();
    if ((along < 0 ? along + int64_t(dimsOf(value).size()) : along) != axis)
      return std::nullopt;
    DimExpr start = 0;
    for (Value before : split.getResults().take_front(cast<OpResult>(value).getResultNumber()))
      start = start + dimsOf(before)[axis];
    return Part{split.getInput(), start};
  }
  auto slice = dyn_cast_or_null<onnx::SliceOp>(op);
  if (!slice)
    return std::nullopt;
  auto starts = constantIntegers(slice.getStarts()), axes = constantIntegers(slice.getAxes());
  auto steps = constantIntegers(slice.getSteps());
  if (!starts || starts->size() != 1 || (slice.getAxes() && !axes) ||
      (slice.getSteps() && (!steps || steps->front() != 1)))
    return std::nullopt;
  Dims dims = dimsOf(slice.getData());
  int64_t along = axes ? axes->front() : 0;
  along += along < 0 ? dims.size() : 0;
  DimExpr start = starts->front() < 0 ? dims[along] + starts->front() : DimExpr(starts->front());
  // A start outside is moved to the nearest place inside.
  if (along != axis || !start.isAtLeast(0) || !(dims[along] - start).isAtLeast(0))
    return std::nullopt;
  return Part{slice.getData(), start};
}

/// The tensor that a Concat has, at the places read, from before; null where these may be others.
Value behindConcat(onnx::ConcatOp concat, const Places &read) {
  int64_t axis = concat.getAxis();
  axis += axis < 0 ? read.size() : 0;
  DimExpr start = 0;
  for (Value input : concat.getInputs()) {
    DimExpr end = start + dimsOf(input)[axis];
    std::optional<Part> part = partOf(input, axis);
    if (part && part->start == start && part->source.getType() == concat.getType() &&
        areWithin(read[axis], start, end))
      return part->source;
    start = end;
  }
  return {};
}

/// The tensor from before the write that made this one, which has the same at the places read. Null
/// where it may not have, or where no write made it.
Value before(Value tensor, const Places &read) {
  Operation *op = tensor.getDefiningOp();
  if (auto concat = dyn_cast_or_null<onnx::ConcatOp>(op))
    return behindConcat(concat, read);
  if (!isa_and_nonnull<onnx::ScatterNDOp, onnx::ScatterElementsOp>(op))
    return {};
  std::optional<Places> written = placesWritten(op);
  return written && areApart(*written, read) ? op->getOperand(0) : Value();
}

struct ForwardReads : impl::ForwardReadsPassBase<ForwardReads> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (!isa<onnx::GatherOp, onnx::SliceOp, onnx::GatherNDOp, onnx::GatherElementsOp>(op))
        return;
      Value tensor = op->getOperand(0);
      std::optional<Places> read = placesRead(op);
      while (Value earlier = read ? before(tensor, *read) : Value())
        tensor = earlier;
      if (tensor != op->getOperand(0)) {
        op->setOperand(0, tensor);
        ++numForwarded;
      }
      if (Operation *writer = tensor.getDefiningOp();
          isa_and_nonnull<onnx::ScatterNDOp, onnx::ScatterElementsOp>(writer) &&
          (!read || !placesWritten(writer)))
        recordSequential(op, "it waits for the writes to the tensor that it reads: which elements "
                             "these touch is only known at run time");
    });
  }
};

} // namespace
} // namespace heddle
