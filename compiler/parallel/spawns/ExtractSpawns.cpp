// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds chains of operations that other work does not wait for and spawns them.
//
// The graph of a block says what may run beside what. The chain with the longest way to the end stays in
// the block; every other chain that is long enough to pay for a task, and has work beside it, becomes
// a spawned region. A chain is spawned where its first operation stood: it takes in a further one only
// where all that one needs is there by then, so nothing starts later than before, and the critical
// path does not grow. What a chain needs beside, it takes in with it where that is too small for a
// task of its own and the chain is short enough not to become the critical path.
//
// Blocks of branches and of loops are looked at like that of the function.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/parallel/spawns/BlockGraph.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXTRACTSPAWNSPASS
#include "compiler/Passes.h.inc"

namespace {

/// A block that takes so many times the least that is spawned is worth a word on why it was left.
constexpr double kLongBlock = 20;
/// A part of all work beyond which the longest chain is all of it.
constexpr double kMostlyChain = 0.9;

/// Operations to spawn, where one of them stands.
struct Spawn {
  unsigned place;
  SmallVector<unsigned> members;
};

class SpawnExtractor {
public:
  SpawnExtractor(Block &block, double leastCost)
      : block(block), leastCost(leastCost), graph(block), placed(graph.nodes.size()) {}

  unsigned run();

private:
  SmallVector<unsigned> longestChain();
  std::optional<SmallVector<unsigned>> missing(unsigned member, unsigned first,
                                               ArrayRef<unsigned> part);
  SmallVector<unsigned> spawnablePart(ArrayRef<unsigned> chain);
  bool hasWorkBeside(ArrayRef<unsigned> chain);
  Construct describe(ArrayRef<unsigned> chain);
  SmallVector<Operation *> usersOf(Value value);
  SpawnOp spawn(const Spawn &part);
  void recordChain();

  Block &block;
  double leastCost;
  BlockGraph graph;
  std::vector<BlockNode> &nodes = graph.nodes;
  llvm::BitVector placed;                                 // in a chain already
  DenseMap<Operation *, SmallVector<Operation *>> awaits; // by what was spawned
};

/// From the operation with the longest way to the end along the longest way, as far as operations
/// have no place yet.
SmallVector<unsigned> SpawnExtractor::longestChain() {
  auto longer = [&](unsigned a, unsigned b) { return nodes[a].toEnd < nodes[b].toEnd; };
  SmallVector<unsigned> free, chain;
  for (unsigned i = 0; i < nodes.size(); ++i)
    if (!placed[i] && nodes[i].cost > 0)
      free.push_back(i);
  while (!free.empty()) {
    chain.push_back(*llvm::max_element(free, longer));
    free.clear();
    for (unsigned next : nodes[chain.back()].after)
      if (!placed[next])
        free.push_back(next);
  }
  return chain;
}

/// What has to run before an operation of a chain and does neither stand before the chain nor in it,
/// in block order. Nothing where another chain has some of it.
std::optional<SmallVector<unsigned>> SpawnExtractor::missing(unsigned member, unsigned first,
                                                             ArrayRef<unsigned> part) {
  SmallVector<unsigned> found, pending(nodes[member].before);
  while (!pending.empty()) {
    unsigned node = pending.pop_back_val();
    if (node < first || llvm::is_contained(part, node) || llvm::is_contained(found, node))
      continue;
    if (placed[node])
      return std::nullopt;
    found.push_back(node);
    llvm::append_range(pending, nodes[node].before);
  }
  llvm::sort(found);
  return found;
}

/// The leading part of a chain that may run from where its first operation stands, with the small
/// operations that it needs beside.
SmallVector<unsigned> SpawnExtractor::spawnablePart(ArrayRef<unsigned> chain) {
  SmallVector<unsigned> part;
  unsigned first = chain.front();
  double cost = 0, longestWay = graph.longestWay();
  for (unsigned member : chain) {
    auto needed = missing(member, first, part);
    if (!needed)
      break;
    double added = 0;
    for (unsigned node : *needed)
      added += nodes[node].cost;
    if (added >= leastCost ||
        (!needed->empty() &&
         nodes[first].fromStart + cost + added + nodes[member].toEnd > longestWay))
      break;
    cost += added + nodes[member].cost;
    llvm::append_range(part, *needed);
    part.push_back(member);
  }
  if (part.empty())
    return part;
  // What stands before the chain and is there for it alone would keep it waiting for what stands
  // before that.
  BlockNode &last = nodes[part.back()];
  double behind = last.toEnd - last.cost;
  for (size_t next = 0; next < part.size(); ++next)
    for (unsigned node : nodes[part[part.size() - 1 - next]].before) {
      bool alone = llvm::all_of(nodes[node].after,
                                [&](unsigned user) { return llvm::is_contained(part, user); });
      if (node >= first || placed[node] || nodes[node].cost >= leastCost || !alone ||
          llvm::is_contained(part, node) ||
          nodes[first].fromStart + cost + nodes[node].cost + behind > longestWay)
        continue;
      cost += nodes[node].cost;
      part.insert(part.begin(), node);
    }
  return part;
}

bool SpawnExtractor::hasWorkBeside(ArrayRef<unsigned> chain) {
  double cost = 0;
  for (unsigned other : graph.beside(chain).set_bits())
    cost += nodes[other].cost;
  return cost >= leastCost;
}

/// The chain and what is beside it, as one construct.
Construct SpawnExtractor::describe(ArrayRef<unsigned> chain) {
  llvm::BitVector own(nodes.size()), others = graph.beside(chain);
  for (unsigned member : chain)
    own.set(member);
  Work apart = graph.workOf(own), rest = graph.workOf(others);
  unsigned count = llvm::count_if(others.set_bits(), [&](unsigned i) { return nodes[i].cost > 0; });
  return {.kind = "spawn",
          .summary =
              ("tasks: " + Twine(chain.size()) + " in a row, " + Twine(count) + " beside it").str(),
          .proof = "neither reads what the other computes, directly or through others",
          .form = "",
          .work = apart.work + rest.work,
          .span = greaterOf(apart.span, rest.span)};
}

/// Operations of the block that read a value or use a size that it tells.
SmallVector<Operation *> SpawnExtractor::usersOf(Value value) {
  SmallVector<Operation *> users(value.getUsers());
  llvm::append_range(users, graph.sizeUsers.lookup(value));
  for (Operation *&user : users)
    user = block.findAncestorOpInBlock(*user);
  return users;
}

SpawnOp SpawnExtractor::spawn(const Spawn &part) {
  SmallVector<Operation *> members;
  for (unsigned member : part.members)
    members.push_back(nodes[member].op);
  Operation *place = nodes[part.place].op;
  llvm::SmallPtrSet<Operation *, 8> inside(members.begin(), members.end());
  SmallVector<Value> results;
  for (Operation *op : members)
    for (Value result : op->getResults())
      if (llvm::any_of(usersOf(result), [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(result);
  // What an earlier spawn makes is awaited no later than here.
  for (unsigned member : part.members)
    for (unsigned before : nodes[member].before)
      for (Operation *await : awaits.lookup(nodes[before].op))
        if (!await->isBeforeInBlock(place))
          await->moveBefore(place);
  OpBuilder b(place);
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
    for (Operation *user : usersOf(result))
      if (user != spawned && (!firstUser || user->isBeforeInBlock(firstUser)))
        firstUser = user;
    b.setInsertionPoint(firstUser);
    auto await = AwaitOp::create(b, result.getLoc(), future);
    awaits[result.getDefiningOp()].push_back(await);
    result.replaceUsesWithIf(await.getValue(), [&](OpOperand &use) {
      return block.findAncestorOpInBlock(*use.getOwner()) != spawned;
    });
  }
  return spawned;
}

/// Why a long block is run as it stands.
void SpawnExtractor::recordChain() {
  double all = graph.allCost(), longest = graph.longestWay();
  Operation *parent = block.getParentOp();
  double maps = 0; // which have work side by side inside
  for (const BlockNode &node : nodes)
    if (isSideBySide(node.op))
      maps += node.cost;
  if (all - maps < kLongBlock * leastCost || isa<onnx::ScanOp, onnx::LoopOp>(parent))
    return;
  recordSequential(parent,
                   longest > kMostlyChain * all
                       ? "its operations wait for each other: the longest chain of them is " +
                             std::to_string(int(100 * longest / all)) + " % of the work"
                       : "no part of it that may run beside the rest is long enough to pay "
                         "for a task");
}

unsigned SpawnExtractor::run() {
  for (unsigned member : longestChain())
    placed.set(member);
  std::vector<Spawn> spawns;
  for (SmallVector<unsigned> chain = longestChain(); !chain.empty(); chain = longestChain()) {
    SmallVector<unsigned> part = spawnablePart(chain);
    double cost = 0;
    for (unsigned member : part) {
      cost += nodes[member].cost;
      placed.set(member);
    }
    if (part.empty())
      placed.set(chain.front());
    else if (cost >= leastCost && hasWorkBeside(part))
      spawns.push_back({chain.front(), part});
  }
  // Described as they are in the program as written, before any is moved.
  std::vector<Construct> constructs;
  for (const Spawn &part : spawns)
    constructs.push_back(describe(part.members));
  for (auto [part, construct] : llvm::zip(spawns, constructs))
    recordConstruct(spawn(part), construct);
  if (spawns.empty())
    recordChain();
  return spawns.size();
}

struct ExtractSpawns : impl::ExtractSpawnsPassBase<ExtractSpawns> {
  using ExtractSpawnsPassBase::ExtractSpawnsPassBase;

  void runOnOperation() override {
    SmallVector<Block *> blocks; // those of inner regions first
    getOperation()->walk([&](Operation *op) {
      if (isa<func::FuncOp, onnx::IfOp, onnx::LoopOp, onnx::ScanOp>(op))
        for (Region &region : op->getRegions())
          blocks.push_back(&region.front());
    });
    for (Block *block : blocks)
      numSpawns += SpawnExtractor(*block, leastCost).run();
  }
};

} // namespace
} // namespace heddle
