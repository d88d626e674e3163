// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/DuplicateTail.h"
#include "dialects/onnx/ShapeContext.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// Exporters write a few such Ifs, in models of some hundred operations. Each one may double what
/// follows it, so a model with many of them has to be refused.
static constexpr int64_t kMostOperations = 10000;

static int64_t countOperations(ArrayRef<Operation *> operations) {
  int64_t count = 0;
  for (Operation *op : operations)
    op->walk([&](Operation *) { ++count; });
  return count;
}

bool heddle::duplicateTail(IfOp branch) {
  Operation *end = branch->getBlock()->getTerminator();
  SmallVector<Operation *> tail;
  for (Operation *op = branch->getNextNode(); op != end; op = op->getNextNode())
    tail.push_back(op);
  if (tail.empty() || countOperations(tail) > kMostOperations)
    return false;

  // Operands of the block's end that the copies compute.
  SmallVector<unsigned> computed;
  SmallVector<Type> types;
  for (OpOperand &operand : end->getOpOperands()) {
    Operation *source = operand.get().getDefiningOp();
    if (source != branch && !llvm::is_contained(tail, source))
      continue;
    computed.push_back(operand.getOperandNumber());
    types.push_back(operand.get().getType());
  }
  for (Region &region : branch->getRegions()) {
    Operation *yield = region.front().getTerminator();
    IRMapping mapping;
    mapping.map(branch->getResults(), yield->getOperands());
    OpBuilder builder(yield);
    for (Operation *op : tail)
      builder.clone(*op, mapping);
    SmallVector<Value> results;
    for (unsigned number : computed)
      results.push_back(mapping.lookupOrDefault(end->getOperand(number)));
    yield->setOperands(results);
  }

  OpBuilder builder(branch);
  OperationState state(branch.getLoc(), IfOp::getOperationName());
  state.addOperands(branch->getOperands());
  state.addTypes(types);
  for (NamedAttribute attribute : branch->getAttrs())
    if (attribute.getName() != kRanksDiffer)
      state.addAttribute(attribute.getName(), attribute.getValue());
  for (Region &region : branch->getRegions())
    state.addRegion()->takeBody(region);
  state.addAttribute(kRanksDiffer, builder.getUnitAttr());
  Operation *whole = builder.create(state);
  for (auto [number, result] : llvm::zip(computed, whole->getResults()))
    end->setOperand(number, result);
  for (Operation *op : llvm::reverse(tail))
    op->erase();
  branch.erase();
  return true;
}
