// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups source operations into clusters that one kernel computes.
//
// Every compiled operation starts as a group of its own. A group is merged into the group that uses
// it where that group is its only user: contracting such an edge cannot make a cycle, and the merged
// group has the results of the user. What may be merged with what follows from the access patterns;
// the comments at `canMerge` say which and why.

#include "compiler/Passes.h"
#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/OutlineCluster.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/kernels/Runs.h"
#include "compiler/kernels/StructuredLowering.h"
#include "compiler/parallel/ComputedInput.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetOperations.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FORMCLUSTERSPASS
#include "compiler/Passes.h.inc"

namespace {

/// More than this and registers spill, and compile time grows.
constexpr size_t kLargestCluster = 48;

/// Leading dimensions of a Row operation that are its rows.
unsigned rowDims(Operation *op) {
  Dims in = dimsOf(op->getOperand(0)), out = dimsOf(op->getResult(0));
  if (out.size() < in.size())
    return out.size();
  for (unsigned k = 0; k < in.size(); ++k)
    if (in[k] != out[k])
      return k;
  int64_t axis = -1;
  if (auto attribute = op->getAttrOfType<IntegerAttr>("axis"))
    axis = attribute.getInt();
  return axis < 0 ? in.size() + axis : axis;
}

/// Operations that move elements and keep the order of those along the last axis, so that reading
/// through one is reading somewhere else.
bool movesRows(Operation *op) {
  if (auto slice = dyn_cast<onnx::SliceOp>(op)) {
    auto steps = constantIntegers(slice.getSteps());
    return !slice.getSteps() ||
           (steps && llvm::all_of(*steps, [](int64_t step) { return step == 1; }));
  }
  auto transpose = dyn_cast<onnx::TransposeOp>(op);
  return transpose && transpose.getPerm() && !transpose.getPerm()->empty() &&
         transpose.getPerm()->back() == static_cast<int64_t>(transpose.getPerm()->size()) - 1;
}

/// Whether each element of the operands is read for one element of the result at most. Parts of a
/// concatenation that can be made in place stay apart.
bool readsOnce(Operation *op) {
  auto concat = dyn_cast<onnx::ConcatOp>(op);
  return concat ? !joinsRuns(concat) : movesRows(op);
}

/// Whether sizes are the same unless running finds one of them to be 1: where they differ, both follow
/// from the same symbols, as the sizes of an image do that was halved in one place and doubled in another.
bool meantToBeEqual(const Dims &value, const Dims &result) {
  auto symbolsOf = [](const DimExpr &dim) {
    llvm::SmallSetVector<StringRef, 4> symbols;
    dim.walkSymbols([&](StringRef name) { symbols.insert(name); });
    return symbols;
  };
  return value.size() == result.size() && llvm::all_of(llvm::zip(value, result), [&](auto pair) {
           auto [mine, whole] = pair;
           if (mine == whole)
             return true;
           auto own = symbolsOf(mine);
           return !own.empty() && llvm::set_is_subset(symbolsOf(whole), own);
         });
}

struct Group {
  SmallVector<Operation *> members; // in block order
  bool contraction = false, reduction = false, irregular = false, expensive = false;
  bool constant = false;        // depends on constants only: runs while compiling
  std::optional<unsigned> rows; // leading dimensions of its rows, where it has row operations
  Dims rowSpace;                // their sizes
};

class ClusterBuilder {
public:
  explicit ClusterBuilder(Block &block) : block(block) {}

  void run() {
    for (Operation &op : block)
      classify(op);
    bool changed = true;
    while (changed) {
      changed = false;
      for (Operation &op : block)
        if (groupOf.contains(&op))
          changed |= mergeProducers(op);
    }
    llvm::SetVector<Group *> distinct;
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto found = groupOf.find(&op); found != groupOf.end())
        distinct.insert(found->second);
    for (Group *group : distinct)
      outlineCluster(group->members);
  }

private:
  void classify(Operation &op);
  bool mergeProducers(Operation &op);
  bool isOnlyUser(Group &user, Group &producer);
  bool canMerge(Group &producer, Value value, Group &user);

  Block &block;
  DenseMap<Operation *, Group *> groupOf;
  std::vector<std::unique_ptr<Group>> groups;
  llvm::DenseSet<Operation *> constantOps;
};

void ClusterBuilder::classify(Operation &op) {
  OperationKind kind = operationKind(&op);
  bool constant = op.getNumRegions() == 0 && isMemoryEffectFree(&op) &&
                  llvm::all_of(op.getOperands(), [&](Value operand) {
                    Operation *producer = operand.getDefiningOp();
                    return producer && constantOps.contains(producer);
                  });
  if (constant && !isa<IndexTensorOp>(op))
    constantOps.insert(&op);
  if (kind != OperationKind::Loops && kind != OperationKind::Contraction)
    return;
  auto group = std::make_unique<Group>();
  group->members.push_back(&op);
  group->constant = constant;
  if (kind == OperationKind::Contraction) {
    group->contraction = true;
  } else {
    switch (*accessPattern(&op)) {
    case AccessPattern::Elementwise:
      break;
    case AccessPattern::Irregular:
      group->irregular = true;
      break;
    case AccessPattern::Row:
      group->rows = rowDims(&op);
      group->rowSpace = dimsOf(op.getOperand(0));
      break;
    case AccessPattern::Reduction:
      group->reduction = true;
      break;
    }
  }
  group->expensive = takesLong(&op);
  groupOf[&op] = group.get();
  groups.push_back(std::move(group));
}

bool ClusterBuilder::isOnlyUser(Group &user, Group &producer) {
  for (Operation *member : producer.members)
    for (Operation *reader : member->getUsers()) {
      auto found = groupOf.find(reader);
      Group *group = found == groupOf.end() ? nullptr : found->second;
      if (group != &user && group != &producer)
        return false;
    }
  return true;
}

bool ClusterBuilder::canMerge(Group &producer, Value value, Group &user) {
  if (producer.constant != user.constant ||
      producer.members.size() + user.members.size() > kLargestCluster)
    return false;
  Operation *root = user.members.back();
  // The root of a cluster has one result: a grid has one shape.
  if (root->getNumResults() != 1 || producer.members.back()->getNumResults() != 1)
    return false;
  // What a convolution makes may be pooled where it is.
  if (producer.contraction && user.contraction) {
    auto isConvolution = [](Operation *op) { return isa<onnx::ConvOp>(op); };
    auto *convolution = llvm::find_if(producer.members, isConvolution);
    return convolution != producer.members.end() &&
           groupOf.lookup((*convolution)->getOperand(0).getDefiningOp()) != &producer &&
           llvm::count_if(producer.members, isEmittedContraction) == 1 &&
           isPooledConvolution(*convolution, user.members.front()) &&
           user.members.front()->getOperand(0) == value &&
           producer.members.back()->getResult(0) == value;
  }
  // Parts are put together for nothing where a convolution then computes its input of all.
  if (auto concat = dyn_cast<onnx::ConcatOp>(producer.members.back());
      concat && joinsRuns(concat) && becomesInput(value))
    return false;
  Dims dims = dimsOf(value), rootDims = dimsOf(root->getResult(0));
  bool readElementwise = true, readOnce = true;
  for (Operation *reader : value.getUsers())
    if (groupOf.lookup(reader) == &user) {
      bool elementwise = accessPattern(reader) == AccessPattern::Elementwise ||
                         accessPattern(reader) == AccessPattern::Row;
      readElementwise &= elementwise;
      readOnce &= elementwise || readsOnce(reader);
    }
  // Rows that are put elsewhere are computed, or read, where they are put.
  if (!readElementwise && readOnce && !user.rows && !user.reduction && !user.contraction)
    return llvm::all_of(producer.members, [](Operation *member) {
      return movesRows(member) || accessPattern(member) == AccessPattern::Elementwise;
    });
  bool elementwise =
      !producer.contraction && !producer.reduction && !producer.irregular && !producer.rows;
  if (elementwise && !producer.expensive && computesInput(user.members, producer.members, value))
    return true;
  // Elements read at computed places or in windows would be computed many times over.
  if (!readElementwise)
    return false;
  // What a pooling or a reduction over leading axes makes is stored: its loops are unlike others.
  if (producer.reduction || user.reduction)
    return false;
  // Elementwise work on a contraction's result happens in its registers.
  if (producer.contraction)
    return !user.contraction && !user.rows && !user.irregular && dims == rootDims;
  // A contraction's epilogue computes its other operands where they cost nothing to recompute: at
  // the same places, or a few operations on one number.
  if (user.contraction)
    return !producer.rows && !producer.irregular && !producer.expensive &&
           (dims == rootDims ||
            (countElements(dims).isConstant(1) && producer.members.size() <= 4));
  if (producer.rows || user.rows) {
    unsigned rows = producer.rows ? *producer.rows : *user.rows;
    const Dims &space = producer.rows ? producer.rowSpace : user.rowSpace;
    if (producer.irregular || user.irregular)
      return false;
    if (producer.rows && user.rows &&
        (*producer.rows != *user.rows || producer.rowSpace != user.rowSpace))
      return false;
    // The same rows: the result has the row space, reduced or not, and so has the value between.
    auto sameRows = [&](const Dims &other) {
      return other.size() >= rows &&
             ArrayRef(other).take_front(rows) == ArrayRef(space).take_front(rows);
    };
    if (!sameRows(rootDims) || !sameRows(dims))
      return false;
    // A row operation reads its operand once for each of its passes.
    return producer.rows || !producer.expensive || dims != space || user.members.size() > 1;
  }
  if (meantToBeEqual(dims, rootDims))
    return true;
  // Broadcast: cheap enough to be computed again for each element.
  return !producer.expensive && !producer.irregular && producer.members.size() <= 4;
}

bool ClusterBuilder::mergeProducers(Operation &op) {
  Group &user = *groupOf[&op];
  for (Value operand : op.getOperands()) {
    Operation *defining = operand.getDefiningOp();
    auto found = defining ? groupOf.find(defining) : groupOf.end();
    if (found == groupOf.end() || found->second == &user)
      continue;
    Group &producer = *found->second;
    if (!isOnlyUser(user, producer) || !canMerge(producer, operand, user))
      continue;
    for (Operation *member : producer.members)
      groupOf[member] = &user;
    user.members.append(producer.members.begin(), producer.members.end());
    llvm::sort(user.members, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    user.contraction |= producer.contraction;
    user.irregular |= producer.irregular;
    user.expensive |= producer.expensive;
    if (producer.rows) {
      user.rows = producer.rows;
      user.rowSpace = producer.rowSpace;
    }
    producer.members.clear();
    return true;
  }
  return false;
}

struct FormClusters : impl::FormClustersPassBase<FormClusters> {
  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) {
      // What a step of a recurrence or an attention does to its scores is a kernel's as it is.
      if (!isa<AttentionOp, ChunkTotalsOp, ChunkScanOp>(block->getParentOp()))
        blocks.push_back(block);
    });
    for (Block *block : blocks)
      ClusterBuilder(*block).run();
  }
};

} // namespace
} // namespace heddle
