// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/LoopBody.h"

#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace heddle {

SmallVector<Value> usesOf(Operation *op) {
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  if (op->getNumRegions() != 0)
    getUsedValuesDefinedAbove(op->getRegions(), used);
  return used.takeVector();
}

LoopBody::LoopBody(onnx::ScanOp loop)
    : loop(loop), block(loop.getBody().front()),
      states(loop->getNumOperands() - loop.getNumScanInputs()) {
  for (unsigned i = 0; i < states; ++i) {
    BitVector bits(states);
    bits.set(i);
    dependsOn.try_emplace(before(i), std::move(bits));
  }
  for (Operation &op : block.without_terminator()) {
    BitVector bits(states);
    for (Value used : usesOf(&op))
      if (auto found = dependsOn.find(used); found != dependsOn.end())
        bits |= found->second;
    if (bits.any())
      for (Value result : op.getResults())
        dependsOn.try_emplace(result, bits);
  }
  findGroups();
  // Symbols of values that the loop can see.
  auto note = [&](Value value) {
    if (auto type = dyn_cast<RankedTensorType>(value.getType()))
      for (const DimExpr &dim : getDims(type))
        if (auto symbol = dim.asSymbol())
          outside.insert(*symbol);
  };
  for (Operation *op = loop; op && op->getBlock(); op = op->getParentOp()) {
    llvm::for_each(op->getBlock()->getArguments(), note);
    for (Operation &earlier : llvm::make_range(op->getBlock()->begin(), op->getIterator()))
      llvm::for_each(earlier.getResults(), note);
  }
}

bool LoopBody::depends(Value value, unsigned state) const {
  auto found = dependsOn.find(value);
  return found != dependsOn.end() && found->second.test(state);
}

/// Strongly connected components of "the new i depends on the old j", by the transitive closure.
void LoopBody::findGroups() {
  SmallVector<BitVector> reach(states, BitVector(states));
  for (unsigned i = 0; i < states; ++i)
    if (auto found = dependsOn.find(after(i)); found != dependsOn.end())
      reach[i] = found->second;
  for (unsigned via = 0; via < states; ++via)
    for (unsigned i = 0; i < states; ++i)
      if (reach[i].test(via))
        reach[i] |= reach[via];
  BitVector done(states);
  while (!done.all()) {
    for (unsigned i = 0; i < states; ++i) {
      if (done.test(i))
        continue;
      SmallVector<unsigned> group = {i};
      bool ready = true;
      for (unsigned j : reach[i].set_bits()) {
        if (j == i || done.test(j))
          continue;
        if (reach[j].test(i))
          group.push_back(j);
        else
          ready = false;
      }
      if (!ready)
        continue;
      for (unsigned j : group)
        done.set(j);
      components.push_back(std::move(group));
    }
  }
}

Component LoopBody::component(ArrayRef<unsigned> group) const {
  Component result;
  result.end = end();
  DenseSet<Value> needed;
  auto depends = [&](Value value) {
    return llvm::any_of(group, [&](unsigned state) { return this->depends(value, state); });
  };
  for (unsigned state : group) {
    result.before.push_back(before(state));
    result.after.push_back(after(state));
    result.init.push_back(init(state));
    needed.insert(after(state));
  }
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    bool wanted = llvm::any_of(
        op.getResults(), [&](Value value) { return needed.contains(value) && depends(value); });
    if (!wanted)
      continue;
    result.steps.push_back(&op);
    for (Value used : usesOf(&op))
      needed.insert(used);
  }
  std::reverse(result.steps.begin(), result.steps.end());
  return result;
}

bool LoopBody::isKnownOutside(Type type) const {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return false;
  bool known = true;
  for (const DimExpr &dim : getDims(tensor)) {
    known &= dim.isKnown();
    dim.walkSymbols([&](StringRef name) { known &= outside.contains(name); });
  }
  return known;
}

} // namespace heddle
