// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides how each attention is computed: its heads and blocks of queries beside each other, and
// where these are too few for the cores, as in decoding, parts of the keys as well. What is known of
// a part, (m, u, w), merges associatively; parts are merged in their order, and how many there are
// follows from sizes and the cores the program is made for, so bits do not depend on threads.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SPLITATTENTIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// Queries that a grid point computes at once.
constexpr int64_t kQueries = 128;
/// Elements of keys and values, each met by the queries of a point, that a part pays for itself with:
/// some ten microseconds.
constexpr int64_t kLeastElements = 320 * 1024;
/// Parts for each core: enough to even out unequal speed.
constexpr int64_t kPartsPerCore = 4;

struct SplitAttention : impl::SplitAttentionPassBase<SplitAttention> {
  using SplitAttentionPassBase::SplitAttentionPassBase;

  void runOnOperation() override {
    SmallVector<AttentionOp> attentions;
    getOperation().walk([&](AttentionOp op) { attentions.push_back(op); });
    for (AttentionOp op : attentions)
      if (!op.getInParts())
        choose(op);
  }

  /// How many parts the keys are cut into, of which one means that they are not.
  DimExpr partsOf(AttentionOp op) const {
    Dims space = getDims(cast<RankedTensorType>(op.getProducts().getType()));
    ArrayRef<DimExpr> batch = ArrayRef(space).drop_back(2);
    const DimExpr &queries = space[space.size() - 2], &keys = space.back();
    // Heads that fill the cores evenly need no more parts, whatever the other sizes are.
    int64_t heads = 1;
    for (const DimExpr &dim : batch)
      if (std::optional<int64_t> number = dim.asConstant(); number && *number > 0)
        heads *= *number;
    int64_t wanted = kPartsPerCore * cores;
    if (cores == 1 || heads >= wanted || heads % cores == 0)
      return 1;
    DimExpr points = DimExpr::max(countElements(batch) * queries.ceilDiv(kQueries), 1);
    DimExpr elements = (dimsOf(op.getQuery()).back() + dimsOf(op.getValue()).back()) *
                       (DimExpr::min(queries, kQueries) + 1);
    DimExpr least = DimExpr(kLeastElements).ceilDiv(DimExpr::max(elements, 1));
    DimExpr most = DimExpr(wanted).ceilDiv(points);
    return DimExpr::max(DimExpr::min(keys.floorDiv(least), most), 1);
  }

  void choose(AttentionOp op) {
    Dims space = getDims(cast<RankedTensorType>(op.getProducts().getType()));
    DimExpr parts = partsOf(op), keys = space.back();
    DimExpr depth = dimsOf(op.getQuery()).back(), width = dimsOf(op.getValue()).back();
    Construct found{.kind = "attention",
                    .summary = "attention of " + space[space.size() - 2].str() + " queries over " +
                               keys.str() + " keys",
                    .proof = "the operation says so",
                    .equivalence = Equivalence::Reassociation,
                    .form = "blocks of keys",
                    .work = countElements(space) * (depth + width + 1) * 2,
                    .span = depth + keys * 2};
    if (!parts.isConstant(1)) {
      found.form = "parts of keys";
      found.span = depth + keys.ceilDiv(parts) * 2 + parts * 2;
      ++numSplit;
    }
    recordConstruct(op, found);
    if (!parts.isConstant(1))
      split(op, parts);
  }

  void split(AttentionOp op, const DimExpr &parts) {
    Value result = op.getOutput();
    auto type = cast<RankedTensorType>(result.getType());
    Dims space = getDims(cast<RankedTensorType>(op.getProducts().getType()));
    Dims dims(space.begin(), space.end() - 1);
    dims.push_back(parts);
    dims.push_back(dimsOf(op.getValue()).back() + 2);
    OpBuilder b(op->getContext());
    Type element = elementOf(op.getQuery());
    Type accumulator = element.isF64() ? element : Type(b.getF32Type());
    result.setType(tensorWithDims(dims, accumulator));
    DenseI64ArrayAttr axes = op.getResultAxesAttr();
    op.removeResultAxesAttr();
    op.setInParts(true);
    b.setInsertionPointAfter(op);
    auto merge =
        MergeAttentionOp::create(b, op.getLoc(), type, result, axes, op.getUndefinedAttr());
    result.replaceAllUsesExcept(merge.getOutput(), merge);
  }
};

} // namespace
} // namespace heddle
