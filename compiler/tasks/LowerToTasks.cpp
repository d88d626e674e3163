// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/LowerToTasks.h"

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/program/TaskOrder.h"
#include "compiler/tasks/Parameters.h"
#include "compiler/tasks/SourceNames.h"
#include "compiler/tasks/SplitConstants.h"
#include "compiler/tasks/TaskLowering.h"
#include "compiler/tasks/UnusedTasks.h"
#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/DagOps.h"
#include "dialects/onnx/Onnx.h"
#include "runtime/artifact/program.h"
#include "runtime/library/library_call.h"

using namespace mlir;

namespace heddle {

void TaskLowering::noteConstant(Operation *task, ValueRange inputs) {
  auto isKnown = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return !tensor || tensor.hasStaticShape();
  };
  if (llvm::all_of(inputs, [&](Value input) { return constantValues.contains(input); }) &&
      llvm::all_of(task->getResultTypes(), isKnown))
    for (Value result : task->getResults())
      if (isa<RankedTensorType>(result.getType()))
        constantValues.insert(result);
}

LogicalResult TaskLowering::takeConstants(Operation *source) {
  bool computes = llvm::any_of(
      source->getResults(), [&](Value result) { return constantValues.contains(mapped(result)); });
  return computes ? budget.take(source) : success();
}

LogicalResult TaskLowering::lowerCall(Operation &op, Sequence &sequence) {
  OpBuilder &b = sequence.builder;
  SmallVector<Value> inputs = mapped(op.getOperands());
  std::string function = op.getName().stripDialect().str();
  DictionaryAttr parameters = parametersOf(op);
  if (isa<ExpectOp>(op))
    function = "heddle.Expect";
  if (isa<LevelsOp>(op))
    function = "heddle.Levels";
  if (auto append = dyn_cast<CacheAppendOp>(op)) {
    function = "heddle.Append";
    if (append.getCache().getDefiningOp<CacheForkOp>())
      parameters = b.getDictionaryAttr(b.getNamedAttr("forks", b.getI64IntegerAttr(1)));
  }
  if (isa<CacheTruncateOp>(op))
    function = "heddle.Truncate";
  if (auto custom = dyn_cast<onnx::CustomOp>(op)) {
    function = ("custom:" + custom.getDomainName() + ":" + custom.getFunctionName()).str();
    parameters = custom.getNodeAttributes();
  } else if (!FindLibraryFunction(function)) {
    return op.emitOpError("has no kernel for these operands, and the runtime library has none");
  }
  auto call = task::CallOp::create(
      b, op.getLoc(), tensorTypesOf(op.getResults()), task::TokenType::get(b.getContext()),
      b.getStringAttr(function), inputs, sequence.after(), parameters,
      b.getDenseBoolArrayAttr(presentOperands(op)), b.getDenseBoolArrayAttr(wantedResults(op)),
      b.getF64FloatAttr(isa<onnx::CustomOp>(op) ? kCallCost : estimateCost(&op)),
      b.getStringAttr(sourceNames(op.getLoc())));
  sequence.last = call.getDone();
  if (isMemoryEffectFree(&op))
    noteConstant(call, inputs);
  map(op.getResults(), call.getOutputs());
  return takeConstants(&op);
}

void TaskLowering::lowerConstant(onnx::ConstantOp constant, Sequence &sequence) {
  auto lowered = task::ConstantOp::create(sequence.builder, constant.getLoc(), constant.getType(),
                                          *constant.getValue());
  constantValues.insert(lowered.getResult());
  mapping.map(constant.getResult(), lowered.getResult());
}

void TaskLowering::lowerView(Operation &op, Sequence &sequence) {
  Value source = mapped(op.getOperand(0));
  auto view =
      task::ViewOp::create(sequence.builder, op.getLoc(), op.getResult(0).getType(), source);
  noteConstant(view, source);
  mapping.map(op.getResult(0), view.getResult());
}

/// What the region starts after is what its values need; it has no place in the order around.
LogicalResult TaskLowering::lowerSpawn(SpawnOp spawn, Sequence &sequence) {
  Sequence spawned{sequence.builder, nullptr};
  Block &body = spawn.getBody().front();
  for (Operation &inner : body.without_terminator())
    if (failed(lowerOp(inner, spawned)))
      return failure();
  map(spawn.getResults(), mapped(body.getTerminator()->getOperands()));
  return success();
}

LogicalResult TaskLowering::lowerOp(Operation &op, Sequence &sequence) {
  if (op.hasTrait<OpTrait::IsTerminator>()) {
    task::YieldOp::create(sequence.builder, op.getLoc(), mapped(op.getOperands()));
    return success();
  }
  if (auto cluster = dyn_cast<ClusterOp>(op))
    return lowerCluster(cluster, sequence);
  if (auto totals = dyn_cast<ChunkTotalsOp>(op))
    return lowerRecurrence(totals, sequence);
  if (auto scan = dyn_cast<ChunkScanOp>(op))
    return lowerRecurrence(scan, sequence);
  if (auto sizes = dyn_cast<IndexTensorOp>(op)) {
    lowerSizes(sizes, sequence);
    return success();
  }
  if (auto spawn = dyn_cast<SpawnOp>(op))
    return lowerSpawn(spawn, sequence);
  if (auto await = dyn_cast<AwaitOp>(op)) {
    mapping.map(await.getValue(), mapped(await.getFuture()));
    return success();
  }
  // The same bytes; of which version they are, its memory knows.
  if (isa<CacheOpenOp, CacheViewOp, CacheSnapshotOp, CacheForkOp>(op)) {
    mapping.map(op.getResult(0), mapped(op.getOperand(0)));
    return success();
  }
  if (auto attention = dyn_cast<LinearAttentionOp>(op))
    return lowerLinearAttention(attention, sequence);
  switch (operationKind(&op)) {
  case OperationKind::Constant:
    lowerConstant(cast<onnx::ConstantOp>(op), sequence);
    return success();
  case OperationKind::View:
    lowerView(op, sequence);
    return success();
  case OperationKind::Control:
    return lowerControl(op, sequence);
  case OperationKind::Loops:
  case OperationKind::Contraction:
    return op.emitOpError("was left outside clusters");
  case OperationKind::Library:
    return lowerCall(op, sequence);
  }
  llvm_unreachable("all kinds are handled");
}

LogicalResult TaskLowering::lowerBlock(Block &block, Sequence &sequence) {
  for (Operation &op : block)
    if (failed(lowerOp(op, sequence)))
      return failure();
  return success();
}

static ArrayAttr namesOf(func::FuncOp function, unsigned count, bool arguments) {
  OpBuilder b(function);
  SmallVector<Attribute> names;
  for (unsigned i = 0; i < count; ++i) {
    auto name = arguments ? function.getArgAttrOfType<StringAttr>(i, "heddle.name")
                          : function.getResultAttrOfType<StringAttr>(i, "heddle.name");
    names.push_back(name ? name : b.getStringAttr((arguments ? "input" : "output") + Twine(i)));
  }
  return b.getArrayAttr(names);
}

LogicalResult TaskLowering::run(func::FuncOp function) {
  OpBuilder b(function);
  auto graph = task::GraphOp::create(b, function.getLoc(), b.getStringAttr(kMainGraph),
                                     namesOf(function, function.getNumArguments(), true),
                                     namesOf(function, function.getNumResults(), false));
  // What passes recorded of the function is said of the graph.
  for (StringRef records : {"heddle.constructs", "heddle.sequential"})
    if (Attribute list = function->getAttr(records))
      graph->setAttr(records, list);
  Block *body = &graph.getBody().emplaceBlock();
  for (BlockArgument argument : function.getArguments())
    mapping.map(argument, body->addArgument(argument.getType(), argument.getLoc()));
  Sequence sequence{OpBuilder::atBlockEnd(body), nullptr};
  mainSequence = &sequence;
  if (failed(lowerBlock(function.getBody().front(), sequence)))
    return failure();
  splitConstants(graph, constantValues);
  eraseUnused(module, graph);
  return success();
}

LogicalResult lowerToTasks(ModuleOp module, ClusterKernels &kernels, int64_t mostConstantBytes) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  kernels.countSizes(function);
  // The graph takes the function's name.
  function.setSymName("source.main");
  if (failed(TaskLowering(module, kernels, mostConstantBytes).run(function)))
    return failure();
  function.erase();
  return success();
}

} // namespace heddle
