// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/ScanForms.h"

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/RecurrenceStep.h"

#include <cmath>

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

ScanShape::ScanShape(ScanOp scan)
    : scan(scan), length(dimsOf(scan.getElements().front()).front()), points(1),
      step(workOf(scan.getApply().front())), combine(workOf(scan.getCombine().front())) {
  FailureOr<PointSpace> space = applySpace(scan.getApply(), reason);
  elementwise = succeeded(space) && succeeded(combineSpace(scan.getCombine(), reason));
  if (succeeded(space))
    points = countElements(space->sizes());
}

/// Chunks for each core: enough that none waits long for the last one, and to fill lanes.
static constexpr int64_t kChunksPerCore = 8, kNarrowChunksPerCore = 32;
/// Chunks are an odd multiple of this long: of blocks that lanes of chunks walk through, and such that
/// the elements of neighbouring chunks do not meet in the same few lines of a cache.
static constexpr int64_t kChunkMultiple = 16;
/// Steps of a chunk of the tree form.
static constexpr int64_t kTreeChunk = 16;

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
    DimExpr pairs = (shape.length - kChunkMultiple * most).ceilDiv(2 * kChunkMultiple * most);
    DimExpr chunk = DimExpr::max(pairs, 0) * (2 * kChunkMultiple) + kChunkMultiple;
    cut.push_back(levelOf(shape.length, chunk, most));
  }
  if (form == ScanForm::Tree)
    for (DimExpr length = shape.length; !cut.size() || length.isAtLeast(kTreeChunk + 1);
         length = cut.back().chunks)
      cut.push_back(levelOf(length, kTreeChunk, DimExpr::unknown()));
  return cut;
}

ScanCut cutForLoops(const ScanShape &shape) {
  std::optional<int64_t> length = shape.length.asConstant();
  if (!length || *length < 8)
    return {};
  // As few steps as possible: two passes over a chunk, one over the chunks.
  int64_t chunk = std::max<int64_t>(2, std::lround(std::sqrt(static_cast<double>(*length) / 2)));
  return {{chunk, *length / chunk}};
}

Work workOf(const ScanShape &shape, const ScanCut &cut) {
  Work all;
  auto pass = [&](const Work &each, const DimExpr &steps, const DimExpr &chunks) {
    all.work = all.work + each.work * steps * chunks;
    all.span = all.span + each.span * steps;
  };
  DimExpr rest = shape.length;
  for (const ScanLevel &level : cut) {
    pass(shape.combine, level.chunk, level.chunks);
    pass(shape.step, level.chunk, level.chunks);
    rest = level.chunks;
  }
  pass(shape.step, rest, 1);
  return all;
}

Work workOfPairs(const ScanShape &shape) {
  Work all;
  for (int64_t count = *shape.length.asConstant(); count > 0; count /= 2) {
    int64_t pairs = count / 2;
    all.work = all.work + shape.combine.work * pairs + shape.step.work * (count - pairs);
    all.span = all.span + shape.step.span + (pairs > 0 ? shape.combine.span : 0);
  }
  return all;
}

} // namespace heddle
