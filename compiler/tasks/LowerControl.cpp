// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// If, Loop and Scan become tasks that run sub-graphs.

#include "compiler/kernels/CostModel.h"
#include "compiler/parallel/SizeSymbols.h"
#include "compiler/parallel/Work.h"
#include "compiler/tasks/Parameters.h"
#include "compiler/tasks/SourceNames.h"
#include "compiler/tasks/TaskLowering.h"
#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {

Value TaskLowering::mainValueOf(Value value) const {
  for (auto found = outerOf.find(value); found != outerOf.end(); found = outerOf.find(value))
    value = found->second;
  return value;
}

Value TaskLowering::import(Value value) {
  for (SubGraphs *level : nesting) {
    auto known = llvm::find(level->imports, value);
    unsigned index = known - level->imports.begin();
    if (known == level->imports.end()) {
      level->imports.push_back(value);
      for (Block *body : level->bodies)
        outerOf[body->addArgument(value.getType(), value.getLoc())] = value;
    }
    value = level->bodies.back()->getArgument(level->firstImport + index);
  }
  return value;
}

using Symbols = llvm::StringSet<llvm::MallocAllocator>;

static void addSymbolsOf(Value value, Symbols &symbols) {
  visitSymbolsOf(value, [&](StringRef symbol) { symbols.insert(symbol); });
}

static Symbols symbolsUsedIn(Region &region) {
  Symbols used;
  region.walk([&](Operation *op) {
    visitSymbolsUsedBy(op, [&](StringRef symbol) { used.insert(symbol); });
  });
  return used;
}

/// Values that sub-graphs use from outside, and values that carry the dimension symbols they use.
static SmallVector<Value> capturesOf(Operation &op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegions(), captured);
  for (Region &region : op.getRegions()) {
    Symbols known;
    for (Value value : captured)
      addSymbolsOf(value, known);
    for (Value argument : region.getArguments())
      addSymbolsOf(argument, known);
    Symbols used = symbolsUsedIn(region);
    // In the order of their names, so that the artifact does not depend on hashes.
    SmallVector<StringRef> names(used.keys());
    llvm::sort(names);
    for (StringRef symbol : names)
      if (!known.contains(symbol))
        if (Value value = findValueWith(symbol, op)) {
          captured.insert(value);
          addSymbolsOf(value, known);
        }
  }
  return captured.takeVector();
}

/// Most of what takes long are products and sums, two operations.
constexpr double kNanosecondsPerOperation = 0.01;

/// Nanoseconds of a branch: of what it computes, where sizes that its operands have say how much.
static KernelCost costOf(Operation &op, ArrayRef<Value> captures) {
  double usual = std::max(kCallCost, estimateCost(&op));
  DimExpr work = 0;
  if (isa<onnx::IfOp>(op))
    for (Region &region : op.getRegions())
      work = DimExpr::max(work, workOf(region.front()).work);
  if (work.asConstant())
    return {usual, 1};
  Symbols known;
  for (Value value : captures)
    addSymbolsOf(value, known);
  bool isKnown = true;
  work.walkSymbols([&](StringRef symbol) { isKnown &= known.contains(symbol); });
  if (!isKnown)
    return {usual, 1};
  int64_t least = static_cast<int64_t>(kCallCost / kNanosecondsPerOperation);
  return {kNanosecondsPerOperation, DimExpr::max(work, least)};
}

LogicalResult TaskLowering::lowerControl(Operation &op, Sequence &sequence) {
  OpBuilder &b = sequence.builder;
  SmallVector<Value> captures = capturesOf(op);
  SmallVector<Attribute> graphs;
  SubGraphs around;
  auto addGraph = [&](Region &region, StringRef name) -> LogicalResult {
    nesting.push_back(&around);
    FailureOr<task::GraphOp> graph = lowerRegion(region, name, captures, around);
    nesting.pop_back();
    if (failed(graph))
      return failure();
    graphs.push_back(FlatSymbolRefAttr::get(b.getContext(), graph->getSymName()));
    return success();
  };
  StringRef kind = isa<onnx::IfOp>(op) ? "branch" : isa<onnx::LoopOp>(op) ? "loop" : "scan";
  if (auto branch = dyn_cast<onnx::IfOp>(op)) {
    if (failed(addGraph(branch.getThenBranch(), "then")) ||
        failed(addGraph(branch.getElseBranch(), "else")))
      return failure();
  } else if (failed(addGraph(op.getRegion(0), kind))) {
    return failure();
  }
  SmallVector<Value> inputs = mapped(op.getOperands());
  llvm::append_range(inputs, mapped(captures));
  llvm::append_range(inputs, around.imports);
  int64_t captureCount = captures.size() + around.imports.size();
  SmallVector<bool> present = presentOperands(op);
  // An absent operand has a place in the list; no carried values have none.
  if (auto loop = dyn_cast<onnx::LoopOp>(op); loop && loop.getVInitial().empty())
    present.pop_back();
  present.append(captureCount, true);
  KernelCost cost = costOf(op, captures);
  auto control = task::ControlOp::create(
      b, op.getLoc(), tensorTypesOf(op.getResults()), task::TokenType::get(b.getContext()),
      b.getStringAttr(kind), inputs, sequence.after(), b.getArrayAttr(graphs),
      b.getI64IntegerAttr(captureCount), parametersOf(op), b.getDenseBoolArrayAttr(present),
      b.getF64FloatAttr(cost.nanoseconds), b.getStringAttr(cost.work.str()),
      b.getStringAttr(sourceNames(op.getLoc())));
  sequence.last = control.getDone();
  map(op.getResults(), control.getOutputs());
  return success();
}

FailureOr<task::GraphOp> TaskLowering::lowerRegion(Region &region, StringRef name,
                                                   ArrayRef<Value> captures, SubGraphs &around) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  std::string unique = (name + "_" + Twine(graphNames[name]++)).str();
  auto graph = task::GraphOp::create(b, region.getLoc(), b.getStringAttr(unique),
                                     b.getArrayAttr({}), b.getArrayAttr({}));
  Block *body = &graph.getBody().emplaceBlock();
  for (auto [argument, type] :
       llvm::zip(region.getArguments(), tensorTypesOf(region.getArguments())))
    mapping.map(argument, body->addArgument(type, argument.getLoc()));
  // Captured values are other values inside: restored when the region is done.
  SmallVector<Value> outside = mapped(captures);
  for (auto [capture, value] : llvm::zip(captures, outside)) {
    Value argument = body->addArgument(value.getType(), capture.getLoc());
    outerOf[argument] = value;
    mapping.map(capture, argument);
  }
  around.firstImport = body->getNumArguments();
  for (Value value : around.imports)
    outerOf[body->addArgument(value.getType(), value.getLoc())] = value;
  around.bodies.push_back(body);
  Sequence sequence{OpBuilder::atBlockEnd(body), nullptr};
  LogicalResult lowered = lowerBlock(region.front(), sequence);
  map(captures, outside);
  if (failed(lowered))
    return failure();
  return graph;
}

} // namespace heddle
