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
static DimExpr workOf(Region &region) {
  DimExpr work = 0;
  for (Operation &op : region.front().without_terminator())
    if (computes(op))
      work = work + countElements(dimsOf(op.getResult(0)));
  return work;
}

/// The longest chain of operations in a region.
static int64_t spanOf(Region &region) {
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
      stepWork(workOf(scan.getApply())), combineWork(workOf(scan.getCombine())),
      stepSpan(spanOf(scan.getApply())), combineSpan(spanOf(scan.getCombine())) {
  std::string why;
  FailureOr<PointSpace> step = applySpace(scan.getApply(), reason);
  elementwise = succeeded(step) && succeeded(combineSpace(scan.getCombine(), reason));
  if (succeeded(step))
    points = countElements(step->sizes());
}

/// Chunks for each core: enough that none waits long for the last one.
static constexpr int64_t kChunksPerCore = 8;
/// Steps of a chunk that pay for its start, at least.
static constexpr int64_t kShortestChunk = 16;
/// Steps of a chunk of the tree form.
static constexpr int64_t kTreeChunk = 32;

ScanForm chooseForm(const ScanShape &shape, int64_t cores) { return ScanForm::Recurrent; }

ScanCut cutFor(const ScanShape &shape, ScanForm form, int64_t cores) {
  if (form == ScanForm::Recurrent)
    return {shape.length, 1};
  if (form == ScanForm::Tree)
    return {kTreeChunk, DimExpr::max(shape.length.ceilDiv(kTreeChunk), 1)};
  DimExpr chunks = kChunksPerCore * cores;
  DimExpr chunk = DimExpr::max(shape.length.ceilDiv(chunks), kShortestChunk);
  // Fewer chunks may be enough.
  if (std::optional<int64_t> length = shape.length.asConstant())
    chunks = DimExpr::max(shape.length.ceilDiv(chunk), 1);
  return {chunk, chunks};
}

int64_t partsFor(const ScanShape &shape, int64_t cores) {
  return estimateSize(shape.length * shape.stepWork) < 20000 ? 1 : cores;
}

} // namespace heddle
