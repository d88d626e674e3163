// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Concatenations whose parts are contiguous in the result move nothing: their parts are made there.
// Sizes are known, so that it can be checked that no part overlaps another.

#include "compiler/tasks/TaskLowering.h"
#include "dialects/heddle/TensorDims.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace heddle {

/// The concatenation that is all of the cluster, if each of its operands is a run of the result.
static onnx::ConcatOp contiguousConcat(ClusterOp cluster) {
  Block &body = cluster.getBody().front();
  auto concat = dyn_cast<onnx::ConcatOp>(body.front());
  if (!concat || body.getOperations().size() != 2)
    return {};
  auto type = cast<RankedTensorType>(concat.getResult().getType());
  unsigned bits = type.getElementTypeBitWidth();
  if (bits % 8 != 0 && bits != 1) // booleans are bytes, integers of 4 bits share them
    return {};
  Dims dims = getDims(type);
  int64_t axis = concat.getAxis();
  axis += axis < 0 ? static_cast<int64_t>(dims.size()) : 0;
  bool runs = llvm::all_of(ArrayRef(dims).take_front(axis),
                           [](const DimExpr &dim) { return dim.isConstant(1); });
  return runs ? concat : onnx::ConcatOp();
}

/// The value itself, which a task writes, where it may be written into a join.
Value TaskLowering::partOfJoin(Value value, Block *graph) const {
  while (auto view = value.getDefiningOp<task::ViewOp>())
    value = view.getSource();
  Operation *maker = value.getDefiningOp();
  bool free =
      isa_and_nonnull<task::LaunchOp, task::JoinOp>(maker) && maker->getBlock() == graph &&
      !constantValues.contains(value) && cast<RankedTensorType>(value.getType()).hasStaticShape() &&
      llvm::none_of(value.getUsers(), [](Operation *user) { return isa<task::JoinOp>(user); });
  return free ? value : Value();
}

bool TaskLowering::lowerAsJoin(ClusterOp cluster, Sequence &sequence) {
  onnx::ConcatOp concat = contiguousConcat(cluster);
  if (!concat)
    return false;
  SmallVector<Value> parts;
  llvm::SmallPtrSet<Value, 8> distinct;
  for (Value operand : concat.getInputs()) {
    auto argument = dyn_cast<BlockArgument>(operand);
    Value part = argument ? partOfJoin(mapped(cluster.getInputs()[argument.getArgNumber()]),
                                       sequence.builder.getInsertionBlock())
                          : Value();
    if (!part || !distinct.insert(part).second)
      return false;
    parts.push_back(part);
  }
  auto join = task::JoinOp::create(sequence.builder, cluster.getLoc(),
                                   cluster.getResult(0).getType(), parts);
  mapping.map(cluster.getResult(0), join.getResult());
  return true;
}

} // namespace heddle
