// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Key and value caches: inputs that the model only appends to. docs/caches.md says why they are stored
// with time as axis 0.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/source/Arithmetic.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FORMCACHESPASS
#include "compiler/Passes.h.inc"

namespace {

class Cache {
public:
  explicit Cache(BlockArgument past) : past(past) {}

  bool match();
  void rewrite();

private:
  RankedTensorType reordered(Value value) {
    Dims dims = dimsOf(value), order;
    for (int64_t axis : perm)
      order.push_back(dims[axis]);
    return tensorWithDims(order, elementOf(value));
  }

  BlockArgument past;
  onnx::ConcatOp concat;
  OpOperand *returned = nullptr;
  SmallVector<int64_t> perm; // time first, the others in order
};

bool isAttendedOver(OpOperand &use) {
  return isa<AttentionOp>(use.getOwner()) &&
         (use.getOperandNumber() == 1 || use.getOperandNumber() == 2);
}

bool Cache::match() {
  if (!isa<RankedTensorType>(past.getType()) || !past.hasOneUse())
    return false;
  concat = dyn_cast<onnx::ConcatOp>(*past.getUsers().begin());
  if (!concat || concat->getNumOperands() != 2 || concat->getOperand(0) != past ||
      concat->getBlock() != past.getOwner())
    return false;
  for (OpOperand &use : concat->getUses()) {
    if (isa<func::ReturnOp>(use.getOwner()) && !returned)
      returned = &use;
    else if (!isAttendedOver(use))
      return false;
  }
  if (!returned)
    return false;
  int64_t rank = dimsOf(past).size(), time = concat.getAxis();
  time = time < 0 ? time + rank : time;
  perm = {time};
  for (int64_t axis = 0; axis < rank; ++axis)
    if (axis != time)
      perm.push_back(axis);
  // The elements of an entry stay neighbours.
  for (OpOperand &use : concat->getUses())
    if (auto attention = dyn_cast<AttentionOp>(use.getOwner()))
      if (attention.axesOf(use.getOperandNumber()).back() != perm.back())
        return false;
  return true;
}

void Cache::rewrite() {
  OpBuilder b(concat);
  Location loc = concat.getLoc();
  Value entries = concat->getOperand(1);
  auto type = reordered(concat.getResult());
  entries = Arithmetic(b, loc).transposed(entries, perm);
  past.setType(reordered(past));
  Value appended = AppendOp::create(b, loc, type, past, entries);
  auto function = cast<func::FuncOp>(past.getOwner()->getParentOp());
  SmallVector<Type> results(function.getResultTypes());
  results[returned->getOperandNumber()] = type;
  function.setType(b.getFunctionType(past.getOwner()->getArgumentTypes(), results));
  SmallVector<int64_t> places(perm.size());
  for (auto [place, axis] : llvm::enumerate(perm))
    places[axis] = place;
  for (OpOperand &use : llvm::make_early_inc_range(concat->getUses())) {
    if (auto attention = dyn_cast<AttentionOp>(use.getOwner())) {
      SmallVector<int64_t> axes;
      for (int64_t axis : attention.axesOf(use.getOperandNumber()))
        axes.push_back(places[axis]);
      auto attribute = b.getDenseI64ArrayAttr(axes);
      if (use.getOperandNumber() == 1)
        attention.setKeyAxesAttr(attribute);
      else
        attention.setValueAxesAttr(attribute);
    }
    use.set(appended);
  }
  recordConstruct(appended.getDefiningOp(),
                  {.kind = "cache",
                   .summary = "a cache of " + getDims(type).front().str() +
                              " entries that grows in place",
                   .proof = "the input is only appended to; the result is only attended over and "
                            "returned",
                   .equivalence = Equivalence::Exact,
                   .form = "time first",
                   .work = countElements(dimsOf(entries)),
                   .span = 1});
  concat.erase();
}

struct FormCaches : impl::FormCachesPassBase<FormCaches> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    for (BlockArgument argument : getOperation().getArguments()) {
      Cache cache(argument);
      if (cache.match()) {
        cache.rewrite();
        ++numCaches;
      }
    }
  }
};

} // namespace
} // namespace heddle
