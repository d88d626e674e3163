// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GraphWriter: the values of a graph, and where their bytes are.

#include "compiler/program/GraphWriter.h"

#include "compiler/program/ProgramTypes.h"
#include "dialects/heddle/TensorDims.h"
#include "runtime/tensor/element_type.h"

using namespace mlir;

namespace heddle {

namespace fb = program;

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
    return emitError(value.getLoc())
           << "has elements of type " << type.getElementType() << ", which programs do not hold";
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
  if (auto view = value.getDefiningOp<task::ViewOp>()) {
    viewOf = valueIndex.lookup(view.getSource());
    if (view.getOffset() != "0")
      viewOffset = expression(view.getOffset());
  }
  if (auto part = partOf.find(value); part != partOf.end()) {
    viewOf = valueIndex.lookup(part->second.first);
    viewOffset = expression(part->second.second);
  }
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
  inputSymbols = inputSymbolsOf(body);
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

/// Whether sub-graphs may hand the memory of a result over: all but what a scan stacks.
static bool isHandedOver(OpResult result) {
  auto control = dyn_cast<task::ControlOp>(result.getOwner());
  if (!control || control.getKind() != "scan")
    return control != nullptr;
  auto scanned = control.getParameters().getAs<IntegerAttr>("num_scan_inputs");
  uint64_t states = control.getInputs().size() - control.getCaptures() - scanned.getInt();
  return result.getResultNumber() < states;
}

LogicalResult GraphWriter::addResult(Value result, StringRef name) {
  Operation *op = result.getDefiningOp();
  bool late = isLate(cast<RankedTensorType>(result.getType())) ||
              isHandedOver(cast<OpResult>(result)) || sharesMemory(*op);
  fb::Storage storage = isa<task::ConstantOp>(op)                          ? fb::Storage::kConstant
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
      int64_t bits =
          ElementBits(static_cast<ElementType>(*programElementType(type.getElementType())));
      offset = offset + countElements(getDims(type)) * (bits / 8);
    }
  }
  return success();
}

} // namespace heddle
