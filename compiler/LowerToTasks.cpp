// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/LowerToTasks.h"

#include "compiler/SourceNames.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/program/TaskOrder.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/task/Task.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "runtime/library/library_call.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {
namespace {

/// Nanoseconds below which waking a second thread costs more than it saves.
constexpr double kSequentialCost = 60000;

/// Estimated nanoseconds of a library call or a sub-graph, for scheduling only.
constexpr double kCallCost = 20000;

class TaskLowering {
public:
  TaskLowering(ModuleOp module, ClusterKernels &kernels) : module(module), kernels(kernels) {}

  LogicalResult run(func::FuncOp function);

private:
  /// The graph that tasks are added to, with the order of the tasks around.
  struct Sequence {
    OpBuilder builder;
    Value last; // the token of the latest task; null before the first
  };

  /// The sub-graphs of one operation while they are lowered. What they turn out to need of the main
  /// graph becomes captures of all of them, after those that the source has.
  struct SubGraphs {
    unsigned firstImport = 0;    // arguments before the imports
    SmallVector<Block *> bodies; // the last one is being lowered
    SmallVector<Value> imports;  // values of the enclosing graph
  };

  LogicalResult lowerBlock(Block &block, Sequence &sequence);
  LogicalResult lowerOp(Operation &op, Sequence &sequence);
  LogicalResult lowerCluster(ClusterOp cluster, Sequence &sequence);
  LogicalResult lowerSeparately(ClusterOp cluster, Sequence &sequence);
  LogicalResult lowerAsCall(ClusterOp cluster, Operation &op, Sequence &sequence);
  LogicalResult lowerControl(Operation &op, Sequence &sequence);
  void lowerSizes(IndexTensorOp op, Sequence &sequence);
  void lowerCall(Operation &op, Sequence &sequence);
  void splitConstants(task::GraphOp graph);
  FailureOr<task::GraphOp> lowerRegion(Region &region, StringRef name, ArrayRef<Value> captures,
                                       SubGraphs &around);
  bool isWeight(Value value) { return constantValues.contains(mainValueOf(value)); }
  /// The value of the main graph that a sub-graph's argument stands for.
  Value mainValueOf(Value value) {
    for (auto found = outerOf.find(value); found != outerOf.end(); found = outerOf.find(value))
      value = found->second;
    return value;
  }
  Value pack(Sequence &sequence, Location loc, const KernelUse::Pack &use, Value weight);
  Value import(Value mainValue);

  Value mapped(Value value) { return mapping.lookup(value); }
  SmallVector<Value> after(Sequence &sequence) {
    return sequence.last ? SmallVector<Value>{sequence.last} : SmallVector<Value>{};
  }
  static ArrayAttr texts(OpBuilder &b, ArrayRef<DimExpr> exprs) {
    SmallVector<std::string> strings;
    for (const DimExpr &expr : exprs)
      strings.push_back(expr.str());
    SmallVector<StringRef> refs(strings.begin(), strings.end());
    return b.getStrArrayAttr(refs);
  }
  task::LaunchOp launch(Sequence &sequence, Location loc, StringRef kernel, ValueRange inputs,
                        Type result, ArrayRef<DimExpr> dims, const DimExpr &grid,
                        const DimExpr &scratch, double cost);

  /// Records that a task computes from constants alone, where it does: one without inputs still
  /// reads the sizes of what it makes.
  void noteConstant(Operation *task, ValueRange inputs) {
    auto isKnown = [](Type type) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      return !tensor || tensor.hasStaticShape();
    };
    if (llvm::all_of(inputs, [&](Value v) { return constantValues.contains(v); }) &&
        (!inputs.empty() || llvm::all_of(task->getResultTypes(), isKnown)))
      for (Value result : task->getResults())
        if (isa<RankedTensorType>(result.getType()))
          constantValues.insert(result);
  }

  ModuleOp module;
  ClusterKernels &kernels;
  IRMapping mapping;
  llvm::DenseSet<Value> constantValues; // of the task level
  llvm::StringMap<unsigned> graphNames;
  Sequence *mainSequence = nullptr;
  SmallVector<SubGraphs *> nesting;      // outermost first
  llvm::DenseMap<Value, Value> outerOf;  // a sub-graph's argument: the enclosing graph's value
};

task::LaunchOp TaskLowering::launch(Sequence &sequence, Location loc, StringRef kernel,
                                    ValueRange inputs, Type result, ArrayRef<DimExpr> dims,
                                    const DimExpr &grid, const DimExpr &scratch, double cost) {
  OpBuilder &b = sequence.builder;
  auto op = task::LaunchOp::create(
      b, loc, TypeRange{result}, task::TokenType::get(b.getContext()),
      FlatSymbolRefAttr::get(b.getContext(), kernel), inputs, after(sequence), texts(b, dims),
      b.getStringAttr(grid.str()), b.getI64IntegerAttr(1), b.getStringAttr(scratch.str()),
      b.getF64FloatAttr(cost), b.getStringAttr(sourceNames(loc)));
  sequence.last = op.getDone();
  noteConstant(op, inputs);
  return op;
}

/// Weights of sub-graphs are packed in the main graph, which is to say while compiling.
Value TaskLowering::pack(Sequence &sequence, Location loc, const KernelUse::Pack &use,
                         Value weight) {
  Type packed = tensorWithDims({use.elements}, use.elementType);
  auto packIn = [&](Sequence &where, Value source) {
    return launch(where, loc, use.kernel, source, packed, use.dims, use.grid, 0, use.costPerPoint)
        .getOutputs()[0];
  };
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

/// A value of the main graph inside the sub-graph that is being lowered.
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

LogicalResult TaskLowering::lowerCluster(ClusterOp cluster, Sequence &sequence) {
  SmallVector<bool> constants;
  for (Value input : cluster.getInputs())
    constants.push_back(isWeight(mapped(input)));
  std::vector<KernelUse> uses;
  for (unsigned i = 0; i < cluster.getNumResults(); ++i) {
    FailureOr<KernelUse> use = kernels.kernelFor(cluster, i, constants);
    if (failed(use))
      return lowerSeparately(cluster, sequence);
    uses.push_back(*std::move(use));
  }
  for (auto [result, use] : llvm::zip(cluster.getResults(), uses)) {
    SmallVector<Value> inputs;
    for (Value input : cluster.getInputs())
      inputs.push_back(mapped(input));
    if (use.pack) {
      Value &weight = inputs[use.pack->operand];
      weight = pack(sequence, cluster.getLoc(), *use.pack, weight);
    }
    auto op = launch(sequence, cluster.getLoc(), use.kernel, inputs, result.getType(), use.dims,
                     use.grid, use.scratchBytes, use.costPerPoint);
    mapping.map(result, op.getOutputs()[0]);
  }
  return success();
}

/// No schedule covers the cluster as a whole: each operation becomes a cluster of its own.
LogicalResult TaskLowering::lowerSeparately(ClusterOp cluster, Sequence &sequence) {
  Block &body = cluster.getBody().front();
  SmallVector<Operation *> compiled;
  for (Operation &op : body.without_terminator())
    if (!isa<onnx::ConstantOp, IndexTensorOp>(op))
      compiled.push_back(&op);
  if (compiled.size() == 1)
    return lowerAsCall(cluster, *compiled.front(), sequence);
  for (auto [argument, input] : llvm::zip(body.getArguments(), cluster.getInputs()))
    mapping.map(argument, mapped(input));
  for (Operation *op : compiled) {
    OpBuilder b(op);
    SmallVector<Value> inputs;
    for (OpOperand &operand : op->getOpOperands())
      if (!isParameter(operand) && !llvm::is_contained(inputs, operand.get()))
        inputs.push_back(operand.get());
    auto single = ClusterOp::create(b, op->getLoc(), op->getResultTypes(), inputs);
    Block *inner = &single.getBody().emplaceBlock();
    IRMapping innerMapping;
    for (Value input : inputs)
      innerMapping.map(input, inner->addArgument(input.getType(), input.getLoc()));
    b.setInsertionPointToEnd(inner);
    for (OpOperand &operand : op->getOpOperands())
      if (isParameter(operand))
        cloneParameter(operand.get(), b, innerMapping);
    Operation *copy = b.clone(*op, innerMapping);
    YieldOp::create(b, op->getLoc(), copy->getResults());
    if (failed(lowerCluster(single, sequence)))
      return failure();
    for (auto [result, lowered] : llvm::zip(op->getResults(), single.getResults()))
      mapping.map(result, mapped(lowered));
  }
  for (auto [result, yielded] : llvm::zip(cluster.getResults(), cluster.getYielded()))
    mapping.map(result, mapped(yielded));
  return success();
}

/// An operation without a schedule, the only one of its cluster: the library may have it.
LogicalResult TaskLowering::lowerAsCall(ClusterOp cluster, Operation &op, Sequence &sequence) {
  if (!FindLibraryFunction(op.getName().stripDialect()))
    return op.emitOpError("has no kernel for these operands");
  Block &body = cluster.getBody().front();
  for (auto [argument, input] : llvm::zip(body.getArguments(), cluster.getInputs()))
    mapping.map(argument, mapped(input));
  for (Operation &inner : body.without_terminator()) {
    if (&inner == &op)
      lowerCall(op, sequence);
    else if (failed(lowerOp(inner, sequence)))
      return failure();
  }
  for (auto [result, yielded] : llvm::zip(cluster.getResults(), cluster.getYielded()))
    mapping.map(result, mapped(yielded));
  return success();
}

void TaskLowering::lowerSizes(IndexTensorOp op, Sequence &sequence) {
  SmallVector<DimExpr> exprs;
  for (StringRef text : op.getExprs().getAsValueRange<StringAttr>())
    exprs.push_back(*DimExpr::parse(text));
  auto type = cast<RankedTensorType>(op.getValue().getType());
  auto launched = launch(sequence, op.getLoc(),
                         kernels.sizesKernel(exprs.size(), type.getElementTypeBitWidth()), {},
                         type, exprs, 1, 0, 5);
  mapping.map(op.getValue(), launched.getOutputs()[0]);
}

/// The operands by parameter: `present` says which of them are given.
static SmallVector<bool> presentOperands(Operation &op) {
  SmallVector<bool> present;
  if (auto segments = op.getAttrOfType<DenseI32ArrayAttr>("operandSegmentSizes")) {
    for (int32_t size : segments.asArrayRef())
      present.append(std::max(size, 1), size != 0);
  } else {
    present.assign(op.getNumOperands(), true);
  }
  return present;
}

static SmallVector<bool> wantedResults(Operation &op) {
  SmallVector<bool> wanted;
  if (auto segments = op.getAttrOfType<DenseI32ArrayAttr>("resultSegmentSizes")) {
    for (int32_t size : segments.asArrayRef())
      wanted.append(std::max(size, 1), size != 0);
  } else {
    wanted.assign(op.getNumResults(), true);
  }
  return wanted;
}

static DictionaryAttr parametersOf(Operation &op) {
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : op.getAttrs())
    if (attribute.getName() != "operandSegmentSizes" && attribute.getName() != "resultSegmentSizes")
      attributes.push_back(attribute);
  return DictionaryAttr::get(op.getContext(), attributes);
}

void TaskLowering::lowerCall(Operation &op, Sequence &sequence) {
  OpBuilder &b = sequence.builder;
  SmallVector<Value> inputs;
  for (Value operand : op.getOperands())
    inputs.push_back(mapped(operand));
  std::string function = op.getName().stripDialect().str();
  DictionaryAttr parameters = parametersOf(op);
  if (isa<ExpectOp>(op))
    function = "heddle.Expect";
  if (auto custom = dyn_cast<onnx::CustomOp>(op)) {
    function = ("custom:" + custom.getDomainName() + ":" + custom.getFunctionName()).str();
    parameters = custom.getNodeAttributes();
  }
  auto call = task::CallOp::create(
      b, op.getLoc(), op.getResultTypes(), task::TokenType::get(b.getContext()),
      b.getStringAttr(function), inputs, after(sequence), parameters,
      b.getDenseBoolArrayAttr(presentOperands(op)), b.getDenseBoolArrayAttr(wantedResults(op)),
      b.getF64FloatAttr(kCallCost), b.getStringAttr(sourceNames(op.getLoc())));
  sequence.last = call.getDone();
  if (isMemoryEffectFree(&op))
    noteConstant(call, inputs);
  for (auto [result, lowered] : llvm::zip(op.getResults(), call.getOutputs()))
    mapping.map(result, lowered);
}

/// Values that sub-graphs use from outside, and values that carry the dimension symbols they use.
static SmallVector<Value> capturesOf(Operation &op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegions(), captured);
  for (Region &region : op.getRegions()) {
    llvm::StringSet<llvm::MallocAllocator> bound, used;
    auto symbolsOf = [](Type type, auto visit) {
      if (auto tensor = dyn_cast<RankedTensorType>(type))
        for (const DimExpr &dim : getDims(tensor))
          visit(dim);
    };
    auto bindInput = [&](Value value) {
      symbolsOf(value.getType(), [&](const DimExpr &dim) {
        if (auto symbol = dim.asSymbol())
          bound.insert(*symbol);
      });
    };
    for (Value value : captured)
      bindInput(value);
    for (Value argument : region.getArguments())
      bindInput(argument);
    auto use = [&](const DimExpr &dim) {
      dim.walkSymbols([&](StringRef symbol) { used.insert(symbol); });
    };
    region.walk([&](Operation *inner) {
      for (Type type : inner->getResultTypes())
        symbolsOf(type, use);
      for (Type type : inner->getOperandTypes())
        symbolsOf(type, use);
      if (auto sizes = dyn_cast<IndexTensorOp>(inner))
        for (StringRef text : sizes.getExprs().getAsValueRange<StringAttr>())
          use(*DimExpr::parse(text));
    });
    // A symbol of an outer graph that no input of this one has: hand in a value that has it.
    for (auto &entry : used) {
      StringRef symbol = entry.getKey();
      if (bound.contains(symbol))
        continue;
      for (Operation *outer = &op; outer && !bound.contains(symbol);
           outer = outer->getParentOp()) {
        auto offer = [&](Value value) {
          bool has = false;
          symbolsOf(value.getType(), [&](const DimExpr &dim) { has |= dim.asSymbol() == symbol; });
          if (has && !bound.contains(symbol)) {
            captured.insert(value);
            bindInput(value);
          }
        };
        if (Block *block = outer->getBlock()) {
          for (Value argument : block->getArguments())
            offer(argument);
          for (Operation &before : llvm::make_range(block->begin(), outer->getIterator()))
            for (Value result : before.getResults())
              offer(result);
        }
      }
    }
  }
  return llvm::to_vector(captured);
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
  SmallVector<Value> inputs;
  for (Value operand : op.getOperands())
    inputs.push_back(mapped(operand));
  for (Value capture : captures)
    inputs.push_back(mapped(capture));
  llvm::append_range(inputs, around.imports);
  int64_t captureCount = captures.size() + around.imports.size();
  SmallVector<bool> present = presentOperands(op);
  present.append(captureCount, true);
  auto control = task::ControlOp::create(
      b, op.getLoc(), op.getResultTypes(), task::TokenType::get(b.getContext()),
      b.getStringAttr(kind), inputs, after(sequence), b.getArrayAttr(graphs),
      b.getI64IntegerAttr(captureCount), parametersOf(op), b.getDenseBoolArrayAttr(present),
      b.getF64FloatAttr(kCallCost), b.getStringAttr(sourceNames(op.getLoc())));
  sequence.last = control.getDone();
  for (auto [result, lowered] : llvm::zip(op.getResults(), control.getOutputs()))
    mapping.map(result, lowered);
  return success();
}

FailureOr<task::GraphOp> TaskLowering::lowerRegion(Region &region, StringRef name,
                                                   ArrayRef<Value> captures,
                                                   SubGraphs &around) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  std::string unique = (name + "_" + Twine(graphNames[name]++)).str();
  auto graph = task::GraphOp::create(b, region.getLoc(), b.getStringAttr(unique), UnitAttr(),
                                     b.getArrayAttr({}), b.getArrayAttr({}));
  Block *body = &graph.getBody().emplaceBlock();
  // Captured values are other values inside: restored when the region is done.
  SmallVector<Value> outside;
  for (Value argument : region.getArguments())
    mapping.map(argument, body->addArgument(argument.getType(), argument.getLoc()));
  for (Value capture : captures) {
    outside.push_back(mapped(capture));
    Value argument = body->addArgument(capture.getType(), capture.getLoc());
    outerOf[argument] = outside.back();
    mapping.map(capture, argument);
  }
  around.firstImport = body->getNumArguments();
  for (Value value : around.imports)
    outerOf[body->addArgument(value.getType(), value.getLoc())] = value;
  around.bodies.push_back(body);
  Sequence sequence{OpBuilder::atBlockEnd(body), nullptr};
  LogicalResult lowered = lowerBlock(region.front(), sequence);
  for (auto [capture, value] : llvm::zip(captures, outside))
    mapping.map(capture, value);
  if (failed(lowered))
    return failure();
  return graph;
}

LogicalResult TaskLowering::lowerOp(Operation &op, Sequence &sequence) {
  OpBuilder &b = sequence.builder;
  if (op.hasTrait<OpTrait::IsTerminator>()) {
    SmallVector<Value> values;
    for (Value operand : op.getOperands())
      values.push_back(mapped(operand));
    task::YieldOp::create(b, op.getLoc(), values);
    return success();
  }
  if (auto cluster = dyn_cast<ClusterOp>(op))
    return lowerCluster(cluster, sequence);
  if (auto sizes = dyn_cast<IndexTensorOp>(op)) {
    lowerSizes(sizes, sequence);
    return success();
  }
  if (auto spawn = dyn_cast<SpawnOp>(op)) {
    // What the region starts after is what its values need; it has no place in this order.
    Sequence spawned{b, nullptr};
    for (Operation &inner : spawn.getBody().front().without_terminator())
      if (failed(lowerOp(inner, spawned)))
        return failure();
    for (auto [future, value] :
         llvm::zip(spawn.getResults(), spawn.getBody().front().getTerminator()->getOperands()))
      mapping.map(future, mapped(value));
    return success();
  }
  if (auto await = dyn_cast<AwaitOp>(op)) {
    mapping.map(await.getValue(), mapped(await.getFuture()));
    return success();
  }
  switch (operationKind(&op)) {
  case OperationKind::Constant: {
    auto constant = cast<onnx::ConstantOp>(op);
    auto lowered =
        task::ConstantOp::create(b, op.getLoc(), constant.getType(), *constant.getValue());
    constantValues.insert(lowered.getResult());
    mapping.map(constant.getResult(), lowered.getResult());
    return success();
  }
  case OperationKind::View: {
    Value source = mapped(op.getOperand(0));
    auto view = task::ViewOp::create(b, op.getLoc(), op.getResult(0).getType(), source);
    noteConstant(view, source);
    mapping.map(op.getResult(0), view.getResult());
    return success();
  }
  case OperationKind::Control:
    return lowerControl(op, sequence);
  case OperationKind::Loops:
  case OperationKind::Contraction:
    return op.emitOpError("was left outside clusters");
  case OperationKind::Library:
    lowerCall(op, sequence);
    return success();
  }
  llvm_unreachable("all kinds are handled");
}

LogicalResult TaskLowering::lowerBlock(Block &block, Sequence &sequence) {
  for (Operation &op : block)
    if (failed(lowerOp(op, sequence)))
      return failure();
  return success();
}

/// Moves the tasks that compute from constants alone into a graph of their own. What the main graph
/// uses of them becomes an input of it, after the model's.
void TaskLowering::splitConstants(task::GraphOp graph) {
  Block &main = graph.getBody().front();
  auto isConstantTask = [&](Operation &op) {
    return !isa<task::ConstantOp>(op) && op.getNumResults() != 0 &&
           constantValues.contains(op.getResult(0));
  };
  SmallVector<Operation *> moved;
  for (Operation &op : main)
    if (isConstantTask(op))
      moved.push_back(&op);
  if (moved.empty())
    return;
  OpBuilder b(graph);
  b.setInsertionPointAfter(graph);
  auto constants = task::GraphOp::create(b, graph.getLoc(), b.getStringAttr(kConstantsGraph),
                                         UnitAttr(), b.getArrayAttr({}), b.getArrayAttr({}));
  Block *body = &constants.getBody().emplaceBlock();
  b.setInsertionPointToEnd(body);
  llvm::DenseSet<Operation *> movedSet(moved.begin(), moved.end());
  IRMapping clones;
  Value previous;
  for (Operation *op : moved) {
    for (Value operand : op->getOperands())
      if (auto constant = operand.getDefiningOp<task::ConstantOp>())
        if (!clones.contains(operand))
          b.clone(*constant, clones);
    // The order among moved tasks stays; what else they waited for is not there.
    Operation *copy = b.clone(*op, clones);
    SmallVector<Value> order = previous ? SmallVector<Value>{previous} : SmallVector<Value>{};
    if (auto launch = dyn_cast<task::LaunchOp>(copy)) {
      launch.getAfterMutable().assign(order);
      previous = launch.getDone();
    } else if (auto call = dyn_cast<task::CallOp>(copy)) {
      call.getAfterMutable().assign(order);
      previous = call.getDone();
    }
  }
  SmallVector<Value> outputs;
  for (Operation *op : moved)
    for (Value result : op->getResults()) {
      if (isa<task::TokenType>(result.getType())) {
        // Tasks that came after in order come after what this one came after.
        SmallVector<Value> before;
        for (Value operand : op->getOperands())
          if (isa<task::TokenType>(operand.getType()))
            before.push_back(operand);
        for (OpOperand &use : llvm::make_early_inc_range(result.getUses())) {
          Operation *user = use.getOwner();
          if (auto launch = dyn_cast<task::LaunchOp>(user))
            launch.getAfterMutable().assign(before);
          else if (auto call = dyn_cast<task::CallOp>(user))
            call.getAfterMutable().assign(before);
          else
            cast<task::ControlOp>(user).getAfterMutable().assign(before);
        }
        continue;
      }
      bool usedOutside = llvm::any_of(result.getUsers(),
                                      [&](Operation *user) { return !movedSet.contains(user); });
      if (!usedOutside)
        continue;
      outputs.push_back(clones.lookup(result));
      Value weight = main.addArgument(result.getType(), result.getLoc());
      result.replaceUsesWithIf(
          weight, [&](OpOperand &use) { return !movedSet.contains(use.getOwner()); });
    }
  task::YieldOp::create(b, graph.getLoc(), outputs);
  for (Operation *op : llvm::reverse(moved))
    op->erase();
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
  auto graph = task::GraphOp::create(b, function.getLoc(), b.getStringAttr(kMainGraph), UnitAttr(),
                                     namesOf(function, function.getNumArguments(), true),
                                     namesOf(function, function.getNumResults(), false));
  Block *body = &graph.getBody().emplaceBlock();
  for (BlockArgument argument : function.getArguments())
    mapping.map(argument, body->addArgument(argument.getType(), argument.getLoc()));
  Sequence sequence{OpBuilder::atBlockEnd(body), nullptr};
  mainSequence = &sequence;
  if (failed(lowerBlock(function.getBody().front(), sequence)))
    return failure();
  splitConstants(graph);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  double cost = 0;
  for (Operation &op : *body)
    if (isTask(&op))
      cost += estimateTaskCost(&op);
  graph.setSequential(cost < kSequentialCost);
  return success();
}

} // namespace

LogicalResult lowerToTasks(ModuleOp module, ClusterKernels &kernels) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  // The graph takes the function's name.
  function.setSymName("source.main");
  if (failed(TaskLowering(module, kernels).run(function)))
    return failure();
  function.erase();
  return success();
}

} // namespace heddle
