// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Caches: how many entries a version has.

#include "dialects/onnx/shapes/Caches.h"
#include "dialects/heddle/CacheOps.h"
#include "dialects/onnx/shapes/ShapeRules.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static LogicalResult inferSame(Operation *op, ShapeContext &context) {
  const TensorFacts &facts = context.facts(op->getOperand(0));
  context.setFacts(op->getResult(0), facts.elementType, facts.dims);
  return expectRankAtLeast(op, "the cache", facts, 1);
}

static LogicalResult inferAppend(CacheAppendOp op, ShapeContext &context) {
  const TensorFacts &cache = context.facts(op.getCache()),
                    &entries = context.facts(op.getEntries());
  if (failed(expectSameType(op, cache, entries)) ||
      failed(expectRank(op, "the entries", entries, cache.rank())))
    return failure();
  Dims dims = {cache.dims[0] + entries.dims[0]};
  for (int64_t axis = 1; axis < cache.rank(); ++axis) {
    FailureOr<DimExpr> dim =
        unifyDims(op, "dimensions of an entry", cache.dims[axis], entries.dims[axis]);
    if (failed(dim))
      return failure();
    dims.push_back(*dim);
  }
  context.setFacts(op.getAppended(), cache.elementType, dims);
  return success();
}

static LogicalResult inferTruncate(CacheTruncateOp op, ShapeContext &context) {
  const TensorFacts &cache = context.facts(op.getCache()), &length = context.facts(op.getLength());
  Dims dims = cache.dims;
  dims[0] =
      dimOrFresh(context, length.integers ? &*length.integers : nullptr, 0, op.getTruncated(), 0);
  context.setFacts(op.getTruncated(), cache.elementType, dims);
  return success();
}

void heddle::onnx::attachCacheShapes(MLIRContext *context) {
  attachRules<inferAppend, inferTruncate>(context);
  attachRuleTo<inferSame, CacheOpenOp, CacheViewOp, CacheSnapshotOp, CacheForkOp>(context);
}
