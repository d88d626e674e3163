// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the same sub-graph on the same weights, several times: prefixed copies of a model, contexts,
// frames. Where several contractions read one weight for operands that differ, they are a bundle to
// start from; equal operations around them are taken in (see streams/StreamRegion.h), and the region
// becomes one operation for all streams.
//
// Of contractions on one weight, those that depend on each other (layers that share weights, time
// steps) are no streams: those behind equally many others are independent.

#include "compiler/Passes.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/parallel/streams/StreamRegion.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXTRACTSTREAMSPASS
#include "compiler/Passes.h.inc"

namespace {

class StreamExtractor {
public:
  explicit StreamExtractor(Block &block) : block(block) {}

  unsigned run();

private:
  std::vector<Bundle> findSeeds();
  std::vector<Bundle> independent(const Bundle &group);

  Block &block;
};

/// The groups of those that are behind equally many of the others, with two or more members.
std::vector<Bundle> StreamExtractor::independent(const Bundle &group) {
  DenseSet<Operation *> members(group.begin(), group.end());
  DenseMap<Operation *, unsigned> behind;
  std::vector<Bundle> levels;
  for (Operation &op :
       llvm::make_range(group.front()->getIterator(), std::next(group.back()->getIterator()))) {
    unsigned most = 0;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          if (Operation *outer = block.findAncestorOpInBlock(*producer))
            most = std::max(most, behind.lookup(outer));
    });
    if (members.contains(&op)) {
      levels.resize(std::max<size_t>(levels.size(), most + 1));
      levels[most++].push_back(&op);
    }
    if (most > 0)
      behind[&op] = most;
  }
  llvm::erase_if(levels, [](const Bundle &level) { return level.size() < 2; });
  return levels;
}

/// Contractions of one form that read one value at one operand, and others beside.
std::vector<Bundle> StreamExtractor::findSeeds() {
  llvm::MapVector<std::pair<Value, unsigned>, std::vector<Bundle>> readers;
  DenseSet<Operation *> constant;
  auto isConstant = [&](Value value) { return constant.contains(value.getDefiningOp()); };
  for (Operation &op : block) {
    if (isa<onnx::ConstantOp>(op) ||
        (op.getNumOperands() > 0 && op.getNumRegions() == 0 && isMemoryEffectFree(&op) &&
         llvm::all_of(op.getOperands(), isConstant))) {
      constant.insert(&op);
      continue;
    }
    if (op.getNumOperands() < 2 || operationKind(&op) != OperationKind::Contraction)
      continue;
    for (unsigned weight : {0, 1}) {
      // One input and several weights are branches of a model, and no streams.
      if (isConstant(op.getOperand(1 - weight)))
        continue;
      std::vector<Bundle> &forms = readers[{op.getOperand(weight), weight}];
      auto form =
          llvm::find_if(forms, [&](const Bundle &group) { return isSameForm(group.front(), &op); });
      if (form == forms.end())
        form = forms.insert(forms.end(), Bundle());
      if (llvm::none_of(*form, [&](Operation *other) {
            return other->getOperand(1 - weight) == op.getOperand(1 - weight);
          }))
        form->push_back(&op);
    }
  }
  std::vector<Bundle> seeds;
  for (auto &[value, forms] : readers)
    for (const Bundle &form : forms)
      if (form.size() > 1)
        llvm::append_range(seeds, independent(form));
  return seeds;
}

unsigned StreamExtractor::run() {
  unsigned found = 0;
  DenseSet<Operation *> taken; // into streams: what a seed of them points at is gone
  std::vector<Bundle> seeds = findSeeds();
  for (const Bundle &seed : seeds) {
    if (llvm::any_of(seed, [&](Operation *op) { return taken.contains(op); }))
      continue;
    StreamRegion region(block, seed);
    if (!region.grow())
      continue;
    SmallVector<Operation *> members = region.operations();
    if (region.extract()) {
      taken.insert(members.begin(), members.end());
      ++found;
    }
  }
  return found;
}

struct ExtractStreams : impl::ExtractStreamsPassBase<ExtractStreams> {
  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation().walk([&](Operation *op) {
      for (Region &region : op->getRegions())
        for (Block &block : region)
          blocks.push_back(&block);
    });
    for (Block *block : blocks)
      numStreams += StreamExtractor(*block).run();
  }
};

} // namespace
} // namespace heddle
