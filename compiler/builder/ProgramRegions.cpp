// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ProgramBuilder: operations with regions.

#include "compiler/builder/ProgramBuilder.h"

#include "compiler/parallel/loops/DeclaredStep.h"
#include "dialects/heddle/DagOps.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

void ProgramBuilder::begin(StringRef op, ArrayRef<Id> inputs, StringRef attributes, size_t states) {
  if (!firstError.empty())
    return;
  if (!is_contained({"spawn", "map", "streams", "scan", "dag_scan"}, op)) {
    fail("'" + op + "' has no regions to build; there are spawn, map, streams, scan and dag_scan");
    return;
  }
  SmallVector<Value> operands;
  Open next{OperationState(location(op), ("heddle." + op).str()), builder.saveInsertionPoint(),
            states};
  if (!lookUp(inputs, operands) || !parseAttributes(attributes, next.state.attributes))
    return;
  for (Value operand : operands)
    if (!isa<RankedTensorType>(operand.getType())) {
      fail(op + ": an input is not a tensor");
      return;
    }
  if (op == "scan" && (states == 0 || states >= operands.size())) {
    fail("a scan needs states and elements");
    return;
  }
  next.state.addOperands(operands);
  auto setSegments = [&](ArrayRef<int32_t> sizes) {
    next.state.addAttribute("operandSegmentSizes", builder.getDenseI32ArrayAttr(sizes));
  };
  if (op == "scan")
    setSegments({int32_t(states), int32_t(operands.size() - states)});
  if (op == "dag_scan") {
    auto reads = dyn_cast_or_null<DenseI64ArrayAttr>(next.state.attributes.get("read_tables"));
    size_t count = reads ? reads.size() : 0, tablesAndWrites = 2 * states;
    bool isKnown = reads && llvm::all_of(reads.asArrayRef(), [&](int64_t table) {
                     return table >= 0 && table < int64_t(states);
                   });
    if (states == 0 || !isKnown || operands.size() < tablesAndWrites + count) {
      fail("a dag_scan needs tables, as many writes, and `read_tables` with a table for each read");
      return;
    }
    setSegments({int32_t(states), int32_t(states), int32_t(count),
                 int32_t(operands.size() - tablesAndWrites - count)});
  }
  open.push_back(std::move(next));
}

/// Of the region that is opened next.
SmallVector<Type> ProgramBuilder::argumentTypes(const Open &open) {
  SmallVector<Type> types;
  ValueRange operands(open.state.operands);
  auto addRow = [&](Value table, ArrayRef<DimExpr> leading) {
    auto type = cast<RankedTensorType>(table.getType());
    if (type.getRank() == 0)
      return fail("a table has no rows");
    Dims dims(leading);
    llvm::append_range(dims, ArrayRef(getDims(type)).drop_front());
    types.push_back(tensorWithDims(dims, type.getElementType()));
    return true;
  };
  auto addElements = [&](ValueRange of) {
    for (Value value : of) {
      auto type = cast<RankedTensorType>(value.getType());
      if (type.getRank() == 0)
        return fail("an element has no axis 0 to go along");
      types.push_back(tensorWithDims(ArrayRef(getDims(type)).drop_front(), type.getElementType()));
    }
    return true;
  };
  StringRef name = open.state.name.getStringRef();
  if (name == MapOp::getOperationName()) {
    addElements(operands);
  } else if (name == StreamsOp::getOperationName()) {
    auto count = dyn_cast_or_null<IntegerAttr>(open.state.attributes.get("count"));
    if (!count || count.getInt() < 1 || operands.size() % count.getInt() != 0)
      fail("streams needs `count`, and as many operands for each stream");
    else
      llvm::append_range(types, operands.take_front(operands.size() / count.getInt()).getTypes());
  } else if (name == DagScanOp::getOperationName()) {
    auto tables = cast<DenseI64ArrayAttr>(open.state.attributes.get("read_tables")).asArrayRef();
    ValueRange reads = operands.slice(2 * open.states, tables.size());
    for (auto [read, table] : llvm::zip(reads, tables)) {
      Dims indices = dimsOf(read);
      if (indices.empty())
        fail("a read has no axis of steps");
      else
        addRow(operands[table], ArrayRef(indices).drop_front());
    }
    addElements(operands.drop_front(2 * open.states + tables.size()));
  } else if (name == ScanOp::getOperationName()) {
    bool isApply = open.state.regions.empty();
    ValueRange elements = operands.drop_front(open.states);
    if (isApply)
      llvm::append_range(types, operands.take_front(open.states).getTypes());
    else
      addElements(elements);
    addElements(elements);
  }
  return types;
}

std::vector<ProgramBuilder::Id> ProgramBuilder::region() {
  if (!firstError.empty())
    return {};
  if (open.empty() || open.back().inRegion)
    return fail("there is no operation whose region could be opened"), std::vector<Id>();
  Open &current = open.back();
  size_t most = current.state.name.getStringRef() == ScanOp::getOperationName() ? 2 : 1;
  if (current.state.regions.size() >= most)
    return fail("all of the operation's regions are there"), std::vector<Id>();
  SmallVector<Type> types = argumentTypes(current);
  if (!firstError.empty())
    return {};
  // While it is built the region stands in the program, in an operation that is replaced at the end.
  builder.restoreInsertionPoint(current.after);
  auto holder = SpawnOp::create(builder, current.state.location, TypeRange());
  Block &block = holder.getBody().emplaceBlock();
  block.addArguments(types, SmallVector<Location>(types.size(), current.state.location));
  for (BlockArgument argument : block.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    shapes->setFacts(argument, type.getElementType(), getDims(type));
  }
  current.inRegion = true;
  builder.setInsertionPointToEnd(&block);
  return remember(block.getArguments());
}

void ProgramBuilder::yield(ArrayRef<Id> ids) {
  SmallVector<Value> yielded;
  if (!firstError.empty())
    return;
  if (open.empty() || !open.back().inRegion) {
    fail("there is no region to yield from");
    return;
  }
  if (!lookUp(ids, yielded))
    return;
  Open &current = open.back();
  YieldOp::create(builder, current.state.location, yielded);
  Operation *holder = builder.getInsertionBlock()->getParentOp();
  current.state.addRegion()->takeBody(holder->getRegion(0));
  current.inRegion = false;
  builder.restoreInsertionPoint(current.after);
  holder->erase();
}

bool ProgramBuilder::addResultTypes(Open &current) {
  OperationState &state = current.state;
  StringRef name = state.name.getStringRef();
  if (state.regions.empty())
    return fail(name + " has no region");
  TypeRange yielded = state.regions.front()->front().getTerminator()->getOperandTypes();
  auto stacked = [&](Type element) {
    // All steps: of a dag_scan, as many as its first table's writes.
    Value steps = name == DagScanOp::getOperationName() ? state.operands[current.states]
                                                        : state.operands.back();
    Dims dims = {getDims(cast<RankedTensorType>(steps.getType())).front()};
    auto type = cast<RankedTensorType>(element);
    llvm::append_range(dims, getDims(type));
    return tensorWithDims(dims, type.getElementType());
  };
  if (name == SpawnOp::getOperationName()) {
    for (Type type : yielded)
      state.addTypes(FutureType::get(context(), type));
  } else if (name == StreamsOp::getOperationName()) {
    int64_t count = cast<IntegerAttr>(state.attributes.get("count")).getInt();
    for (int64_t stream = 0; stream < count; ++stream)
      state.addTypes(yielded);
  } else if (name == DagScanOp::getOperationName()) {
    if (yielded.size() < current.states)
      return fail("a dag_scan yields a row for each table, then marks");
    for (Value table : ArrayRef(state.operands).take_front(current.states))
      state.addTypes(table.getType());
    for (Type type : yielded.drop_front(current.states))
      state.addTypes(stacked(type));
    int32_t tables = current.states, marks = yielded.size() - current.states;
    state.addAttribute("resultSegmentSizes", builder.getDenseI32ArrayAttr({tables, marks}));
  } else {
    if (name == ScanOp::getOperationName())
      state.addTypes(yielded);
    for (Type type : yielded)
      state.addTypes(stacked(type));
  }
  return true;
}

std::vector<ProgramBuilder::Id> ProgramBuilder::end() {
  if (!firstError.empty())
    return {};
  if (open.empty() || open.back().inRegion)
    return fail("there is no operation to end"), std::vector<Id>();
  Open current = std::move(open.back());
  open.pop_back();
  if (!addResultTypes(current))
    return {};
  // A scan whose step is its combiner too.
  OperationState &state = current.state;
  bool declared =
      state.name.getStringRef() == ScanOp::getOperationName() && state.regions.size() == 1;
  if (declared)
    state.addRegion();
  ErrorKeeper errors(context());
  Operation *op = builder.create(state);
  if (declared)
    declareAssociative(cast<ScanOp>(op));
  return infer(op, errors) ? remember(op->getResults()) : std::vector<Id>();
}

} // namespace heddle
