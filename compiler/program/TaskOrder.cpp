// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/program/TaskOrder.h"

#include "compiler/kernels/CostModel.h"
#include "dialects/heddle/TensorDims.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace heddle {

double estimateTaskCost(Operation *op) {
  double cost = op->getAttrOfType<FloatAttr>("cost").getValueAsDouble();
  if (auto launch = dyn_cast<task::LaunchOp>(op))
    cost *= estimateSize(*DimExpr::parse(launch.getGrid())) *
            estimateSize(*DimExpr::parse(launch.getWork()));
  return cost;
}

llvm::StringSet<llvm::MallocAllocator> inputSymbolsOf(Block &body) {
  llvm::StringSet<llvm::MallocAllocator> symbols;
  for (Value input : body.getArguments())
    for (const DimExpr &dim : dimsOf(input))
      if (auto symbol = dim.asSymbol())
        symbols.insert(*symbol);
  return symbols;
}

namespace {

/// Calls `found` with each task that makes bytes of a value.
void makersOf(Value value, llvm::function_ref<void(Operation *)> found) {
  Operation *maker = value.getDefiningOp();
  if (isa_and_nonnull<task::ViewOp, task::JoinOp>(maker))
    for (Value source : maker->getOperands())
      makersOf(source, found);
  else if (isa_and_nonnull<task::TaskInterface>(maker))
    found(maker);
}

/// Tasks that tell a dimension when they run, by the symbol.
class SymbolDefinitions {
public:
  explicit SymbolDefinitions(task::GraphOp graph) {
    Block &body = graph.getBody().front();
    auto inputs = inputSymbolsOf(body);
    for (Operation &op : body)
      if (isa<task::TaskInterface>(op))
        for (Type type : op.getResultTypes())
          for (const DimExpr &dim : dimsOf(type))
            if (auto symbol = dim.asSymbol(); symbol && !inputs.contains(*symbol))
              definer.try_emplace(*symbol, &op);
  }

  SmallVector<Operation *> neededBy(Operation *op) const {
    SmallVector<Operation *> found;
    auto need = [&](const DimExpr &expr) {
      expr.walkSymbols([&](llvm::StringRef symbol) {
        Operation *defining = definer.lookup(symbol);
        if (defining && defining != op)
          found.push_back(defining);
      });
    };
    if (definer.empty())
      return found;
    for (Type type : op->getResultTypes())
      llvm::for_each(dimsOf(type), need);
    if (auto launch = dyn_cast<task::LaunchOp>(op)) {
      for (llvm::StringRef dim : launch.getDims().getAsValueRange<StringAttr>())
        need(*DimExpr::parse(dim));
      need(*DimExpr::parse(launch.getGrid()));
    }
    return found;
  }

private:
  static Dims dimsOf(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor ? getDims(tensor) : Dims();
  }

  llvm::StringMap<Operation *> definer;
};

} // namespace

TaskOrder::TaskOrder(task::GraphOp graph) {
  for (Operation &op : graph.getBody().front()) {
    if (!isa<task::TaskInterface>(op))
      continue;
    index[&op] = order.size();
    order.push_back(&op);
  }
  SymbolDefinitions definitions(graph);
  for (Operation *op : order) {
    llvm::SmallSetVector<uint32_t, 8> before;
    for (Operation *definer : definitions.neededBy(op))
      before.insert(index[definer]);
    for (Value operand : op->getOperands())
      makersOf(operand, [&](Operation *maker) { before.insert(index[maker]); });
    predecessors.emplace_back(before.begin(), before.end());
  }
  reduceEdges();
  rank();
}

/// An edge that a longer way implies costs a counter and says nothing.
void TaskOrder::reduceEdges() {
  std::vector<llvm::BitVector> ancestors(order.size(), llvm::BitVector(order.size()));
  next.resize(order.size());
  for (uint32_t task = 0; task < order.size(); ++task) {
    llvm::BitVector implied(order.size());
    for (uint32_t before : predecessors[task])
      implied |= ancestors[before];
    llvm::erase_if(predecessors[task], [&](uint32_t before) { return implied.test(before); });
    ancestors[task] = implied;
    for (uint32_t before : predecessors[task]) {
      ancestors[task].set(before);
      next[before].push_back(task);
    }
  }
}

/// Successors by the critical path from them to the end.
void TaskOrder::rank() {
  std::vector<double> toEnd(order.size());
  for (uint32_t task = order.size(); task-- > 0;) {
    for (uint32_t after : next[task])
      toEnd[task] = std::max(toEnd[task], toEnd[after]);
    toEnd[task] += estimateTaskCost(order[task]);
    llvm::stable_sort(next[task], [&](uint32_t a, uint32_t b) { return toEnd[a] > toEnd[b]; });
  }
}

} // namespace heddle
