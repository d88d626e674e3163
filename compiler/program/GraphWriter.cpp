// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/program/GraphWriter.h"

#include "compiler/program/ProgramTypes.h"
#include "dialects/heddle/TensorDims.h"
#include "runtime/tensor/element_type.h"

using namespace mlir;

namespace heddle {

namespace fb = program;

static fb::ExprKind exprKind(DimOp op) {
  switch (op) {
  case DimOp::Add:
    return fb::ExprKind::kAdd;
  case DimOp::Mul:
    return fb::ExprKind::kMul;
  case DimOp::FloorDiv:
    return fb::ExprKind::kFloorDiv;
  case DimOp::CeilDiv:
    return fb::ExprKind::kCeilDiv;
  case DimOp::Mod:
    return fb::ExprKind::kMod;
  case DimOp::Min:
    return fb::ExprKind::kMin;
  case DimOp::Max:
    return fb::ExprKind::kMax;
  }
  llvm_unreachable("all operations are handled");
}

/// What the symbol is a logarithm of, if it is one (compiler/parallel/Constructs.h names them so).
static std::optional<DimExpr> logarithmOf(StringRef symbol) {
  if (symbol.consume_front("log2(") && symbol.consume_back(")"))
    return DimExpr::parse(symbol);
  return std::nullopt;
}

uint32_t GraphWriter::expression(const DimExpr &expr) {
  // Sub-expressions are shared by their operation and operands.
  auto intern = [&](fb::ExprKind kind, int64_t lhs, int64_t rhs) -> uint32_t {
    std::string key = (Twine(static_cast<int>(kind)) + " " + Twine(lhs) + " " + Twine(rhs)).str();
    auto [found, isNew] = exprIndex.try_emplace(key, exprs.size());
    if (isNew)
      exprs.emplace_back(kind, lhs, rhs);
    return found->second;
  };
  return expr.lower<uint32_t>(
      [&](int64_t number) { return intern(fb::ExprKind::kConstant, number, 0); },
      [&](StringRef symbol) {
        if (std::optional<DimExpr> size = logarithmOf(symbol)) {
          uint32_t of = expression(*size);
          return intern(fb::ExprKind::kLog2, of, of);
        }
        auto [found, isNew] = symbolIndex.try_emplace(symbol, symbols.size());
        if (isNew)
          symbols.push_back(buffer.CreateString(symbol.str()));
        return intern(fb::ExprKind::kSymbol, found->second, 0);
      },
      [&](DimOp op, uint32_t lhs, uint32_t rhs) { return intern(exprKind(op), lhs, rhs); });
}

std::vector<uint32_t> GraphWriter::dimsOf(RankedTensorType type) {
  std::vector<uint32_t> dims;
  for (const DimExpr &dim : getDims(type))
    dims.push_back(expression(dim));
  return dims;
}

bool GraphWriter::isLate(RankedTensorType type) {
  bool late = false;
  for (const DimExpr &dim : getDims(type))
    dim.walkSymbols([&](StringRef symbol) { late |= !inputSymbols.contains(symbol); });
  return late;
}

/// Whether the results of a task may be in the memory of its operand, whatever their size.
static bool sharesMemory(Operation &op) {
  auto call = dyn_cast<task::CallOp>(op);
  return call && (call.getFunction() == "heddle.Append" || call.getFunction() == "heddle.Truncate");
}

LogicalResult GraphWriter::addValue(Value value, fb::Storage storage, StringRef name) {
  auto type = cast<RankedTensorType>(value.getType());
  std::optional<fb::ElementType> element = programElementType(type.getElementType());
  if (!element)
    return emitError(value.getLoc()) << "has elements of type " << type.getElementType()
                                     << ", which programs do not hold";
  auto nameOffset = buffer.CreateString(name.str());
  auto dims = buffer.CreateVector(dimsOf(type));
  uint64_t weight = 0;
  uint32_t viewOf = 0, viewOffset = UINT32_MAX;
  if (auto constant = value.getDefiningOp<task::ConstantOp>()) {
    FailureOr<uint64_t> offset = weightOffset(constant);
    if (failed(offset))
      return failure();
    weight = *offset;
  }
  if (auto view = value.getDefiningOp<task::ViewOp>())
    viewOf = valueIndex.lookup(view.getSource());
  if (auto part = partOf.find(value); part != partOf.end()) {
    viewOf = valueIndex.lookup(part->second.first);
    viewOffset = expression(part->second.second);
  }
  if (storage == fb::Storage::kArena)
    arenaValues.push_back(value);
  valueIndex[value] = values.size();
  fb::ValueBuilder builder(buffer);
  builder.add_name(nameOffset);
  builder.add_element_type(*element);
  builder.add_dims(dims);
  builder.add_storage(storage);
  builder.add_weight_offset(weight);
  builder.add_view_of(viewOf);
  builder.add_view_offset(viewOffset);
  values.push_back(builder.Finish());
  return success();
}

/// Another name for a value: outputs have names of their own.
uint32_t GraphWriter::addView(Value value, StringRef name) {
  auto type = cast<RankedTensorType>(value.getType());
  auto nameOffset = buffer.CreateString(name.str());
  auto dims = buffer.CreateVector(dimsOf(type));
  fb::ValueBuilder builder(buffer);
  builder.add_name(nameOffset);
  builder.add_element_type(*programElementType(type.getElementType()));
  builder.add_dims(dims);
  builder.add_storage(fb::Storage::kView);
  builder.add_view_of(valueIndex.lookup(value));
  values.push_back(builder.Finish());
  return values.size() - 1;
}

uint32_t GraphWriter::missingValue() {
  if (!missing) {
    missing = values.size();
    fb::ValueBuilder builder(buffer);
    builder.add_storage(fb::Storage::kMissing);
    values.push_back(builder.Finish());
  }
  return *missing;
}

LogicalResult GraphWriter::addValues() {
  Block &body = graph.getBody().front();
  auto nameAt = [](ArrayAttr names, unsigned i) {
    return i < names.size() ? cast<StringAttr>(names[i]).getValue() : StringRef();
  };
  for (Value input : body.getArguments())
    for (const DimExpr &dim : getDims(cast<RankedTensorType>(input.getType())))
      if (auto symbol = dim.asSymbol())
        inputSymbols.insert(*symbol);
  for (auto [i, input] : llvm::enumerate(body.getArguments()))
    if (failed(addValue(input, fb::Storage::kInput, nameAt(graph.getInputNames(), i))))
      return failure();

  // A result that is one output carries its name; all other outputs get a view of their own below.
  llvm::DenseMap<Value, unsigned> outputUses;
  llvm::DenseMap<Value, StringRef> outputName;
  for (auto [i, output] : llvm::enumerate(graph.getYield()->getOperands())) {
    ++outputUses[output];
    outputName[output] = nameAt(graph.getOutputNames(), i);
  }
  if (failed(addJoins(body)))
    return failure();
  for (Operation &op : body.without_terminator())
    for (Value result : op.getResults()) {
      if (!isa<RankedTensorType>(result.getType()) || valueIndex.contains(result))
        continue;
      bool named = outputUses.lookup(result) == 1 && isa<task::TaskInterface>(op);
      if (failed(addResult(result, named ? outputName[result] : StringRef())))
        return failure();
    }
  return success();
}

LogicalResult GraphWriter::addResult(Value result, StringRef name) {
  Operation *op = result.getDefiningOp();
  bool late = isLate(cast<RankedTensorType>(result.getType())) || isa<task::ControlOp>(op) ||
              sharesMemory(*op);
  fb::Storage storage = isa<task::ConstantOp>(op)                             ? fb::Storage::kConstant
                        : isa<task::ViewOp>(op) || partOf.contains(result) ? fb::Storage::kView
                        : late                                             ? fb::Storage::kLate
                                                                           : fb::Storage::kArena;
  return addValue(result, storage, name);
}

/// What is made of parts comes before them, as views name earlier values; the last join first, as
/// a join may be part of a later one.
LogicalResult GraphWriter::addJoins(Block &body) {
  for (Operation &op : llvm::reverse(body)) {
    auto join = dyn_cast<task::JoinOp>(op);
    if (!join)
      continue;
    if (failed(addResult(join.getResult(), {})))
      return failure();
    DimExpr offset = 0;
    for (Value part : join.getParts()) {
      auto type = cast<RankedTensorType>(part.getType());
      partOf.try_emplace(part, join.getResult(), offset);
      int64_t bits = ElementBits(static_cast<ElementType>(*programElementType(type.getElementType())));
      offset = offset + countElements(getDims(type)) * (bits / 8);
    }
  }
  return success();
}

std::vector<flatbuffers::Offset<fb::Attribute>>
GraphWriter::attributes(DictionaryAttr parameters) {
  std::vector<flatbuffers::Offset<fb::Attribute>> written;
  for (NamedAttribute named : parameters)
    if (auto attribute = writeAttribute(buffer, named.getName().getValue(), named.getValue()))
      written.push_back(*attribute);
  return written;
}

std::vector<uint32_t> GraphWriter::operandIndices(ValueRange inputs, ArrayRef<bool> present) {
  std::vector<uint32_t> indices;
  auto next = inputs.begin();
  for (bool given : present)
    indices.push_back(given ? valueIndex.lookup(*next++) : missingValue());
  return indices;
}

flatbuffers::Offset<fb::Task> GraphWriter::task(Operation *op, const TaskOrder &order) {
  std::vector<uint32_t> operands, results, dims, graphs;
  std::vector<flatbuffers::Offset<fb::Attribute>> attributeList;
  uint32_t kernel = 0, grid = 0, scratch = UINT32_MAX, work = UINT32_MAX,
           operations = UINT32_MAX, grain = 1, captures = 0;
  fb::TaskKind kind = fb::TaskKind::kKernel;
  StringRef source, function;
  double cost = op->getAttrOfType<FloatAttr>("cost").getValueAsDouble();
  if (auto launch = dyn_cast<task::LaunchOp>(op)) {
    for (Value input : launch.getInputs())
      operands.push_back(valueIndex.lookup(input));
    for (Value output : launch.getOutputs())
      results.push_back(valueIndex.lookup(output));
    for (StringRef dim : launch.getDims().getAsValueRange<StringAttr>())
      dims.push_back(expression(dim));
    kernel = kernelIndex.lookup(launch.getKernel());
    grid = expression(launch.getGrid());
    grain = launch.getGrain();
    if (launch.getScratch() != "0")
      scratch = expression(launch.getScratch());
    if (launch.getWork() != "1")
      work = expression(launch.getWork());
    if (launch.getOperations())
      operations = expression(*launch.getOperations());
    source = launch.getSource();
  } else if (auto call = dyn_cast<task::CallOp>(op)) {
    kind = fb::TaskKind::kLibrary;
    operands = operandIndices(call.getInputs(), call.getPresent());
    results = operandIndices(call.getOutputs(), call.getWanted());
    function = call.getFunction();
    attributeList = attributes(call.getParameters());
    source = call.getSource();
  } else {
    auto control = cast<task::ControlOp>(op);
    kind = control.getKind() == "branch" ? fb::TaskKind::kBranch
           : control.getKind() == "loop" ? fb::TaskKind::kLoop
                                         : fb::TaskKind::kScan;
    operands = operandIndices(control.getInputs(), control.getPresent());
    for (Value output : control.getOutputs())
      results.push_back(valueIndex.lookup(output));
    for (auto name : control.getGraphs().getAsRange<FlatSymbolRefAttr>())
      graphs.push_back(graphIndex.lookup(name.getValue()));
    captures = control.getCaptures();
    attributeList = attributes(control.getParameters());
    source = control.getSource();
  }
  uint32_t self = order.indexOf(op);
  ArrayRef<uint32_t> next = order.successors(self);
  auto nameOffset = buffer.CreateString(source.str());
  auto functionOffset = buffer.CreateString(function.str());
  auto operandsOffset = buffer.CreateVector(operands), resultsOffset = buffer.CreateVector(results);
  auto dimsOffset = buffer.CreateVector(dims), graphsOffset = buffer.CreateVector(graphs);
  auto attributesOffset = buffer.CreateVector(attributeList);
  auto successors = buffer.CreateVector(std::vector<uint32_t>(next.begin(), next.end()));
  fb::TaskBuilder builder(buffer);
  builder.add_kind(kind);
  builder.add_name(nameOffset);
  builder.add_operands(operandsOffset);
  builder.add_results(resultsOffset);
  builder.add_kernel(kernel);
  builder.add_dims(dimsOffset);
  builder.add_grid(grid);
  builder.add_grain(grain);
  builder.add_scratch(scratch);
  builder.add_cost_per_point(static_cast<float>(cost));
  builder.add_work(work);
  builder.add_operations(operations);
  builder.add_function(functionOffset);
  builder.add_attributes(attributesOffset);
  builder.add_graphs(graphsOffset);
  builder.add_captures(captures);
  builder.add_predecessors(order.predecessorCount(self));
  builder.add_successors(successors);
  return builder.Finish();
}

std::vector<fb::Conflict> GraphWriter::conflicts(const TaskOrder &order) {
  std::vector<fb::Conflict> pairs;
  for (size_t i = 0; i < arenaValues.size(); ++i)
    for (size_t j = i + 1; j < arenaValues.size(); ++j)
      if (!order.mayShareBytes(arenaValues[i], arenaValues[j]))
        pairs.emplace_back(valueIndex.lookup(arenaValues[i]), valueIndex.lookup(arenaValues[j]));
  return pairs;
}

FailureOr<flatbuffers::Offset<fb::Graph>> GraphWriter::write() {
  if (failed(addValues()))
    return failure();
  TaskOrder order(graph);
  std::vector<flatbuffers::Offset<fb::Task>> tasks;
  for (Operation *op : order.tasks())
    tasks.push_back(task(op, order));
  std::vector<fb::Conflict> pairs = conflicts(order);

  std::vector<uint32_t> inputs, outputs;
  for (Value input : graph.getBody().front().getArguments())
    inputs.push_back(valueIndex.lookup(input));
  llvm::DenseMap<Value, unsigned> uses;
  for (Value output : graph.getYield()->getOperands())
    ++uses[output];
  for (auto [i, output] : llvm::enumerate(graph.getYield()->getOperands())) {
    bool isNamed = uses[output] == 1 && isa_and_nonnull<task::TaskInterface>(output.getDefiningOp());
    if (!isNamed) {
      StringRef name = i < graph.getOutputNames().size()
                           ? cast<StringAttr>(graph.getOutputNames()[i]).getValue()
                           : StringRef();
      outputs.push_back(addView(output, name));
      continue;
    }
    outputs.push_back(valueIndex.lookup(output));
  }
  auto name = buffer.CreateString(graph.getSymName().str());
  auto symbolsOffset = buffer.CreateVector(symbols);
  auto exprsOffset = buffer.CreateVectorOfStructs(exprs);
  auto valuesOffset = buffer.CreateVector(values);
  auto inputsOffset = buffer.CreateVector(inputs), outputsOffset = buffer.CreateVector(outputs);
  auto tasksOffset = buffer.CreateVector(tasks);
  auto conflictsOffset = buffer.CreateVectorOfStructs(pairs);
  return fb::CreateGraph(buffer, name, symbolsOffset, exprsOffset, valuesOffset, inputsOffset,
                         outputsOffset, tasksOffset, conflictsOffset,
                         graph.getSequential());
}

} // namespace heddle
