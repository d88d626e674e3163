// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds chains of operations that other work does not wait for and spawns them.
//
// Operations of a block are ordered by their values alone (effects do not cross clusters), so the
// graph of values says what may run beside what. The chain with the longest way to the end stays in
// the block; every other chain that is long enough to pay for a task, and has work beside it, becomes
// a spawned region. A chain is spawned where its first operation stood: it takes in a further one only
// where all that one needs is there by then, so nothing starts later than before, and the critical
// path does not grow.

#include "compiler/kernels/CostModel.h"
#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/Work.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXTRACTSPAWNSPASS
#include "compiler/Passes.h.inc"

namespace {

struct Node {
  Operation *op;
  double cost;
  double toEnd = 0; // the longest way from its start to the end of the block
  SmallVector<unsigned> after;
  llvm::BitVector related; // ancestors and descendants
  bool placed = false;
};

class SpawnExtractor {
public:
  SpawnExtractor(Block &block, double leastCost) : block(block), leastCost(leastCost) {}

  unsigned run();

private:
  void buildGraph();
  SmallVector<unsigned> longestChain();
  SmallVector<unsigned> spawnablePart(ArrayRef<unsigned> chain);
  llvm::BitVector beside(ArrayRef<unsigned> chain);
  bool hasWorkBeside(ArrayRef<unsigned> chain);
  Work workOfNodes(const llvm::BitVector &members);
  Construct describe(ArrayRef<unsigned> chain);
  SpawnOp spawn(ArrayRef<unsigned> chain);

  Block &block;
  double leastCost;
  std::vector<Node> nodes; // in block order
  DenseMap<Operation *, unsigned> indexOf;
};

void SpawnExtractor::buildGraph() {
  for (Operation &op : block.without_terminator()) {
    indexOf[&op] = nodes.size();
    nodes.push_back({&op, estimateCost(&op), 0, {}, {}, false});
  }
  // Values used inside an operation's regions count as its own.
  std::vector<llvm::BitVector> ancestors(nodes.size(), llvm::BitVector(nodes.size()));
  for (unsigned i = 0; i < nodes.size(); ++i) {
    llvm::SmallSetVector<unsigned, 8> before;
    nodes[i].op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          if (Operation *outer = block.findAncestorOpInBlock(*producer); outer != nodes[i].op)
            before.insert(indexOf[outer]);
    });
    for (unsigned b : before) {
      nodes[b].after.push_back(i);
      ancestors[i] |= ancestors[b];
      ancestors[i].set(b);
    }
  }
  for (unsigned i = 0; i < nodes.size(); ++i)
    nodes[i].related = ancestors[i];
  for (unsigned i = 0; i < nodes.size(); ++i)
    for (unsigned a : ancestors[i].set_bits())
      nodes[a].related.set(i);
  for (unsigned i = nodes.size(); i-- > 0;) {
    for (unsigned next : nodes[i].after)
      nodes[i].toEnd = std::max(nodes[i].toEnd, nodes[next].toEnd);
    nodes[i].toEnd += nodes[i].cost;
  }
}

/// From the operation with the longest way to the end along the longest way, as far as operations
/// have no place yet.
SmallVector<unsigned> SpawnExtractor::longestChain() {
  auto longer = [&](unsigned a, unsigned b) { return nodes[a].toEnd < nodes[b].toEnd; };
  SmallVector<unsigned> free, chain;
  for (unsigned i = 0; i < nodes.size(); ++i)
    if (!nodes[i].placed && nodes[i].cost > 0)
      free.push_back(i);
  while (!free.empty()) {
    chain.push_back(*llvm::max_element(free, longer));
    free.clear();
    for (unsigned next : nodes[chain.back()].after)
      if (!nodes[next].placed)
        free.push_back(next);
  }
  return chain;
}

/// The leading part of a chain whose operands all stand before its first operation.
SmallVector<unsigned> SpawnExtractor::spawnablePart(ArrayRef<unsigned> chain) {
  SmallVector<unsigned> part;
  Operation *first = nodes[chain.front()].op;
  for (unsigned member : chain) {
    bool ready = true;
    nodes[member].op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        Operation *outer = producer ? block.findAncestorOpInBlock(*producer) : nullptr;
        if (!outer || outer == nodes[member].op)
          continue;
        bool inside = llvm::is_contained(part, indexOf[outer]);
        ready &= inside || outer->isBeforeInBlock(first);
      }
    });
    if (!ready)
      break;
    part.push_back(member);
  }
  return part;
}

/// What comes neither before nor after any of the chain.
llvm::BitVector SpawnExtractor::beside(ArrayRef<unsigned> chain) {
  llvm::BitVector others(nodes.size(), true);
  for (unsigned member : chain) {
    others.reset(member);
    others.reset(nodes[member].related);
  }
  return others;
}

bool SpawnExtractor::hasWorkBeside(ArrayRef<unsigned> chain) {
  double cost = 0;
  for (unsigned other : beside(chain).set_bits())
    cost += nodes[other].cost;
  return cost >= leastCost;
}

Work SpawnExtractor::workOfNodes(const llvm::BitVector &members) {
  Work sum;
  std::vector<DimExpr> starts(nodes.size(), 0);
  for (unsigned member : members.set_bits()) {
    Work own = workOf(nodes[member].op);
    DimExpr end = starts[member] + own.span;
    sum = {sum.work + own.work, greaterOf(sum.span, end)};
    for (unsigned next : nodes[member].after)
      starts[next] = greaterOf(starts[next], end);
  }
  return sum;
}

/// The chain and what is beside it, as one construct.
Construct SpawnExtractor::describe(ArrayRef<unsigned> chain) {
  llvm::BitVector own(nodes.size()), others = beside(chain);
  for (unsigned member : chain)
    own.set(member);
  Work apart = workOfNodes(own), rest = workOfNodes(others);
  unsigned count = llvm::count_if(others.set_bits(), [&](unsigned i) { return nodes[i].cost > 0; });
  return {.kind = "spawn",
          .summary = ("tasks: " + Twine(chain.size()) + " in a row, " + Twine(count) + " beside it")
                         .str(),
          .proof = "neither reads what the other computes, directly or through others",
          .form = "",
          .work = apart.work + rest.work,
          .span = greaterOf(apart.span, rest.span)};
}

SpawnOp SpawnExtractor::spawn(ArrayRef<unsigned> chain) {
  SmallVector<Operation *> members;
  for (unsigned member : chain)
    members.push_back(nodes[member].op);
  llvm::SmallPtrSet<Operation *, 8> inside(members.begin(), members.end());
  SmallVector<Value> results;
  for (Operation *op : members)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inside.contains(block.findAncestorOpInBlock(*user));
          }))
        results.push_back(result);
  // What an earlier spawn makes is awaited no later than here.
  for (Operation *op : members)
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (auto await = operand.getDefiningOp<AwaitOp>();
            await && await->getBlock() == &block && !await->isBeforeInBlock(members.front()))
          await->moveBefore(members.front());
    });
  OpBuilder b(members.front());
  SmallVector<Type> futures;
  for (Value result : results)
    futures.push_back(FutureType::get(b.getContext(), result.getType()));
  SmallVector<Location> locs;
  for (Operation *op : members)
    locs.push_back(op->getLoc());
  auto spawned = SpawnOp::create(b, b.getFusedLoc(locs), futures);
  Block *body = &spawned.getBody().emplaceBlock();
  for (Operation *op : members)
    op->moveBefore(body, body->end());
  b.setInsertionPointToEnd(body);
  YieldOp::create(b, spawned.getLoc(), results);
  // Each value is awaited where it is first needed.
  for (auto [result, future] : llvm::zip(results, spawned.getFutures())) {
    Operation *firstUser = nullptr;
    for (Operation *user : result.getUsers()) {
      Operation *outer = block.findAncestorOpInBlock(*user);
      if (outer != spawned && (!firstUser || outer->isBeforeInBlock(firstUser)))
        firstUser = outer;
    }
    b.setInsertionPoint(firstUser);
    Value awaited = AwaitOp::create(b, result.getLoc(), future).getValue();
    result.replaceUsesWithIf(awaited, [&](OpOperand &use) {
      return block.findAncestorOpInBlock(*use.getOwner()) != spawned;
    });
  }
  return spawned;
}

unsigned SpawnExtractor::run() {
  buildGraph();
  for (unsigned member : longestChain())
    nodes[member].placed = true;
  std::vector<SmallVector<unsigned>> spawns;
  for (SmallVector<unsigned> chain = longestChain(); !chain.empty(); chain = longestChain()) {
    SmallVector<unsigned> part = spawnablePart(chain);
    double cost = 0;
    for (unsigned member : part) {
      cost += nodes[member].cost;
      nodes[member].placed = true;
    }
    if (part.empty())
      nodes[chain.front()].placed = true;
    else if (cost >= leastCost && hasWorkBeside(part))
      spawns.push_back(part);
  }
  // Described as they are in the program as written, before any is moved.
  std::vector<Construct> constructs;
  for (ArrayRef<unsigned> chain : spawns)
    constructs.push_back(describe(chain));
  for (auto [chain, construct] : llvm::zip(spawns, constructs))
    recordConstruct(spawn(chain), construct);
  return spawns.size();
}

struct ExtractSpawns : impl::ExtractSpawnsPassBase<ExtractSpawns> {
  using ExtractSpawnsPassBase::ExtractSpawnsPassBase;

  void runOnOperation() override {
    numSpawns += SpawnExtractor(getOperation().getBody().front(), leastCost).run();
  }
};

} // namespace
} // namespace heddle
