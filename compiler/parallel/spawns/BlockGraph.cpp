// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/spawns/BlockGraph.h"

#include "compiler/kernels/CostModel.h"
#include "compiler/parallel/SizeSymbols.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {

namespace {

/// By the symbol of a size that no value from before a block has: the first value that has it.
class SizeDefiners {
public:
  explicit SizeDefiners(Block &block) : block(block) {}

  /// In the order of the block.
  void add(Operation *op) {
    for (Value result : op->getResults())
      visitSymbolsOf(result, [&](StringRef symbol) {
        if (seen.insert(symbol).second && !findValueWith(symbol, block.front()))
          definer[symbol] = result;
      });
  }

  /// Values whose sizes an operation uses, not those that regions inside use.
  void visitUsedBy(Operation *op, llvm::function_ref<void(Value)> visit) const {
    if (definer.empty())
      return;
    visitSymbolsUsedBy(op, [&](StringRef symbol) {
      if (Value value = definer.lookup(symbol))
        visit(value);
    });
  }

private:
  Block &block;
  llvm::StringMap<Value> definer;
  llvm::StringSet<> seen;
};

} // namespace

BlockGraph::BlockGraph(Block &block) {
  DenseMap<Operation *, unsigned> indexOf;
  for (Operation &op : block.without_terminator()) {
    indexOf[&op] = nodes.size();
    Work own = heddle::workOf(&op);
    nodes.push_back({&op, estimateCost(&op), own, estimateSize(own.span), 0, 0, {}, {}, {}});
    allWork = allWork + own.work;
  }
  SizeDefiners definers(block);
  // What an operation's regions use counts as its own.
  std::vector<llvm::BitVector> ancestors(nodes.size(), llvm::BitVector(nodes.size()));
  for (unsigned i = 0; i < nodes.size(); ++i) {
    llvm::SmallSetVector<unsigned, 8> before;
    nodes[i].op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          if (Operation *outer = block.findAncestorOpInBlock(*producer);
              outer && outer != nodes[i].op)
            before.insert(indexOf[outer]);
      definers.visitUsedBy(inner, [&](Value definer) {
        before.insert(indexOf[definer.getDefiningOp()]);
        sizeUsers[definer].insert(nodes[i].op);
      });
    });
    definers.add(nodes[i].op);
    nodes[i].before.assign(before.begin(), before.end());
    for (unsigned b : before) {
      nodes[i].fromStart = std::max(nodes[i].fromStart, nodes[b].fromStart + nodes[b].cost);
      nodes[b].after.push_back(i);
      ancestors[i] |= ancestors[b];
      ancestors[i].set(b);
    }
  }
  for (unsigned i = nodes.size(); i-- > 0;) {
    BlockNode &node = nodes[i];
    node.related.resize(nodes.size());
    for (unsigned next : node.after) {
      node.toEnd = std::max(node.toEnd, nodes[next].toEnd);
      node.related |= nodes[next].related; // descendants so far
      node.related.set(next);
    }
    node.toEnd += node.cost;
  }
  for (auto [node, before] : llvm::zip(nodes, ancestors))
    node.related |= before;
}

double BlockGraph::longestWay() const {
  double longest = 0;
  for (const BlockNode &node : nodes)
    longest = std::max(longest, node.toEnd);
  return longest;
}

double BlockGraph::allCost() const {
  double all = 0;
  for (const BlockNode &node : nodes)
    all += node.cost;
  return all;
}

llvm::BitVector BlockGraph::beside(ArrayRef<unsigned> members) const {
  llvm::BitVector others(nodes.size(), true);
  for (unsigned member : members) {
    others.reset(member);
    others.reset(nodes[member].related);
  }
  return others;
}

Work BlockGraph::workOf(const llvm::BitVector &members) const {
  llvm::BitVector rarer = members;
  bool few = 2 * members.count() <= nodes.size();
  if (!few)
    rarer.flip();
  DimExpr work = 0;
  for (unsigned i : rarer.set_bits())
    work = work + nodes[i].own.work;
  // The longest way by numbers, its formula along that way.
  constexpr unsigned nobody = -1;
  std::vector<double> starts(nodes.size());
  std::vector<unsigned> from(nodes.size(), nobody);
  double longest = -1;
  unsigned last = nobody;
  for (unsigned i : members.set_bits()) {
    double end = starts[i] + nodes[i].ownSpan;
    if (end > longest) {
      longest = end;
      last = i;
    }
    for (unsigned next : nodes[i].after)
      if (end > starts[next]) {
        starts[next] = end;
        from[next] = i;
      }
  }
  DimExpr span = 0;
  for (; last != nobody; last = from[last])
    span = span + nodes[last].own.span;
  return {few ? work : allWork - work, span};
}

} // namespace heddle
