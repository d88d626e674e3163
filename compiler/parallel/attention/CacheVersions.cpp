// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/attention/CacheVersions.h"

#include "compiler/parallel/Constructs.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
namespace {

/// Where a value that a loop carries stands: operands, arguments, results and what its body yields
/// have it at these places, the operand at `operand + i` and so on.
struct CarriedPlaces {
  unsigned count = 0, operand = 0, argument = 0, yielded = 0;
};

std::optional<CarriedPlaces> carriedPlaces(Operation *op) {
  if (auto loop = dyn_cast_or_null<onnx::LoopOp>(op)) {
    unsigned count = loop.getVInitial().size();
    return CarriedPlaces{count, op->getNumOperands() - count, 2, 1};
  }
  if (auto scan = dyn_cast_or_null<onnx::ScanOp>(op))
    return CarriedPlaces{unsigned(op->getNumOperands() - scan.getNumScanInputs()), 0, 0, 0};
  return std::nullopt;
}

std::optional<unsigned> offset(unsigned number, unsigned first, unsigned count) {
  return number >= first && number - first < count ? std::optional(number - first) : std::nullopt;
}

bool isAttendedOver(OpOperand &use) {
  return isa<AttentionOp>(use.getOwner()) &&
         (use.getOperandNumber() == 1 || use.getOperandNumber() == 2);
}

Operation *terminatorOf(Region &region) { return region.front().getTerminator(); }

} // namespace

bool CacheVersions::addAppend(OpOperand &use) {
  auto concat = dyn_cast<onnx::ConcatOp>(use.getOwner());
  if (!concat || use.getOperandNumber() != 0 || concat->getNumOperands() < 2 ||
      llvm::is_contained(concat->getOperands().drop_front(), use.get()))
    return false;
  int64_t rank = dimsOf(use.get()).size(), axis = concat.getAxis();
  axis = axis < 0 ? axis + rank : axis;
  if (appends.empty())
    time = axis;
  if (axis != time)
    return false;
  appends.push_back(concat);
  add(concat.getResult());
  return true;
}

void CacheVersions::addUse(OpOperand &use) {
  Operation *op = use.getOwner();
  unsigned number = use.getOperandNumber();
  if (isa<func::ReturnOp>(op)) {
    returns.push_back(&use);
    return;
  }
  if (isAttendedOver(use)) {
    reads.push_back(&use);
    return;
  }
  if (addAppend(use))
    return;
  bool isTerminator = op->hasTrait<OpTrait::IsTerminator>();
  Operation *control = isTerminator ? op->getParentOp() : op;
  auto addLoop = [&](const CarriedPlaces &places, unsigned i) {
    add(control->getRegion(0).getArgument(places.argument + i));
    add(control->getResult(i));
    ways.push_back(&control->getOpOperand(places.operand + i));
    ways.push_back(&terminatorOf(control->getRegion(0))->getOpOperand(places.yielded + i));
  };
  if (auto places = carriedPlaces(control))
    if (auto i = offset(number, isTerminator ? places->yielded : places->operand, places->count)) {
      addLoop(*places, *i);
      return;
    }
  if (auto branch = dyn_cast_or_null<onnx::IfOp>(control); branch && isTerminator) {
    add(branch->getResult(number));
    for (Region &region : branch->getRegions())
      ways.push_back(&terminatorOf(region)->getOpOperand(number));
    return;
  }
  others.push_back(&use);
}

bool CacheVersions::find() {
  auto type = dyn_cast<RankedTensorType>(first.getType());
  Type element = type ? type.getElementType() : Type();
  if (!type || type.getRank() == 0 || !element.isIntOrFloat() ||
      (element.getIntOrFloatBitWidth() < 8 && !element.isInteger(1)))
    return false;
  // A loop's argument brings the loop's result and the other ways to it.
  bool isCarried = false;
  add(first);
  Operation *loop = first.getOwner()->getParentOp();
  if (auto places = carriedPlaces(loop)) {
    auto i = offset(first.getArgNumber(), places->argument, places->count);
    if (!i)
      return false;
    add(loop->getResult(*i));
    ways.push_back(&loop->getOpOperand(places->operand + *i));
    ways.push_back(&terminatorOf(loop->getRegion(0))->getOpOperand(places->yielded + *i));
    isCarried = true;
  } else if (!isa<func::FuncOp>(loop)) {
    return false;
  }
  for (unsigned i = 0; i < all.size(); ++i)
    for (OpOperand &use : all[i].getUses())
      addUse(use);
  llvm::SmallPtrSet<OpOperand *, 8> seen;
  bool returnsItself = true;
  for (OpOperand *way : ways) {
    if (!seen.insert(way).second || all.contains(way->get()))
      continue;
    entries.push_back(way);
    // What a loop carries on must come from what it carried.
    Operation *op = way->getOwner();
    returnsItself &= !op->hasTrait<OpTrait::IsTerminator>() || isa<onnx::IfOp>(op->getParentOp());
  }
  if (appends.empty() || !returnsItself || (!isCarried && returns.empty()))
    return false;
  order = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  auto hasSeveral = [](const DimExpr &dim) { return !dim.isConstant(1); };
  if (llvm::any_of(all, [&](Value version) {
        return llvm::any_of(ArrayRef(dimsOf(version)).take_front(time), hasSeveral);
      })) {
    order.erase(order.begin() + time);
    order.insert(order.begin(), time);
  }
  return true;
}

std::string CacheVersions::whyFixed() const {
  if (isFlat())
    return "";
  for (OpOperand *read : reads) {
    auto attention = cast<AttentionOp>(read->getOwner());
    // The elements of an entry stay neighbours.
    if (attention.axesOf(read->getOperandNumber()).back() != order.back())
      return describeNode(attention) + " reads entries whose elements are not neighbours";
  }
  Operation *outermost = first.getOwner()->getParentOp();
  for (OpOperand *other : others) {
    // Behind the loop, what it made is put back in order, once.
    if (carriedPlaces(outermost) && other->getOwner()->getBlock() == outermost->getBlock())
      continue;
    return describeNode(other->getOwner()) + " reads it, which is not attention";
  }
  return "";
}

} // namespace heddle
