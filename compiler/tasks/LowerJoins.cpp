// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Concatenations whose parts are contiguous in the result move nothing: their parts are made there.
// Each begins where the one before it ends, whatever the sizes are, which is how VerifyMemoryOrder
// knows that no part overlaps another.

#include "compiler/kernels/Runs.h"
#include "compiler/program/TaskOrder.h"
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
  int64_t axis = axisOf(concat);
  bool runs = joinsRuns(concat);
  // That sizes agree which are not known to is checked by the kernel that moves the parts.
  for (Value part : concat.getInputs()) {
    Dims own = dimsOf(part);
    own[axis] = dims[axis];
    runs &= own == dims;
  }
  return runs ? concat : onnx::ConcatOp();
}

/// The value itself, which a task writes, where it may be written into a join.
Value TaskLowering::partOfJoin(Value value, Block *graph) const {
  for (auto view = value.getDefiningOp<task::ViewOp>(); view && view.isWhole();
       view = value.getDefiningOp<task::ViewOp>())
    value = view.getSource();
  Operation *maker = value.getDefiningOp();
  bool sized = true;
  auto inputs = inputSymbolsOf(*graph);
  for (const DimExpr &dim : dimsOf(value))
    dim.walkSymbols([&](StringRef symbol) { sized &= inputs.contains(symbol); });
  bool free =
      isa_and_nonnull<task::LaunchOp, task::JoinOp>(maker) && maker->getBlock() == graph &&
      !constantValues.contains(value) && sized &&
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
