// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/program/GraphWriter.h"

#include "compiler/program/ProgramTypes.h"
#include "dialects/heddle/TensorDims.h"

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

std::vector<flatbuffers::Offset<fb::Attribute>> GraphWriter::attributes(DictionaryAttr parameters) {
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
  uint32_t kernel = 0, grid = 0, scratch = UINT32_MAX, work = UINT32_MAX, operations = UINT32_MAX,
           grain = 1, captures = 0;
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
    if (control.getWork() != "1")
      work = expression(control.getWork());
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

FailureOr<flatbuffers::Offset<fb::Graph>> GraphWriter::write() {
  if (failed(addValues()))
    return failure();
  TaskOrder order(graph);
  std::vector<flatbuffers::Offset<fb::Task>> tasks;
  for (Operation *op : order.tasks())
    tasks.push_back(task(op, order));

  std::vector<uint32_t> inputs, outputs;
  for (Value input : graph.getBody().front().getArguments())
    inputs.push_back(valueIndex.lookup(input));
  llvm::DenseMap<Value, unsigned> uses;
  for (Value output : graph.getYield()->getOperands())
    ++uses[output];
  for (auto [i, output] : llvm::enumerate(graph.getYield()->getOperands())) {
    bool isNamed =
        uses[output] == 1 && isa_and_nonnull<task::TaskInterface>(output.getDefiningOp());
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
  return fb::CreateGraph(buffer, name, symbolsOffset, exprsOffset, valuesOffset, inputsOffset,
                         outputsOffset, tasksOffset, /*sequential=*/true);
}

} // namespace heddle
