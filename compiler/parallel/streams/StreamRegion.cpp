// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/streams/StreamRegion.h"

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/streams/Chunks.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace heddle {
namespace {

/// Elements of a stream's own input beyond which stacking copies costs more than an operation.
constexpr double kMostCopied = 65536;
/// Rounds in which a region gives up what is not independent.
constexpr int kMostRounds = 16;

double elementsOf(Value value) { return estimateSize(countElements(dimsOf(value))); }

} // namespace

bool isSameForm(Operation *a, Operation *b) {
  return a->getOperandTypes() == b->getOperandTypes() &&
         OperationEquivalence::isEquivalentTo(a, b, OperationEquivalence::ignoreValueEquivalence,
                                              nullptr, OperationEquivalence::IgnoreLocations);
}

void StreamRegion::add(const Bundle &bundle) {
  for (auto [stream, op] : llvm::enumerate(bundle))
    place[op] = {unsigned(bundles.size()), unsigned(stream)};
  bundles.push_back(bundle);
}

bool StreamRegion::mayAdd(const Bundle &bundle) const {
  Operation *first = bundle.front();
  llvm::SmallPtrSet<Operation *, 8> distinct;
  for (Operation *op : bundle)
    if (op->getBlock() != &block || !isSameForm(op, first) || !distinct.insert(op).second)
      return false;
  if (first->getNumRegions() != 0 || isa<onnx::ConstantOp, IndexTensorOp>(first) ||
      !isMemoryEffectFree(first) ||
      !llvm::all_of(first->getResultTypes(), llvm::IsaPred<RankedTensorType>))
    return false;
  SmallVector<bool> stacked;
  double shared = 0, copied = 0;
  for (unsigned i = 0; i < first->getNumOperands(); ++i) {
    SmallVector<Value> values = operandsOf(bundle, i);
    stacked.push_back(!isShared(values));
    if (!isa<RankedTensorType>(values.front().getType()))
      return false;
    Operation *producer = values.front().getDefiningOp();
    if (!stacked.back())
      shared = std::max(shared, elementsOf(values.front()));
    else if (!(producer && isInside(producer)) && !findStacked(values))
      copied = std::max(copied, elementsOf(values.front()));
  }
  if (copied > kMostCopied && copied > shared)
    return false;
  return llvm::is_contained(stacked, true) && Batching::hasForm(*first, stacked);
}

void StreamRegion::addProducers(const Bundle &bundle) {
  for (unsigned i = 0; i < bundle.front()->getNumOperands(); ++i) {
    SmallVector<Value> values = operandsOf(bundle, i);
    auto first = dyn_cast<OpResult>(values.front());
    if (isShared(values) || !first || isInside(first.getOwner()) || findStacked(values))
      continue;
    Bundle producers;
    for (Value value : values)
      if (auto result = dyn_cast<OpResult>(value);
          result && result.getResultNumber() == first.getResultNumber() &&
          !isInside(result.getOwner()))
        producers.push_back(result.getOwner());
    if (producers.size() == count && mayAdd(producers))
      add(producers);
  }
}

/// Users of the values that have the same form and, if asked for, take the same values beside; those
/// of each stream in the order of the block.
void StreamRegion::addUsersOf(ArrayRef<Value> values, bool sameShared) {
  struct Users {
    Operation *form;
    unsigned operand;
    std::vector<SmallVector<Operation *>> ofStream;
  };
  SmallVector<Users> groups;
  auto isOfGroup = [&](const Users &group, Operation *op, unsigned operand) {
    if (group.operand != operand || !isSameForm(group.form, op))
      return false;
    for (unsigned i = 0; sameShared && i < op->getNumOperands(); ++i) {
      Value a = group.form->getOperand(i), b = op->getOperand(i);
      if (i != operand && a != b && !(a.getDefiningOp() && isInside(a.getDefiningOp())))
        return false;
    }
    return true;
  };
  for (auto [stream, value] : llvm::enumerate(values)) {
    SmallVector<OpOperand *> uses =
        llvm::map_to_vector(value.getUses(), [](OpOperand &use) { return &use; });
    for (OpOperand *use : llvm::reverse(uses)) { // lists of uses are the latest first
      Operation *user = use->getOwner();
      if (user->getBlock() != &block || isInside(user) || user->hasTrait<OpTrait::IsTerminator>())
        continue;
      auto group = llvm::find_if(groups, [&](const Users &known) {
        return isOfGroup(known, user, use->getOperandNumber());
      });
      if (group == groups.end()) {
        if (stream != 0)
          continue;
        groups.push_back({user, use->getOperandNumber(), {}});
        groups.back().ofStream.resize(count);
        group = &groups.back();
      }
      group->ofStream[stream].push_back(user);
    }
  }
  for (Users &group : groups)
    for (SmallVector<Operation *> &users : group.ofStream)
      llvm::sort(users, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Users &group : groups)
    for (size_t i = 0; i < group.ofStream.front().size(); ++i) {
      Bundle users;
      for (const SmallVector<Operation *> &ofStream : group.ofStream)
        if (ofStream.size() == group.ofStream.front().size() && !isInside(ofStream[i]))
          users.push_back(ofStream[i]);
      if (users.size() == count && mayAdd(users))
        add(users);
    }
}

void StreamRegion::addUsers(const Bundle &bundle) {
  for (unsigned i = 0; i < bundle.front()->getNumResults(); ++i) {
    SmallVector<Value> values = resultsOf(bundle, i);
    addUsersOf(values, /*sameShared=*/true);
    addUsersOf(values, /*sameShared=*/false);
  }
}

/// Whether one of the values that an operation uses, in its regions too, is made by such a one.
static bool usesAny(Operation *op, function_ref<bool(Operation *)> isSuch) {
  return op
      ->walk([&](Operation *inner) {
        return llvm::any_of(inner->getOperands(),
                            [&](Value operand) {
                              return operand.getDefiningOp() && isSuch(operand.getDefiningOp());
                            })
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

bool StreamRegion::dependsOn(Operation *op, const DenseSet<Operation *> &others) const {
  return usesAny(op, [&](Operation *producer) { return others.contains(producer); });
}

bool StreamRegion::readsRegion(Operation *op) const {
  return usesAny(op, [&](Operation *producer) { return isInside(producer); });
}

/// Whether a stream's operation takes nothing that another stream computes, nor what depends on any
/// by way of operations outside; and what its bundle computes, it takes for each stream.
bool StreamRegion::isIndependent(Operation *op, const DenseSet<Operation *> &outside) const {
  Place own = place.lookup(op);
  for (OpOperand &operand : op->getOpOperands()) {
    Operation *producer = operand.get().getDefiningOp();
    if (!producer)
      continue;
    if (outside.contains(producer))
      return false;
    auto found = place.find(producer);
    if (found == place.end())
      continue;
    unsigned result = cast<OpResult>(operand.get()).getResultNumber();
    SmallVector<Value> all = resultsOf(bundles[found->second.bundle], result);
    if (found->second.stream != own.stream ||
        operandsOf(bundles[own.bundle], operand.getOperandNumber()) != all)
      return false;
  }
  return true;
}

/// Gives up the bundles that are not independent. Others may then depend on them, so again until
/// none is left.
bool StreamRegion::prune() {
  for (int round = 0; round < kMostRounds && !place.empty(); ++round) {
    DenseSet<Operation *> outside; // what is not in the region and depends on it
    llvm::SmallDenseSet<unsigned> bad;
    for (Operation &op : block) {
      if (isInside(&op)) {
        if (!isIndependent(&op, outside))
          bad.insert(place.lookup(&op).bundle);
      } else if (readsRegion(&op) || dependsOn(&op, outside)) {
        outside.insert(&op);
      }
    }
    if (bad.empty())
      return true;
    for (unsigned bundle : bad)
      for (Operation *op : bundles[bundle])
        place.erase(op);
  }
  return false;
}

bool StreamRegion::grow() {
  if (!mayAdd(seed))
    return false;
  add(seed);
  for (size_t i = 0; i < bundles.size(); ++i) {
    addProducers(Bundle(bundles[i]));
    addUsers(Bundle(bundles[i]));
  }
  return prune() && isInside(seed.front());
}

} // namespace heddle
