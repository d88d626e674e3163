// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides how each linear attention is computed, and records it. Step by step is the least work and
// keeps the bits, and runs on as many cores as there are blocks of columns and batch points; segments
// are for cores that would otherwise have nothing to do.

#include "compiler/Passes.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/scans/LinearAttentionSegments.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_LOWERLINEARATTENTIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// Steps of a segment: long enough that the scan over segments is little beside it.
constexpr int64_t kSegment = 64;
/// Steps of a chunk.
constexpr int64_t kChunk = 16;

struct Sizes {
  explicit Sizes(LinearAttentionOp op) {
    Dims query = dimsOf(op.getQuery());
    length = query.front();
    rows = query.back();
    columns = dimsOf(op.getValue()).back();
    points = countElements(ArrayRef(query).slice(1, query.size() - 2));
    isDelta = op.getUpdate() == "delta";
    hasDecay = bool(op.getDecay());
  }
  DimExpr length, rows, columns, points;
  bool isDelta, hasDecay;

  /// On one element of a state, of one step: to decay, to read by the key, to add the product, to
  /// read by the query.
  int64_t operations() const { return hasDecay + (isDelta ? 2 : 0) + 2 + 2; }
  DimExpr work() const { return length * points * rows * columns * operations(); }
  /// From a state to the next. Queries do not wait for each other.
  DimExpr stepSpan() const {
    DimExpr span = 2 + int64_t(hasDecay);
    return isDelta ? span + logarithm(rows) + 3 : span;
  }
  DimExpr readSpan() const { return logarithm(rows) + 1; }
};

Construct describe(LinearAttentionOp op, StringRef form) {
  Sizes s(op);
  Construct c;
  c.kind = "scan";
  c.summary = (s.isDelta ? "delta rule" : "decayed sum of outer products") + std::string(" over ") +
              s.length.str() + " steps, " + s.points.str() + " states of " + s.rows.str() + " x " +
              s.columns.str();
  c.proof = "a step is affine in the state, the same for each of its columns";
  c.form = form.str();
  if (form == "recurrent") {
    c.work = s.work();
    c.span = s.length * s.stepSpan() + s.readSpan();
    return c;
  }
  c.equivalence = Equivalence::Reassociation;
  if (form == "chunk") {
    // Products of the chunk's steps with each other, and of each with the state before.
    c.work = s.work() + s.length * s.points * (s.rows + s.columns) * (2 * kChunk);
    DimExpr solve = s.isDelta ? DimExpr(2 * kChunk) : DimExpr(0);
    c.span = s.length.ceilDiv(kChunk) * (solve + logarithm(s.rows) + logarithm(kChunk) + 4) +
             s.readSpan();
    return c;
  }
  DimExpr segments = s.length.ceilDiv(kSegment);
  DimExpr columns = s.isDelta ? s.columns + s.rows : s.columns + 1;
  DimExpr combine = s.isDelta ? s.rows * 2 : DimExpr(2);
  c.work = s.work() * 2 + s.length * s.points * s.rows * (columns - s.columns) * s.operations() +
           segments * 2 * s.points * s.rows * columns * combine;
  DimExpr composed = s.isDelta ? logarithm(s.rows) + 2 : DimExpr(2);
  c.span = s.stepSpan() * (2 * kSegment) + logarithm(segments) * composed * 2 + s.readSpan();
  return c;
}

/// Chunks are for comparison: with a row of the state in registers for several steps, and a pass over
/// it for each step of the delta rule, step by step took less time wherever both were measured
/// (docs/linear-attention.md). Segments are worth it where cores are left over: in all they are twice
/// the work, for the delta rule four times.
StringRef chooseForm(LinearAttentionOp op, int cores) {
  Sizes s(op);
  constexpr int64_t kVectorBytes = 64, kLeastLength = 64 * kSegment;
  int64_t lanes = kVectorBytes * 8 / elementOf(op.getQuery()).getIntOrFloatBitWidth();
  double parts = estimateSize(s.points) * estimateSize(s.columns.ceilDiv(lanes));
  bool isLong = estimateSize(s.length) >= double(kLeastLength);
  return isLong && whyNoSegments(op).empty() && cores >= (s.isDelta ? 8 : 4) * parts ? "tree"
                                                                                     : "recurrent";
}

struct LowerLinearAttention : impl::LowerLinearAttentionPassBase<LowerLinearAttention> {
  using LowerLinearAttentionPassBase::LowerLinearAttentionPassBase;

  void runOnOperation() override {
    SmallVector<LinearAttentionOp> attentions;
    getOperation()->walk([&](LinearAttentionOp op) {
      if (!op.getSegment()) // those were decided
        attentions.push_back(op);
    });
    for (LinearAttentionOp op : attentions)
      lower(op);
  }

  void lower(LinearAttentionOp op) {
    StringRef chosen =
        op.getForm().value_or(form.empty() ? chooseForm(op, cores) : StringRef(form));
    if (chosen == "tree" && dimsOf(op.getQuery()).front().isConstant(0))
      chosen = "recurrent"; // no segment, nothing to combine
    if (StringRef reason = whyNoSegments(op); chosen == "tree" && !reason.empty()) {
      recordSequential(op, reason);
      chosen = "chunk";
    }
    recordConstruct(op, describe(op, chosen));
    op.setForm(chosen);
    op.setParts(cores);
    if (chosen == "tree") {
      ++numTree;
      computeInSegments(op, kSegment);
    } else if (chosen == "chunk") {
      ++numChunk;
      computeInChunks(op);
    } else {
      ++numRecurrent;
    }
  }
};

} // namespace
} // namespace heddle
