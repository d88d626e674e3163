// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What only passes on elements that lie together is no task: the result is a view of the operand.
// Slice, Split and Gather of one index are, where the axes before the one they cut have size 1.

#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/tasks/TaskLowering.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

namespace {

/// A part of a tensor: for each axis, where it begins and how long it is.
struct Box {
  Dims begin, size;
};

Box wholeOf(Value tensor) {
  Dims dims = dimsOf(tensor);
  return {Dims(dims.size(), 0), dims};
}

int64_t axisOf(int64_t axis, const Box &box) {
  return axis + (axis < 0 ? static_cast<int64_t>(box.size.size()) : 0);
}

std::optional<Box> boxOf(onnx::SliceOp slice) {
  Box box = wholeOf(slice.getData());
  Dims dims = box.size, sizes = dimsOf(slice.getOutput());
  auto starts = knownIntegers(slice.getStarts());
  auto axes = constantIntegers(slice.getAxes()), steps = constantIntegers(slice.getSteps());
  if (!starts || (slice.getAxes() && !axes) || (slice.getSteps() && !steps))
    return std::nullopt;
  for (auto [i, start] : llvm::enumerate(*starts)) {
    int64_t axis = axes ? axisOf((*axes)[i], box) : i, step = steps ? (*steps)[i] : 1;
    if (sizes[axis] == dims[axis] && step > 0)
      continue;
    std::optional<DimExpr> first = firstPlaceOfSlice(start, dims[axis], step);
    if (!first || (step != 1 && !sizes[axis].isConstant(1)))
      return std::nullopt;
    // Of an empty result any place will do, provided that there is one.
    box.begin[axis] = DimExpr::min(*first, dims[axis]);
    box.size[axis] = sizes[axis];
  }
  return box;
}

Box boxOf(onnx::SplitOp split, Value part) {
  Box box = wholeOf(split.getInput());
  int64_t axis = axisOf(split.getAxis(), box);
  DimExpr begin = 0;
  for (Value before : split->getResults()) {
    if (before == part)
      break;
    begin = begin + dimsOf(before)[axis];
  }
  box.begin[axis] = begin;
  box.size[axis] = dimsOf(part)[axis];
  return box;
}

/// `indices` are outside of the cluster, where constants are.
std::optional<Box> boxOf(onnx::GatherOp gather, Value indices) {
  auto numbers = constantIntegers(indices);
  Box box = wholeOf(gather.getData());
  int64_t axis = axisOf(gather.getAxis(), box);
  std::optional<int64_t> size = box.size[axis].asConstant();
  if (!numbers || numbers->size() != 1 || !size)
    return std::nullopt;
  int64_t index = numbers->front() + (numbers->front() < 0 ? *size : 0);
  if (index < 0 || index >= *size)
    return std::nullopt; // for running to find
  box.begin[axis] = index;
  box.size[axis] = 1;
  return box;
}

std::optional<Box> boxOf(Operation *op, Value result, ClusterOp cluster) {
  if (auto slice = dyn_cast<onnx::SliceOp>(op))
    return boxOf(slice);
  if (auto split = dyn_cast<onnx::SplitOp>(op))
    return boxOf(split, result);
  if (auto gather = dyn_cast<onnx::GatherOp>(op)) {
    auto argument = dyn_cast<BlockArgument>(gather.getIndices());
    return boxOf(gather,
                 argument ? cluster.getInputs()[argument.getArgNumber()] : gather.getIndices());
  }
  return std::nullopt;
}

/// How many elements of a tensor come before the part, where the part lies together.
std::optional<DimExpr> elementsBefore(const Box &box, const Dims &dims) {
  DimExpr before = 0, stride = 1;
  bool whole = true; // of all axes so far
  for (size_t axis = dims.size(); axis-- > 0;) {
    if (!whole && !box.size[axis].isConstant(1))
      return std::nullopt;
    before = before + box.begin[axis] * stride;
    stride = stride * dims[axis];
    whole &= box.size[axis] == dims[axis];
  }
  return before;
}

/// What leaves the graph is written where it goes instead.
bool leavesBlock(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return user->hasTrait<OpTrait::IsTerminator>() ||
           (operationKind(user) == OperationKind::View && leavesBlock(user->getResult(0)));
  });
}

} // namespace

Value TaskLowering::lowerAsView(ClusterOp cluster, unsigned index, Sequence &sequence) {
  Value yielded = cluster.getYielded()[index], result = cluster.getResult(index);
  auto isCode = [](Operation &op) { return !isa<onnx::ConstantOp, IndexTensorOp>(op); };
  Operation *op = yielded.getDefiningOp();
  auto argument =
      op && op->getNumOperands() > 0 ? dyn_cast<BlockArgument>(op->getOperand(0)) : BlockArgument();
  auto type = cast<RankedTensorType>(result.getType());
  unsigned bits = type.getElementTypeBitWidth();
  if (!argument || llvm::count_if(cluster.getBody().front().without_terminator(), isCode) != 1 ||
      (bits % 8 != 0 && bits != 1) || leavesBlock(result))
    return {};
  std::optional<Box> box = boxOf(op, yielded, cluster);
  std::optional<DimExpr> before =
      box ? elementsBefore(*box, dimsOf(op->getOperand(0))) : std::nullopt;
  DimExpr offset = before ? *before * DimExpr(bits == 1 ? 1 : bits / 8) : DimExpr::unknown();
  if (!offset.isKnown())
    return {};
  Value source = mapped(cluster.getInputs()[argument.getArgNumber()]);
  auto view = task::ViewOp::create(sequence.builder, cluster.getLoc(), type, source, offset.str());
  noteConstant(view, source);
  return view.getResult();
}

} // namespace heddle
