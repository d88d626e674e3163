// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/PointSpace.h"

#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredFunction.h"
#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace heddle {

/// Axes of values are numbered; those that must be the same axis of the space are in one class.
class PointSpaceBuilder {
public:
  explicit PointSpaceBuilder(std::string &reason) : reason(reason) {}

  bool visit(Operation &op);
  bool unify(Value a, Value b);
  FailureOr<PointSpace> build();
  void add(Value value);

private:
  bool refuse(const Twine &why) {
    reason = why.str();
    return false;
  }
  bool isProper(Value value, unsigned axis) { return !dimsOf(value)[axis].isConstant(1); }
  /// Operands are broadcast as ONNX does it: aligned at their last axes.
  bool broadcast(Value operand, Value result);
  bool alignUnits(Value operand, Value result);
  void join(Value a, unsigned axisOfA, Value b, unsigned axisOfB) {
    classes.unionSets(first[a] + axisOfA, first[b] + axisOfB);
  }
  unsigned classOf(Value value, unsigned axis) {
    return classes.getLeaderValue(first[value] + axis);
  }

  llvm::MapVector<Value, unsigned> first; // the number of a value's axis 0
  llvm::EquivalenceClasses<unsigned> classes;
  unsigned count = 0;
  std::string &reason;
};

void PointSpaceBuilder::add(Value value) {
  if (first.contains(value))
    return;
  first[value] = count;
  for (unsigned axis = 0; axis < dimsOf(value).size(); ++axis)
    classes.insert(count++);
}

bool PointSpaceBuilder::broadcast(Value operand, Value result) {
  Dims from = dimsOf(operand), to = dimsOf(result);
  if (from.size() > to.size())
    return false;
  unsigned shift = to.size() - from.size();
  for (unsigned axis = 0; axis < from.size(); ++axis)
    if (from[axis] == to[axis + shift])
      join(operand, axis, result, axis + shift);
    else if (!from[axis].isConstant(1))
      return false;
  return true;
}

bool PointSpaceBuilder::alignUnits(Value operand, Value result) {
  unsigned to = 0;
  for (unsigned axis = 0; axis < dimsOf(operand).size(); ++axis) {
    if (!isProper(operand, axis))
      continue;
    while (!isProper(result, to))
      ++to;
    join(operand, axis, result, to++);
  }
  return true;
}

bool PointSpaceBuilder::visit(Operation &op) {
  if (isa<onnx::ConstantOp, IndexTensorOp>(op))
    return true; // where it is an operand, not a parameter, its user adds it
  bool view = changesUnitAxesOnly(&op);
  std::optional<AccessPattern> pattern = view ? AccessPattern::Elementwise : accessPattern(&op);
  StringRef name = op.getName().stripDialect();
  if (pattern != AccessPattern::Elementwise)
    return refuse(name + " reads other places than its result's");
  for (Value result : op.getResults())
    add(result);
  for (OpOperand &operand : op.getOpOperands()) {
    if (view ? operand.getOperandNumber() > 0 : isParameter(operand))
      continue;
    add(operand.get());
    for (Value result : op.getResults())
      if (view ? !alignUnits(operand.get(), result) : !broadcast(operand.get(), result))
        return refuse("whether an operand of " + name + " is broadcast is not known");
  }
  return true;
}

bool PointSpaceBuilder::unify(Value a, Value b) {
  add(a);
  add(b);
  for (unsigned axis = 0; axis < dimsOf(a).size(); ++axis)
    join(a, axis, b, axis);
  return true;
}

FailureOr<PointSpace> PointSpaceBuilder::build() {
  // The value with most axes has all of them, in their order.
  SmallVector<unsigned> order;
  PointSpace space;
  for (auto [value, number] : first) {
    SmallVector<unsigned> own;
    for (unsigned axis = 0; axis < dimsOf(value).size(); ++axis)
      if (isProper(value, axis))
        own.push_back(classOf(value, axis));
    if (llvm::SmallDenseSet<unsigned>(own.begin(), own.end()).size() != own.size())
      return refuse("an axis meets another one of the same value"), failure();
    if (own.size() > order.size()) {
      order = own;
      space.points = dimsOf(value);
      llvm::erase_if(space.points, [](const DimExpr &dim) { return dim.isConstant(1); });
    }
  }
  space.joined.assign(order.size(), true);
  if (!order.empty())
    space.joined.back() = false;
  for (auto [value, number] : first) {
    SmallVector<int64_t> &axes = space.axes[value];
    for (unsigned axis = 0; axis < dimsOf(value).size(); ++axis) {
      if (!isProper(value, axis)) {
        axes.push_back(-1);
        continue;
      }
      auto found = llvm::find(order, classOf(value, axis));
      if (found == order.end())
        return refuse("its values have no shape in common"), failure();
      axes.push_back(found - order.begin());
    }
    for (unsigned k = 0; k + 1 < order.size(); ++k) {
      auto here = llvm::find(axes, k), next = llvm::find(axes, k + 1);
      bool neither = here == axes.end() && next == axes.end();
      bool both = here != axes.end() && next == here + 1;
      space.joined[k] = space.joined[k] && (neither || both);
    }
  }
  return space;
}

FailureOr<PointSpace> PointSpace::of(Block &block, ArrayRef<std::pair<Value, Value>> same,
                                     std::string &reason) {
  PointSpaceBuilder builder(reason);
  for (Value argument : block.getArguments())
    builder.add(argument);
  for (Operation &op : block.without_terminator())
    if (!builder.visit(op))
      return failure();
  for (auto [a, b] : same)
    builder.unify(a, b);
  return builder.build();
}

} // namespace heddle
