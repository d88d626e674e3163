// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop whose iterations give nothing to each other is a map. What looks like a carried state often
// is none: it is passed on unchanged, or nothing outside of its own update reads it, or only the last
// iteration's is asked for.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/source/Arithmetic.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXTRACTMAPSPASS
#include "compiler/Passes.h.inc"

namespace {

class MapExtractor {
public:
  explicit MapExtractor(onnx::ScanOp scan)
      : scan(scan), body(scan.getBody().front()), states(ScanLoop(scan).states) {}

  /// Why it stays a loop; empty where it became a map.
  std::string run();

private:
  Operation *yield() { return body.getTerminator(); }
  std::string whyNot();
  bool isKept(unsigned state) { return yield()->getOperand(state) == body.getArgument(state); }
  void findLiveStates();
  void replace();

  onnx::ScanOp scan;
  Block &body;
  unsigned states;
  llvm::SmallBitVector live; // states that something other than themselves reads
};

/// From what is asked for backwards: results, and states that these read.
void MapExtractor::findLiveStates() {
  live.resize(states);
  SmallVector<Value> pending;
  for (unsigned i = 0; i < scan.getNumResults(); ++i)
    if (!scan.getResult(i).use_empty() && !(i < states && isKept(i)))
      pending.push_back(yield()->getOperand(i));
  DenseSet<Value> seen;
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(value); argument && argument.getOwner() == &body) {
      unsigned state = argument.getArgNumber();
      if (state < states && !isKept(state) && !live[state]) {
        live.set(state);
        pending.push_back(yield()->getOperand(state));
      }
      continue;
    }
    Operation *producer = value.getDefiningOp();
    Operation *outer = producer ? body.findAncestorOpInBlock(*producer) : nullptr;
    if (outer)
      outer->walk([&](Operation *inner) { llvm::append_range(pending, inner->getOperands()); });
  }
}

std::string MapExtractor::whyNot() {
  ScanLoop loop(scan);
  if (!loop.isNormal())
    return loop.hasOneLength() ? "it does not run forward along axis 0"
                               : "its inputs are not known to be of one length";
  if (live.any())
    return "an iteration reads state " + std::to_string(live.find_first()) +
           ", which the one before it computes";
  for (Operation &op : body)
    if (!isMemoryEffectFree(&op))
      return ("'" + op.getName().stripDialect() + "' in it has effects, whose order counts").str();
  DimExpr length = loop.length();
  for (auto [element, input] : llvm::zip(loop.elements(), loop.inputs()))
    if (stackedType(element.getType(), length) != input.getType())
      return "an element has other dimensions than its input";
  for (unsigned i = 0; i < scan.getNumResults(); ++i) {
    Value yielded = yield()->getOperand(i);
    if (i < states ? scan.getResult(i).getType() != yielded.getType() ||
                         scan.getOperand(i).getType() != yielded.getType()
                   : scan.getResult(i).getType() != stackedType(yielded.getType(), length))
      return "the sizes of its results depend on data";
  }
  return "";
}

void MapExtractor::replace() {
  OpBuilder b(scan);
  DimExpr length = ScanLoop(scan).length();
  SmallVector<Value> yielded;
  SmallVector<Type> types;
  SmallVector<unsigned> results;
  for (unsigned i = 0; i < scan.getNumResults(); ++i) {
    if (scan.getResult(i).use_empty() || (i < states && isKept(i)))
      continue;
    results.push_back(i);
    yielded.push_back(yield()->getOperand(i));
    types.push_back(stackedType(yielded.back().getType(), length));
  }
  auto map = MapOp::create(b, scan.getLoc(), types, scan.getOperands().drop_front(states));
  map.getBody().takeBody(scan.getBody());
  for (unsigned state = states; state-- > 0;) {
    body.getArgument(state).replaceAllUsesWith(scan.getOperand(state));
    if (isKept(state) || yield()->getOperand(state) == scan.getOperand(state))
      scan.getResult(state).replaceAllUsesWith(scan.getOperand(state));
  }
  body.eraseArguments(0, states);
  Operation *end = yield();
  b.setInsertionPoint(end);
  for (auto [i, value] : llvm::zip(results, yielded))
    value = end->getOperand(i); // what was a state is the value outside now
  YieldOp::create(b, end->getLoc(), yielded);
  end->erase();
  // What only a state's update needed. Backwards, so that users go first.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  b.setInsertionPointAfter(map);
  Arithmetic m(b, scan.getLoc());
  for (auto [result, all] : llvm::zip(results, map.getResults())) {
    Value value = all;
    if (result < states) {
      // The last one; without iterations it is the initial value.
      Value init = scan.getOperand(result);
      Value joined = m.joined(ValueRange{m.asRow(init), value}, 0);
      value = onnx::GatherOp::create(m.b, m.loc, init.getType(), joined,
                                     m.viewed(m.integers({-1}), {}), /*axis=*/0);
    }
    scan.getResult(result).replaceAllUsesWith(value);
  }
  noteFinding(map, {.kind = "map",
                    .summary = "a loop of " + length.str() + " independent iterations",
                    .proof = "no iteration reads what another one computes",
                    .form = ""});
  scan.erase();
}

std::string MapExtractor::run() {
  findLiveStates();
  std::string reason = whyNot();
  if (reason.empty())
    replace();
  return reason;
}

struct ExtractMaps : impl::ExtractMapsPassBase<ExtractMaps> {
  void runOnOperation() override {
    SmallVector<onnx::ScanOp> scans; // inner ones first
    getOperation().walk([&](onnx::ScanOp scan) { scans.push_back(scan); });
    for (onnx::ScanOp scan : scans) {
      bool hasStates = scan.getNumOperands() > scan.getNumScanInputs();
      std::string reason = MapExtractor(scan).run();
      if (reason.empty())
        ++numMaps;
      else if (!hasStates) // of a state, others say more
        recordSequential(scan, "the loop stays sequential: " + reason);
    }
  }
};

} // namespace
} // namespace heddle
