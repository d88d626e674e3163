// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/ShapeContext.h"

#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/TensorBytes.h"
#include "dialects/onnx/Onnx.h"

#include "dialects/onnx/ShapeInterface.cpp.inc"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

ShapeContext::ShapeContext(Operation *root) {
  auto note = [&](Value value) {
    RankedTensorType type = tensorOf(value.getType());
    if (!type)
      return;
    for (const DimExpr &dim : getDims(type))
      dim.walkSymbols([&](StringRef name) { symbols.try_emplace(name, value); });
  };
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    order.try_emplace(op, order.size());
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          note(argument);
    for (Value result : op->getResults())
      note(result);
  });
}

const TensorFacts *ShapeContext::lookup(Value value) const {
  auto found = table.find(value);
  return found == table.end() ? nullptr : found->second.get();
}

void ShapeContext::setFacts(Value value, TensorFacts facts) {
  facts.normalize();
  table[value] = std::make_unique<TensorFacts>(std::move(facts));
}

std::string ShapeContext::makeName(Value value, int64_t axis) const {
  Operation *op = value.getDefiningOp();
  if (!op)
    op = cast<BlockArgument>(value).getOwner()->getParentOp();
  StringRef operation = op->getName().getStringRef();
  std::string name = operation.substr(operation.find('.') + 1).str();
  auto index = order.find(op);
  name += "_" + std::to_string(index == order.end() ? order.size() : index->second);
  if (auto argument = dyn_cast<BlockArgument>(value))
    name += ".in" + std::to_string(argument.getArgNumber());
  else if (unsigned number = cast<OpResult>(value).getResultNumber())
    name += "." + std::to_string(number);
  return name + ":" + std::to_string(axis);
}

/// The symbol that an earlier run gave the dimension, so that running again changes nothing.
std::optional<DimExpr> ShapeContext::previousSymbol(Value value, int64_t axis) const {
  RankedTensorType type = tensorOf(value.getType());
  if (!type || axis >= type.getRank())
    return std::nullopt;
  DimExpr dim = getDims(type)[axis];
  std::optional<StringRef> name = dim.asSymbol();
  // Only its first occurrence defines it.
  if (!name || symbols.lookup(*name) != value || definitions.contains(*name))
    return std::nullopt;
  for (int64_t before = 0; before < axis; ++before)
    if (getDims(type)[before] == dim)
      return std::nullopt;
  return dim;
}

DimExpr ShapeContext::freshSymbol(Value value, int64_t axis) {
  std::string &name = names[{value, axis}];
  if (name.empty()) {
    if (std::optional<DimExpr> previous = previousSymbol(value, axis)) {
      name = previous->asSymbol()->str();
    } else {
      name = makeName(value, axis);
      while (symbols.contains(name) || definitions.contains(name))
        name += "_";
    }
    definitions[name] = value;
  }
  return DimExpr::symbol(name);
}

Dims ShapeContext::freshDims(Value value, int64_t rank) {
  Dims dims;
  for (int64_t axis = 0; axis < rank; ++axis)
    dims.push_back(freshSymbol(value, axis));
  return dims;
}

LogicalResult ShapeContext::inferBlock(Block &block) {
  bool ok = true;
  for (Operation &op : block.without_terminator())
    ok &= succeeded(inferOperation(&op));
  return success(ok);
}

static bool hasFacts(const ShapeContext &context, ValueRange values) {
  return llvm::all_of(values, [&](Value value) { return context.lookup(value); });
}

LogicalResult ShapeContext::inferOperation(Operation *op) {
  // An operand without facts had its error reported already.
  if (!hasFacts(*this, op->getOperands()))
    return failure();
  // An earlier round of a loop must not answer for a failure in this one.
  for (Value result : op->getResults())
    table.erase(result);
  if (auto rule = dyn_cast<ShapeInference>(op)) {
    if (failed(rule.inferFacts(*this)))
      return failure();
    return checkResults(op);
  }
  if (auto sizes = dyn_cast<IndexTensorOp>(op)) {
    TensorFacts facts = *TensorFacts::ofType(sizes.getValue().getType());
    facts.integers.emplace();
    for (StringRef text : sizes.getExprs().getAsValueRange<StringAttr>())
      facts.integers->push_back(DimExpr::parse(text).value_or(DimExpr::unknown()));
    setFacts(sizes.getValue(), std::move(facts));
    return success();
  }
  for (Value result : op->getResults()) {
    RankedTensorType type = tensorOf(result.getType());
    if (!type)
      return op->emitOpError("is not supported: cannot tell the rank of result ")
             << cast<OpResult>(result).getResultNumber();
    Dims dims = getDims(type);
    for (auto [axis, dim] : llvm::enumerate(dims))
      if (!dim.isKnown())
        dim = freshSymbol(result, axis);
    setFacts(result, type.getElementType(), dims);
  }
  return success();
}

LogicalResult ShapeContext::checkResults(Operation *op) {
  for (auto [number, result] : llvm::enumerate(op->getResults())) {
    const TensorFacts *facts = lookup(result);
    if (!facts)
      return op->emitOpError("cannot tell the rank of result ") << number;
    if (facts->rank() > kMostDims) {
      table.erase(result);
      return op->emitOpError("has a result ")
             << number << " of more than " << kMostDims << " dimensions";
    }
    for (auto [axis, dim] : llvm::enumerate(facts->dims)) {
      std::optional<int64_t> size = dim.asConstant();
      if (dim.isKnown() && (!size || *size >= 0))
        continue;
      auto error = op->emitOpError("has a result ") << number << " whose dimension " << axis;
      if (size)
        error << " would be " << *size;
      else
        error << " does not fit 64 bits or is too complex";
      table.erase(result);
      return error;
    }
    if (facts->elementType.isIntOrFloat() && !bytesOfKnown(facts->dims, facts->elementType)) {
      auto error = op->emitOpError("has a result ")
                   << number << " of more bytes than there can be: (";
      llvm::interleaveComma(facts->dims, error, [&](const DimExpr &dim) { error << dim.str(); });
      table.erase(result);
      return error << ")";
    }
  }
  return success();
}

FailureOr<std::vector<TensorFacts>> ShapeContext::inferRegion(Region &region,
                                                              ArrayRef<TensorFacts> arguments) {
  Block &block = region.front();
  for (auto [argument, facts] : llvm::zip(block.getArguments(), arguments))
    setFacts(argument, facts);
  if (failed(inferBlock(block)))
    return failure();
  std::vector<TensorFacts> yielded;
  for (Value value : block.getTerminator()->getOperands()) {
    if (!lookup(value))
      return failure();
    yielded.push_back(facts(value));
  }
  return yielded;
}

bool ShapeContext::isDefinedOutside(const DimExpr &expr, Region &region) const {
  bool outside = true;
  expr.walkSymbols([&](StringRef name) {
    auto definition = definitions.find(name);
    if (definition == definitions.end())
      return;
    Value value = definition->second;
    outside &= !region.isAncestor(value.getParentRegion());
  });
  return outside;
}

TensorFacts ShapeContext::moveOutside(TensorFacts facts, Region &region, Value result) {
  for (auto [axis, dim] : llvm::enumerate(facts.dims))
    if (!isDefinedOutside(dim, region))
      dim = freshSymbol(result, axis);
  if (facts.integers)
    for (DimExpr &element : *facts.integers)
      if (!isDefinedOutside(element, region))
        element = DimExpr::unknown();
  return facts;
}
