// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clusters become launches of compiled kernels.

#include "compiler/kernels/ClusterCuts.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/OutlineCluster.h"
#include "compiler/parallel/Work.h"
#include "compiler/tasks/SourceNames.h"
#include "compiler/tasks/TaskLowering.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace heddle {

static ArrayAttr textsOf(OpBuilder &b, ArrayRef<DimExpr> exprs) {
  auto strings = llvm::map_to_vector(exprs, [](const DimExpr &expr) { return expr.str(); });
  SmallVector<StringRef> refs(strings.begin(), strings.end());
  return b.getStrArrayAttr(refs);
}

task::LaunchOp TaskLowering::launch(Sequence &sequence, Location loc, StringRef kernel,
                                    ValueRange inputs, TypeRange results, ArrayRef<DimExpr> dims,
                                    const DimExpr &grid, const DimExpr &scratch,
                                    const KernelCost &cost) {
  OpBuilder &b = sequence.builder;
  auto op = task::LaunchOp::create(
      b, loc, results, task::TokenType::get(b.getContext()),
      FlatSymbolRefAttr::get(b.getContext(), kernel), inputs, sequence.after(), textsOf(b, dims),
      b.getStringAttr(grid.str()), b.getI64IntegerAttr(1), b.getStringAttr(scratch.str()),
      b.getF64FloatAttr(cost.nanoseconds), b.getStringAttr(cost.work.str()),
      /*operations=*/StringAttr(), b.getStringAttr(sourceNames(loc)));
  sequence.last = op.getDone();
  // A kernel may read sizes that are not in its result's type.
  auto isNumber = [](const DimExpr &expr) { return expr.asConstant().has_value(); };
  if (llvm::all_of(dims, isNumber) && isNumber(grid))
    noteConstant(op, inputs);
  return op;
}

Value TaskLowering::launchPack(Sequence &sequence, Location loc, const KernelUse::Pack &use,
                               Value weight) {
  Type packed = tensorWithDims({use.elements}, use.elementType);
  return launch(sequence, loc, use.kernel, weight, packed, use.dims, use.grid, 0, use.cost)
      .getOutputs()[0];
}

/// Weights of sub-graphs are packed in the main graph, which is to say while compiling.
Value TaskLowering::pack(Sequence &sequence, Location loc, const KernelUse::Pack &use,
                         Value weight) {
  auto packIn = [&](Sequence &where, Value source) { return launchPack(where, loc, use, source); };
  Value source = mainValueOf(weight);
  if (nesting.empty() || !constantValues.contains(source))
    return packIn(sequence, weight);
  Block *main = mainSequence->builder.getInsertionBlock();
  if (source.getParentBlock() != main) {
    auto constant = source.getDefiningOp<task::ConstantOp>();
    if (!constant)
      return packIn(sequence, weight);
    source = mainSequence->builder.clone(*constant)->getResult(0);
    constantValues.insert(source);
  }
  return import(packIn(*mainSequence, source));
}

/// Gives a product's weights an operand of their own where the cluster reads them elsewhere too:
/// what is packed for the one use is not what the other expects.
static void separateWeights(ClusterOp cluster, SmallVectorImpl<bool> &constants) {
  Block &body = cluster.getBody().front();
  for (Operation *op : computedOperations(cluster)) {
    if (!isContraction(op))
      continue;
    for (OpOperand &use : op->getOpOperands()) {
      auto argument = dyn_cast<BlockArgument>(use.get());
      if (!argument || argument.hasOneUse())
        continue;
      // The second operand may be packed though no weight, rounded to bf16.
      unsigned number = argument.getArgNumber();
      if (!constants[number] && use.getOperandNumber() == 0)
        continue;
      cluster.getInputsMutable().append(cluster.getInputs()[number]);
      constants.push_back(constants[number]);
      use.set(body.addArgument(argument.getType(), argument.getLoc()));
    }
  }
}

LogicalResult TaskLowering::lowerCluster(ClusterOp cluster, Sequence &sequence) {
  if (lowerAsJoin(cluster, sequence))
    return success();
  SmallVector<bool> constants;
  for (Value input : cluster.getInputs())
    constants.push_back(isConstant(mapped(input)));
  separateWeights(cluster, constants);
  if (auto cut = kernels.cutOf(cluster, constants))
    return lowerCut(cluster, *cut, sequence);
  SmallVector<Value> compiled; // results
  std::vector<KernelUse> uses;
  for (unsigned i = 0; i < cluster.getNumResults(); ++i) {
    if (Value view = lowerAsView(cluster, i, sequence)) {
      mapping.map(cluster.getResult(i), view);
      continue;
    }
    FailureOr<KernelUse> use = kernels.kernelFor(cluster, i, constants);
    if (failed(use))
      return lowerSeparately(cluster, sequence);
    uses.push_back(*std::move(use));
    compiled.push_back(cluster.getResult(i));
  }
  for (auto [result, use] : llvm::zip(compiled, uses)) {
    SmallVector<Value> inputs = mapped(cluster.getInputs());
    for (const KernelUse::Pack &packing : use.packs) {
      Value &weight = inputs[packing.operand];
      weight = pack(sequence, cluster.getLoc(), packing, weight);
    }
    if (use.unpack) {
      Value packed = inputs[use.unpack->operand];
      Value unpacked = launchPack(sequence, cluster.getLoc(), *use.unpack, packed);
      // At every run, into memory that the run uses for other things before and after.
      if (!llvm::all_of(constants, [](bool constant) { return constant; }))
        constantValues.erase(unpacked);
      inputs[use.unpack->operand] = unpacked;
      inputs.push_back(packed);
    }
    auto op = launch(sequence, cluster.getLoc(), use.kernel, inputs, result.getType(), use.dims,
                     use.grid, use.scratchBytes, use.cost);
    if (cluster.getNumResults() == 1)
      op.setOperations(workOf(cluster.getBody().front()).work.str());
    mapping.map(result, op.getOutputs()[0]);
  }
  return takeConstants(cluster);
}

template <typename ChunkOp>
LogicalResult TaskLowering::lowerRecurrence(ChunkOp op, Sequence &sequence) {
  llvm::SetVector<Value> shared;
  getUsedValuesDefinedAbove(op->getRegions(), shared);
  FailureOr<KernelUse> use = kernels.kernelFor(op, shared.getArrayRef());
  if (failed(use))
    return failure();
  SmallVector<Value> inputs = mapped(op->getOperands());
  llvm::append_range(inputs, mapped(shared.getArrayRef()));
  auto launched = launch(sequence, op.getLoc(), use->kernel, inputs, op->getResultTypes(),
                         use->dims, use->grid, use->scratchBytes, use->cost);
  map(op->getResults(), launched.getOutputs());
  return takeConstants(op);
}

template LogicalResult TaskLowering::lowerRecurrence(ChunkTotalsOp, Sequence &);
template LogicalResult TaskLowering::lowerRecurrence(ChunkScanOp, Sequence &);

/// Groups of a cluster's operations, in order, become clusters of their own.
LogicalResult TaskLowering::lowerParts(ClusterOp cluster, ArrayRef<ClusterPart> parts,
                                       Sequence &sequence) {
  map(cluster.getBody().getArguments(), mapped(cluster.getInputs()));
  for (const ClusterPart &part : parts) {
    ClusterOp inner = outlineCluster(part.operations);
    if (part.kernel)
      inner->setAttr(kKernelName, part.kernel);
    if (failed(lowerCluster(inner, sequence)))
      return failure();
  }
  map(cluster.getResults(), mapped(cluster.getYielded()));
  return success();
}

/// As the cluster's schedule wants it.
LogicalResult TaskLowering::lowerCut(ClusterOp cluster, const ClusterKernels::Cut &cut,
                                     Sequence &sequence) {
  SmallVector<Operation *> operations = computedOperations(cluster);
  ArrayRef<Operation *> all(operations);
  auto name = [&](StringRef number) {
    return StringAttr::get(cluster.getContext(), cut.name + "." + number);
  };
  return lowerParts(
      cluster,
      {{all.take_front(cut.operations), name("1")}, {all.drop_front(cut.operations), name("2")}},
      sequence);
}

/// No schedule covers the cluster as a whole: each operation becomes a cluster of its own.
LogicalResult TaskLowering::lowerSeparately(ClusterOp cluster, Sequence &sequence) {
  SmallVector<Operation *> operations = computedOperations(cluster);
  if (operations.size() == 1)
    return lowerAsCall(cluster, *operations.front(), sequence);
  SmallVector<ClusterPart> parts;
  for (Operation *&op : operations)
    parts.push_back({ArrayRef(op), StringAttr()});
  return lowerParts(cluster, parts, sequence);
}

/// An operation without a schedule, the only one of its cluster: the library may have it.
LogicalResult TaskLowering::lowerAsCall(ClusterOp cluster, Operation &op, Sequence &sequence) {
  Block &body = cluster.getBody().front();
  map(body.getArguments(), mapped(cluster.getInputs()));
  for (Operation &inner : body.without_terminator())
    if (failed(&inner == &op ? lowerCall(op, sequence) : lowerOp(inner, sequence)))
      return failure();
  map(cluster.getResults(), mapped(cluster.getYielded()));
  return success();
}

void TaskLowering::lowerSizes(IndexTensorOp op, Sequence &sequence) {
  SmallVector<DimExpr> exprs;
  for (StringRef text : op.getExprs().getAsValueRange<StringAttr>())
    exprs.push_back(*DimExpr::parse(text));
  auto type = cast<RankedTensorType>(op.getValue().getType());
  auto launched = launch(sequence, op.getLoc(),
                         kernels.sizesKernel(exprs.size(), type.getElementTypeBitWidth()), {}, type,
                         exprs, 1, 0, {5, 1});
  mapping.map(op.getValue(), launched.getOutputs()[0]);
}

} // namespace heddle
