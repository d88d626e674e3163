// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/ScanForms.h"

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/RecurrenceStep.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

StringRef nameOf(ScanForm form) {
  switch (form) {
  case ScanForm::Recurrent:
    return "recurrent";
  case ScanForm::Chunk:
    return "chunk";
  case ScanForm::Tree:
    return "tree";
  }
  llvm_unreachable("all forms are named");
}

std::optional<ScanForm> scanFormOf(StringRef name) {
  for (ScanForm form : {ScanForm::Recurrent, ScanForm::Chunk, ScanForm::Tree})
    if (name == nameOf(form))
      return form;
  return std::nullopt;
}

static bool computes(Operation &op) {
  return !isa<onnx::ConstantOp, IndexTensorOp>(op) && op.getNumResults() > 0;
}

/// Scalar operations of a region: one for each element of a result.
static DimExpr workIn(Region &region) {
  DimExpr work = 0;
  for (Operation &op : region.front().without_terminator())
    if (computes(op))
      work = work + countElements(dimsOf(op.getResult(0)));
  return work;
}

/// The longest chain of operations in a region.
static int64_t spanIn(Region &region) {
  DenseMap<Value, int64_t> depth;
  int64_t longest = 0;
  for (Operation &op : region.front().without_terminator()) {
    int64_t before = 0;
    for (Value operand : op.getOperands())
      before = std::max(before, depth.lookup(operand));
    for (Value result : op.getResults())
      depth[result] = before + computes(op);
    longest = std::max(longest, before + computes(op));
  }
  return longest;
}

ScanShape::ScanShape(ScanOp scan)
    : scan(scan), length(dimsOf(scan.getElements().front()).front()), points(1),
      stepWork(workIn(scan.getApply())), combineWork(workIn(scan.getCombine())),
      stepSpan(spanIn(scan.getApply())), combineSpan(spanIn(scan.getCombine())) {
  FailureOr<PointSpace> step = applySpace(scan.getApply(), reason);
  elementwise = succeeded(step) && succeeded(combineSpace(scan.getCombine(), reason));
  if (succeeded(step))
    points = countElements(step->sizes());
}

/// Chunks for each core: enough that none waits long for the last one, and to fill lanes.
static constexpr int64_t kChunksPerCore = 8, kNarrowChunksPerCore = 32;
/// Chunks are a multiple of this long: blocks that lanes of chunks walk through.
static constexpr int64_t kChunkMultiple = 16;
/// Steps of a chunk of the tree form.
static constexpr int64_t kTreeChunk = 16;

ScanForm chooseForm(const ScanShape &shape, int64_t cores) { return ScanForm::Recurrent; }

static ScanLevel levelOf(const DimExpr &length, const DimExpr &chunk, const DimExpr &most) {
  // Where the length is known, so is how many chunks it takes.
  return {chunk, length.asConstant() ? DimExpr::max(length.ceilDiv(chunk), 1) : most};
}

ScanCut cutFor(const ScanShape &shape, ScanForm form, int64_t cores) {
  ScanCut cut;
  if (form == ScanForm::Chunk) {
    std::optional<int64_t> points = shape.points.asConstant();
    bool narrow = points && *points <= kFewPoints;
    int64_t most = cores * (narrow ? kNarrowChunksPerCore : kChunksPerCore);
    DimExpr chunk = DimExpr::max(shape.length.ceilDiv(most * kChunkMultiple), 1) * kChunkMultiple;
    cut.push_back(levelOf(shape.length, chunk, most));
  }
  if (form == ScanForm::Tree)
    for (DimExpr length = shape.length; !cut.size() || length.isAtLeast(kTreeChunk + 1);
         length = cut.back().chunks)
      cut.push_back(levelOf(length, kTreeChunk, DimExpr::unknown()));
  return cut;
}

/// Runs the passes of a cut past `visit`, with how many steps of how many chunks each has.
static void forEachPass(const ScanShape &shape, const ScanCut &cut,
                        function_ref<void(bool totals, const DimExpr &steps, const DimExpr &chunks)>
                            visit) {
  DimExpr rest = shape.length;
  for (const ScanLevel &level : cut) {
    visit(true, level.chunk, level.chunks);
    visit(false, level.chunk, level.chunks);
    rest = level.chunks;
  }
  visit(false, rest, 1);
}

DimExpr spanOf(const ScanShape &shape, const ScanCut &cut) {
  DimExpr span = 0;
  forEachPass(shape, cut, [&](bool totals, const DimExpr &steps, const DimExpr &chunks) {
    span = span + steps * (totals ? shape.combineSpan : shape.stepSpan);
  });
  return span;
}

DimExpr workOf(const ScanShape &shape, const ScanCut &cut) {
  DimExpr work = 0;
  forEachPass(shape, cut, [&](bool totals, const DimExpr &steps, const DimExpr &chunks) {
    work = work + steps * chunks * (totals ? shape.combineWork : shape.stepWork);
  });
  return work;
}

int64_t partsFor(const ScanShape &shape, int64_t cores) {
  return estimateSize(shape.length * shape.stepWork) < 20000 ? 1 : cores;
}

} // namespace heddle
